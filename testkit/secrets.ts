// What tests plant as secrets: the word that every secret of the fakes contains, so that a test can search rows, logs and outputs for it.

/** Part of each secret key, session or access token, external id and hostile header that a fake hands out or is built with. */
export const secretMarker = 'PLANTEDSECRET';

/** What a proxy or a service in debug mode says back: the request with its headers. */
export const echoedSecrets = [
  'could not verify GET / HTTP/1.1',
  `Authorization: AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20260101/us-east-1/organizations/aws4_request, SignedHeaders=host, Signature=${secretMarker}0123456789abcdef`,
  `X-Amz-Security-Token: ${secretMarker}session`,
  `authorization: Bearer ${secretMarker}bearer`,
  `{"SecretAccessKey":"${secretMarker}key","SessionToken":"${secretMarker}token"}`,
  `grant_type=client_credentials&client_secret=${secretMarker}secret`,
  `https://user:${secretMarker}@proxy.example/?X-Amz-Signature=${secretMarker}&password=${secretMarker}`,
].join('\n');
