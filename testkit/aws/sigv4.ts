// Reads and verifies AWS Signature Version 4 in the header form, the only one that the services' clients send.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What the Authorization header claims. */
export interface Signature {
  readonly access_key_id: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signed_headers: readonly string[];
  readonly signature: string;
}

/** The request as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const authorizationForm =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/** The claims of an Authorization header, or undefined when it is absent or of another form. */
export function parseSignature(authorization: string | undefined): Signature | undefined {
  const [, accessKeyId, date, region, service, names, signature] = authorizationForm.exec(authorization ?? '') ?? [];
  if (accessKeyId === undefined || date === undefined || region === undefined) return undefined;
  if (service === undefined || names === undefined || signature === undefined) return undefined;
  return { access_key_id: accessKeyId, date, region, service, signed_headers: names.split(';'), signature };
}

/** Whether the request was signed with this secret key. */
export function isSignedWith(secretAccessKey: string, claims: Signature, request: SignedRequest): boolean {
  const headers = claims.signed_headers.map((name) => `${name}:${toHeaderText(request.headers[name])}\n`);
  const canonicalRequest = [
    request.method,
    request.path,
    '',
    headers.join(''),
    claims.signed_headers.join(';'),
    createHash('sha256').update(request.body).digest('hex'),
  ].join('\n');
  const scope = `${claims.date}/${claims.region}/${claims.service}/aws4_request`;
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    toHeaderText(request.headers['x-amz-date']),
    scope,
    createHash('sha256').update(canonicalRequest).digest('hex'),
  ].join('\n');
  const key = [claims.date, claims.region, claims.service, 'aws4_request'].reduce(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  return createHmac('sha256', key).update(stringToSign).digest('hex') === claims.signature;
}

/** The signing time of `X-Amz-Date`, or undefined when there is none. */
export function parseSigningTime(headers: IncomingHttpHeaders): Date | undefined {
  const basicForm = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
  const text = toHeaderText(headers['x-amz-date']);
  return basicForm.test(text) ? new Date(text.replace(basicForm, '$1-$2-$3T$4:$5:$6Z')) : undefined;
}

function toHeaderText(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replace(/ +/g, ' ');
}
