// Who asks, for which tenant, and with which rights: static bearer tokens, or nobody on loopback.
import { hash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Context, MiddlewareHandler } from 'hono';
import type { AuthConfig } from '#core/config.ts';
import type { ConfigProblem } from '#core/errors.ts';
import type { AppEnv, Identity } from './env.ts';
import { sendProblem } from './problem.ts';

/** The rights a token can have. */
export const readScope = 'inventory:read';
export const seedScope = 'inventory:seed';
export const metricsScope = 'inventory:metrics';

/** Without authentication whoever reaches the port may do everything there, so only this machine may reach it. */
export function authProblems(service: 'api' | 'ingest', auth: AuthConfig, hosts: readonly string[]): ConfigProblem[] {
  if (auth.mode !== 'none' || hosts.every(isLoopback)) return [];
  return [
    {
      key: `${service}.auth.mode`,
      remedy: `none is for loopback alone: let every listener (${service}.listen, ops.host) be on 127.0.0.1, or set mode: token`,
    },
  ];
}

/** Whether an address or name means this machine. Names that only look so (127.0.0.1.example) do not. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Sets the caller, who must have the right; 401 for a token nobody knows, 403 for one without the right. */
export function authorize(auth: AuthConfig, tenant: string, scope: string): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const identity = auth.mode === 'none' ? anybody(c, tenant) : findBearer(auth.tokens, c.req.header('Authorization'));
    if (identity instanceof Response) return identity;
    if (identity === undefined) return refuseUnknown(c);
    c.set('identity', identity);
    if (identity.scopes !== 'all' && !identity.scopes.includes(scope)) return refuseForbidden(c, scope);
    return await next();
  };
}

// A page of another site can reach loopback under a name of its own that it lets resolve to 127.0.0.1 (DNS rebinding):
// without a token the Host header is all that tells it apart.
function anybody(c: Context<AppEnv>, tenant_id: string): Identity | Response {
  const host = new URL(c.req.url).hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(host)) return { name: 'anybody', tenant_id, scopes: 'all' };
  return sendProblem(c, {
    status: 403,
    code: 'host_refused',
    detail: 'without authentication only requests to localhost, 127.0.0.1 or [::1] are answered',
  });
}

// Hashes are compared in constant time and all of them, so that the time tells neither how far one matched nor which.
function findBearer(
  tokens: Extract<AuthConfig, { mode: 'token' }>['tokens'],
  header: string | undefined,
): Identity | undefined {
  const presented = /^Bearer +([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1];
  if (presented === undefined) return undefined;
  const digest = hash('sha256', presented, 'buffer');
  const [found] = tokens.filter((token) => timingSafeEqual(Buffer.from(token.sha256, 'hex'), digest));
  return found && { name: found.name, tenant_id: found.tenant, scopes: found.scopes };
}

// RFC 6750 §3: without a token only the scheme is named, with a wrong one the error too.
function refuseUnknown(c: Context<AppEnv>): Response {
  const isGiven = c.req.header('Authorization') !== undefined;
  const challenge = `Bearer realm="inventory"${isGiven ? ', error="invalid_token"' : ''}`;
  const detail = isGiven ? 'nobody has this token' : 'give a token: Authorization: Bearer TOKEN';
  return sendProblem(c, { status: 401, code: 'unauthenticated', detail }, { 'WWW-Authenticate': challenge });
}

function refuseForbidden(c: Context<AppEnv>, scope: string): Response {
  return sendProblem(
    c,
    { status: 403, code: 'insufficient_scope', detail: `the token lacks the scope ${scope}` },
    { 'WWW-Authenticate': `Bearer realm="inventory", error="insufficient_scope", scope="${scope}"` },
  );
}
