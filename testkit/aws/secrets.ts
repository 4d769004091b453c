// The word that every secret of the fake contains, so that a test can search rows, logs and outputs for it.

/** Part of each secret key, session token, external id and hostile header that the fake hands out or is built with. */
export const secretMarker = 'PLANTEDSECRET';
