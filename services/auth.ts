// Who asks, for which tenant, and with which rights: by an issuer's token, by a static one, or nobody in particular on loopback.
import { hash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import type { AuthConfig } from '#core/config.ts';
import { leadsToLoopback } from '#core/endpoint-url.ts';
import { type ConfigProblem, ProviderError } from '#core/errors.ts';
import { isLoopback } from '#core/local-address.ts';
import type { AppEnv, Identity } from './env.ts';
import type { Refusal, VerifyToken } from './oidc.ts';
import { sendProblem } from './problem.ts';

/** The rights a token can have. */
export const readScope = 'inventory:read';
export const seedScope = 'inventory:seed';
export const metricsScope = 'inventory:metrics';

/** How callers are known: the configuration, and where an issuer vouches for them how its tokens are checked. `openAuth` makes it. */
export type Auth = Exclude<AuthConfig, { mode: 'oidc' }> | { readonly mode: 'oidc'; readonly verify: VerifyToken };

/** Without authentication whoever reaches the port may do everything there, so only this machine may reach it. */
export function authProblems(service: 'api' | 'ingest', auth: AuthConfig, hosts: readonly string[]): ConfigProblem[] {
  if (auth.mode !== 'none' || hosts.every(isLoopback)) return [];
  return [
    {
      key: `${service}.auth.mode`,
      remedy: `none is for loopback alone: let every listener (${service}.listen, ops.host) be on 127.0.0.1, or set mode: oidc or token`,
    },
  ];
}

/**
 * Sets the caller, who must have the right: 401 for a token that proves nothing, 403 for one without the right, 503 when
 * only the issuer could tell and does not answer.
 */
export function authorize(auth: Auth, tenant: string, scope: string): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const identity = auth.mode === 'none' ? anybody(c, tenant) : await findBearer(c, auth);
    if (identity instanceof Response) return identity;
    c.set('identity', identity);
    if (identity.scopes !== 'all' && !identity.scopes.includes(scope)) return refuseForbidden(c, scope);
    return await next();
  };
}

// A page of another site can reach loopback under a name of its own that it lets resolve to 127.0.0.1 (DNS rebinding):
// without a token the Host header is all that tells it apart.
function anybody(c: Context<AppEnv>, tenant_id: string): Identity | Response {
  if (leadsToLoopback(c.req.url)) return { name: 'anybody', tenant_id, scopes: 'all' };
  return sendProblem(c, {
    status: 403,
    code: 'host_refused',
    detail: 'without authentication only requests to localhost, 127.0.0.1 or [::1] are answered',
  });
}

async function findBearer(c: Context<AppEnv>, auth: Exclude<Auth, { mode: 'none' }>): Promise<Identity | Response> {
  const header = c.req.header('Authorization');
  if (header === undefined) return refuseAnonymous(c);
  const presented = /^Bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
  if (presented === undefined) return refuseUnknown(c, 'Authorization must be: Bearer TOKEN');
  try {
    const found = auth.mode === 'token' ? findToken(auth.tokens, presented) : await auth.verify(presented);
    return 'refused' in found ? refuseUnknown(c, found.refused) : found;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const detail = 'the keys of the issuer cannot be had, so no token can be checked: try again';
    return sendProblem(c, { status: 503, code: 'issuer_unavailable', detail }, { 'Retry-After': '10' });
  }
}

// Hashes are compared in constant time and all of them, so that the time tells neither how far one matched nor which.
function findToken(tokens: Extract<Auth, { mode: 'token' }>['tokens'], presented: string): Identity | Refusal {
  const digest = hash('sha256', presented, 'buffer');
  const [found] = tokens.filter((token) => timingSafeEqual(Buffer.from(token.sha256, 'hex'), digest));
  if (found === undefined) return { refused: 'nobody has this token' };
  return { name: found.name, tenant_id: found.tenant, scopes: found.scopes };
}

const realm = 'Bearer realm="inventory"';

// RFC 6750 §3: without a token only the scheme is named …
function refuseAnonymous(c: Context<AppEnv>): Response {
  const problem = {
    status: 401,
    code: 'unauthenticated',
    detail: 'give a token: Authorization: Bearer TOKEN',
  } as const;
  return sendProblem(c, problem, { 'WWW-Authenticate': realm });
}

// … and with a wrong one what is wrong with it, in words of ours: a quoted string.
function refuseUnknown(c: Context<AppEnv>, detail: string): Response {
  const challenge = `${realm}, error="invalid_token", error_description="${detail}"`;
  return sendProblem(c, { status: 401, code: 'unauthenticated', detail }, { 'WWW-Authenticate': challenge });
}

function refuseForbidden(c: Context<AppEnv>, scope: string): Response {
  return sendProblem(
    c,
    { status: 403, code: 'insufficient_scope', detail: `the token lacks the scope ${scope}` },
    { 'WWW-Authenticate': `${realm}, error="insufficient_scope", scope="${scope}"` },
  );
}
