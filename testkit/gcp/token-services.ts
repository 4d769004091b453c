// The services that give out access tokens: exchange of federated tokens, impersonation, keys, and the metadata server.
import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { z } from 'zod';
import type { AccessTokens } from './access-tokens.ts';
import type { Identities, ServiceAccount } from './identities.ts';
import { GcpRefusal, refuseAccess, refuseArgument } from './refusal.ts';
import type { Service } from './request-log.ts';

/** Lent to every service. */
export interface TokenContext {
  readonly identities: Identities;
  readonly tokens: AccessTokens;
  readonly universe_domain: string;
  /** Life of a token whose life is not asked for. */
  lifeSeconds(): number;
  now(): Date;
}

/** A request for a token, or for what the metadata server knows. */
export interface TokenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A refusal by OAuth: a word, and what it is about. */
export class OAuthRefusal extends Error {
  constructor(word: string, description: string) {
    super(description);
    this.name = word;
  }
}

/** A good answer; a text is sent as it is. */
export interface TokenAnswer {
  readonly body: Readonly<Record<string, unknown>> | string;
  /** Who was given a token, or asked. */
  readonly principal: string | null;
}

/** A request, sorted but not yet believed. */
export interface TokenRoute {
  readonly service: Service;
  readonly operation: string;
  answer(context: TokenContext, request: TokenRequest): TokenAnswer | Promise<TokenAnswer>;
}

/** The scope that allows everything. */
export const fullScope = 'https://www.googleapis.com/auth/cloud-platform';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const impersonatedPath = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/;

/** Where key holders ask for tokens, which is also the audience of what they sign. */
const googleTokenUrl = 'https://oauth2.googleapis.com/token';

/** Finds the service, or undefined for a path that the fake does not have. */
export function routeTokenRequest({ method, url }: TokenRequest): TokenRoute | undefined {
  const asked = `${method} ${url.pathname}`;
  if (asked === 'POST /v1/token') return { service: 'sts', operation: 'ExchangeToken', answer: exchangeToken };
  if (asked === 'POST /token') return { service: 'oauth2', operation: 'GrantToken', answer: grantToken };
  const [, email] = (method === 'POST' ? impersonatedPath.exec(url.pathname) : undefined) ?? [];
  if (email !== undefined) {
    const answer = (context: TokenContext, request: TokenRequest) => impersonate(context, request, email);
    return { service: 'iamcredentials', operation: 'GenerateAccessToken', answer };
  }
  if (!asked.startsWith('GET /computeMetadata/v1/')) return undefined;
  return { service: 'metadata', operation: 'ReadMetadata', answer: readMetadata };
}

const exchangeSchema = z.object({
  grant_type: z.literal(tokenExchange),
  audience: z.string(),
  requested_token_type: z.literal(accessTokenType),
  subject_token: z.string(),
  subject_token_type: z.enum(['jwt', 'id_token'].map((type) => `urn:ietf:params:oauth:token-type:${type}`)),
  scope: z.string().min(1),
});

async function exchangeToken(context: TokenContext, { body }: TokenRequest): Promise<TokenAnswer> {
  const parsed = exchangeSchema.safeParse(Object.fromEntries(new URLSearchParams(body)));
  if (!parsed.success) throw new OAuthRefusal('invalid_request', 'Invalid value in the request.');
  const { audience, subject_token: subjectToken, scope } = parsed.data;
  const provider = context.identities.providers.get(audience);
  if (provider === undefined) throw new OAuthRefusal('invalid_target', 'The target service indicated is not known.');
  const subject = await verifySubject(subjectToken, provider.keys, {
    issuer: provider.issuer_url,
    audience: provider.allowed_audience,
    currentDate: context.now(),
  });
  const principal = `principal:${audience.replace(/\/providers\/.*$/, '')}/subject/${subject}`;
  const seconds = context.lifeSeconds();
  const { token } = context.tokens.issue({ principal, scopes: scope.split(' '), lives_seconds: seconds });
  const answer = { access_token: token, issued_token_type: accessTokenType, token_type: 'Bearer', expires_in: seconds };
  return { body: answer, principal };
}

async function verifySubject(...[token, keys, options]: Parameters<typeof jwtVerify>): Promise<string> {
  const { payload } = await jwtVerify(token, keys, options).catch((error: unknown) => {
    throw new OAuthRefusal('invalid_grant', error instanceof Error ? error.message : 'The token does not hold.');
  });
  return payload.sub ?? '';
}

const grantSchema = z.object({ grant_type: z.literal(jwtBearer), assertion: z.string() });

