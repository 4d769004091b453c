// Who is calling: checks the bearer token of a request to Resource Manager, and refuses in its words.
import { AzureRefusal } from './answer.ts';
import { toAudience } from './clouds.ts';
import type { ApiContext, Caller } from './context.ts';
import type { AccessToken } from './world.ts';

/** The token that a request carries, however good it is. */
export function findToken(context: ApiContext, authorization: string | undefined): AccessToken | undefined {
  const [, token] = /^Bearer (\S+)$/.exec(authorization ?? '') ?? [];
  return token === undefined ? undefined : context.world.tokens.get(token);
}

/** The caller whose token holds: known, for this Resource Manager, not expired. */
export function authenticate(context: ApiContext, authorization: string | undefined, origin: string): Caller {
  const refuse = (code: string, message: string, challenge = '') =>
    new AzureRefusal(code, message, {
      status: 401,
      headers: { 'www-authenticate': `Bearer authorization_uri="${origin}/common"${challenge}` },
    });
  if (authorization === undefined) {
    throw refuse('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
  }
  const token = findToken(context, authorization);
  if (token === undefined) throw refuse('InvalidAuthenticationToken', 'The access token is invalid.');
  const audience = toAudience(context.audience ?? origin);
  if (toAudience(token.audience) !== audience) {
    const message = `The access token has been obtained for wrong audience or resource '${token.audience}'. It should exactly match with one of the allowed audiences '${audience}','${audience}/'.`;
    throw refuse('InvalidAuthenticationTokenAudience', message);
  }
  if (token.expires_at <= context.now()) {
    const challenge = context.behaviour.expired_token === 'challenge' ? toChallenge(token) : ', error="invalid_token"';
    throw refuse('ExpiredAuthenticationToken', 'The access token expiry UTC time is earlier than now.', challenge);
  }
  return findCaller(context, token, refuse);
}

function findCaller(
  { world }: ApiContext,
  { tenant_id, client_id }: AccessToken,
  refuse: (code: string, message: string) => AzureRefusal,
): Caller {
  const tenant = world.tenants.get(tenant_id);
  const application = world.applications.get(client_id);
  const access = application?.access.get(tenant_id);
  if (tenant === undefined || application === undefined || access === undefined) {
    throw refuse('InvalidAuthenticationToken', 'The access token is from a principal that is no longer there.');
  }
  return { tenant, application, access };
}

/** Continuous access evaluation: the client is to ask for a token that satisfies these claims. */
function toChallenge(token: AccessToken): string {
  const notBefore = String(Math.floor(token.expires_at.getTime() / 1000));
  const claims = { access_token: { nbf: { essential: true, value: notBefore } } };
  return `, error="insufficient_claims", claims="${Buffer.from(JSON.stringify(claims)).toString('base64')}"`;
}
