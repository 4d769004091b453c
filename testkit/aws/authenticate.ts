// Who is calling: checks key, session, region and signature of a request, and refuses in the words of its service.
import { AwsRefusal, type Service } from './answer.ts';
import { organizationsRegion, toPartition } from './partitions.ts';
import { isSignedWith, parseSignature, parseSigningTime, type Signature, type SignedRequest } from './sigv4.ts';
import type { AwsPrincipal, AwsWorld } from './world.ts';

type Problem = 'unsigned' | 'unknown' | 'expired' | 'signature';

// JSON services and STS have different codes and statuses for the same thing.
const jsonCodes: Readonly<Record<Problem, [string, number]>> = {
  unsigned: ['MissingAuthenticationTokenException', 400],
  unknown: ['UnrecognizedClientException', 400],
  expired: ['ExpiredTokenException', 400],
  signature: ['InvalidSignatureException', 400],
};
const queryCodes: Readonly<Record<Problem, [string, number]>> = {
  unsigned: ['MissingAuthenticationToken', 403],
  unknown: ['InvalidClientTokenId', 403],
  expired: ['ExpiredToken', 403],
  signature: ['SignatureDoesNotMatch', 403],
};
const largestSkewMs = 5 * 60_000;

/** A refusal for the credentials of a request, as the service words it. */
export function refuseCredentials(service: Service, problem: Problem, message: string): AwsRefusal {
  const [code, status] = (service === 'sts' ? queryCodes : jsonCodes)[problem];
  return new AwsRefusal(code, message, { status });
}

/** The holder of the keys that signed the request. */
export function authenticate(world: AwsWorld, service: Service, request: SignedRequest, now: Date): AwsPrincipal {
  const claims = parseSignature(request.headers.authorization);
  if (claims === undefined) throw refuseCredentials(service, 'unsigned', 'Missing Authentication Token');
  const principal = world.principals.get(claims.access_key_id);
  const token = request.headers['x-amz-security-token'] ?? null;
  // Keys of another partition are unknown in this one.
  if (
    principal === undefined ||
    principal.session_token !== token ||
    toPartition(claims.region) !== principal.partition
  ) {
    throw refuseCredentials(service, 'unknown', 'The security token included in the request is invalid.');
  }
  if (principal.expires_at !== null && principal.expires_at <= now) {
    throw refuseCredentials(service, 'expired', 'The security token included in the request is expired');
  }
  const fault = findSignatureFault(service, claims, principal, { ...request, now });
  if (fault !== undefined) throw refuseCredentials(service, 'signature', fault);
  return principal;
}

function findSignatureFault(
  service: Service,
  claims: Signature,
  principal: AwsPrincipal,
  request: SignedRequest & { now: Date },
): string | undefined {
  if (claims.service !== service) return `Credential should be scoped to correct service: '${service}'.`;
  if (service === 'organizations' && claims.region !== organizationsRegion(principal.partition)) {
    return `Credential should be scoped to a valid region, not '${claims.region}'.`;
  }
  const signedAt = parseSigningTime(request.headers);
  if (signedAt === undefined || Math.abs(signedAt.getTime() - request.now.getTime()) > largestSkewMs) {
    return 'Signature expired or not yet current.';
  }
  if (isSignedWith(principal.secret_access_key, claims, request)) return undefined;
  return 'The request signature we calculated does not match the signature you provided.';
}