async function grantToken(context: TokenContext, { body }: TokenRequest): Promise<TokenAnswer> {
  const parsed = grantSchema.safeParse(Object.fromEntries(new URLSearchParams(body)));
  if (!parsed.success) throw new OAuthRefusal('unsupported_grant_type', 'Invalid grant_type.');
  const { account, scopes } = await verifyKeyHolder(context, parsed.data.assertion, googleTokenUrl);
  if (scopes.length === 0) throw new OAuthRefusal('invalid_scope', 'Empty or missing scope not allowed.');
  const seconds = context.lifeSeconds();
  const { token } = context.tokens.issue({ principal: account.email, scopes, lives_seconds: seconds });
  return { body: { access_token: token, token_type: 'Bearer', expires_in: seconds }, principal: account.email };
}

/** Whose key signed the token, and what it asks for; an audience is checked when there is one to check. */
export async function verifyKeyHolder(
  { identities, now }: Pick<TokenContext, 'identities' | 'now'>,
  token: string,
  audience?: string,
): Promise<{ account: ServiceAccount; scopes: readonly string[]; audience: string }> {
  try {
    const account = identities.service_accounts.get(decodeJwt(token).iss ?? '');
    if (account === undefined) throw new Error('Invalid grant: account not found');
    const options = { currentDate: now(), ...(audience !== undefined && { audience }), algorithms: ['RS256'] };
    const { payload } = await verifyWithAny(token, listKeys(account, decodeProtectedHeader(token).kid), options);
    const scope = z.string().safeParse(payload['scope']).data ?? '';
    const scopes = scope.split(' ').filter((word) => word !== '');
    return { account, scopes, audience: z.string().safeParse(payload.aud).data ?? '' };
  } catch (error) {
    throw new OAuthRefusal('invalid_grant', error instanceof Error ? error.message : 'The token does not hold.');
  }
}

/** The library names the key in the tokens that it uses itself, and not in those that it exchanges. */
function listKeys({ keys }: ServiceAccount, keyId: string | undefined): readonly KeyObject[] {
  if (keyId === undefined) return [...keys.values()];
  const key = keys.get(keyId);
  return key === undefined ? [] : [key];
}

async function verifyWithAny(
  token: string,
  keys: readonly KeyObject[],
  options: JWTVerifyOptions,
): Promise<{ payload: JWTPayload }> {
  const [key, ...others] = keys;
  if (key === undefined) throw new Error('Invalid JWT Signature.');
  try {
    return await jwtVerify(token, key, options);
  } catch (error) {
    if (others.length === 0) throw error;
    return verifyWithAny(token, others, options);
  }
}

const impersonationSchema = z.object({
  scope: z.array(z.string()).min(1),
  lifetime: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  delegates: z.array(z.string()).optional(),
});

/** Longer lives need a policy that hardly any organization has. */
const longestLifeSeconds = 3600;

function impersonate(context: TokenContext, { headers, body }: TokenRequest, email: string): TokenAnswer {
  const { principal, scopes } = context.tokens.check(headers.authorization);
  const account = context.identities.service_accounts.get(decodeURIComponent(email));
  if (account === undefined || !account.impersonators.has(principal) || !scopes.includes(fullScope)) {
    throw refuseAccess("Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).");
  }
  const parsed = impersonationSchema.safeParse(JSON.parse(body));
  if (!parsed.success) throw refuseArgument();
  const asked = Number.parseInt(parsed.data.lifetime ?? `${longestLifeSeconds}s`, 10);
  if (asked > longestLifeSeconds) throw refuseArgument('The lifetime is limited to 3600s.');
  const seconds = Math.min(asked, context.lifeSeconds());
  const issued = context.tokens.issue({ principal: account.email, scopes: parsed.data.scope, lives_seconds: seconds });
  const answer = { accessToken: issued.token, expireTime: issued.expires_at.toISOString() };
  return { body: answer, principal: account.email };
}

function readMetadata(context: TokenContext, { url, headers }: TokenRequest): TokenAnswer {
  if (headers['metadata-flavor'] !== 'Google')
    throw new GcpRefusal('PERMISSION_DENIED', 'Missing Metadata-Flavor:Google header.');
  const { machine } = context.identities;
  const path = url.pathname.replace('/computeMetadata/v1/', '').replace(/\/$/, '');
  if (path === 'instance') return { body: {}, principal: null };
  if (path === 'universe/universe-domain') return { body: context.universe_domain, principal: null };
  if (path === 'project/project-id') return { body: 'inventory-cluster', principal: null };
  if (machine === null) throw new GcpRefusal('NOT_FOUND', `there is no ${path}`);
  if (path === 'instance/service-accounts') {
    return { body: { default: { aliases: ['default'], email: machine, scopes: [fullScope] } }, principal: machine };
  }
  if (path === 'instance/service-accounts/default/email') return { body: machine, principal: machine };
  if (path !== 'instance/service-accounts/default/token') throw new GcpRefusal('NOT_FOUND', `there is no ${path}`);
  const scopes = url.searchParams.get('scopes')?.split(',') ?? [fullScope];
  const seconds = context.lifeSeconds();
  const { token } = context.tokens.issue({ principal: machine, scopes, lives_seconds: seconds });
  return { body: { access_token: token, expires_in: seconds, token_type: 'Bearer' }, principal: machine };
}
