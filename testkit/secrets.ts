// The word that every secret of the fakes contains, so that a test can search rows, logs and outputs for it.

/** Part of each secret key, session or access token, external id and hostile header that a fake hands out or is built with. */
export const secretMarker = 'PLANTEDSECRET';
