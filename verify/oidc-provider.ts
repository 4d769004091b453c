// An OpenID Connect issuer that is not ours, npm's oidc-provider, with a machine and a login page for people as its clients.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from 'zod';
import type { Certificate } from '#testkit/certificate.ts';
import { listen } from '#testkit/loopback-server.ts';
import type { Browser, OpenOptions, Page } from './browser.ts';

/** The client that logs in by itself, and the one that people log in through. */
export const machine = { id: 'ci', secret: 'secret-of-the-machine' } as const;
export const site = { id: 'console', secret: 'secret-of-the-site' } as const;

/** What it is told of whom, and how long that holds. */
export interface ProviderOptions {
  /** Where people come back to after they have logged in. */
  readonly redirectUri: string;
  /** Claims of a person or a machine, by the name it logs in with; in ID tokens and access tokens alike. */
  readonly claimsOf: (subject: string) => Readonly<Record<string, unknown>>;
  readonly livesSeconds: number;
  /** Where others than this machine reach it, over https; plain http on loopback unless said. */
  readonly at?: { readonly address: string; readonly certificate: Certificate };
}

/** A running issuer. */
export interface IndependentProvider {
  readonly issuer: string;
  /** Signs with a new key from now on; the old one stays published for those who hold its tokens. Who was logged in no longer is. */
  rotateKeys(): Promise<void>;
  /** A token for the machine, by its credentials (RFC 6749 §4.4): for `inventory`, unless meant for another `audience`. */
  fetchToken(scope: string, meant?: { readonly audience?: string; readonly livesSeconds?: number }): Promise<string>;
  /** What a site is given for the code that a person came back with (OpenID Connect Core §3.1.3). */
  redeem(code: string): Promise<{ readonly id_token: string; readonly access_token: string }>;
  /** How often it was asked for this path. */
  countRequests(path: string): number;
  close(): Promise<void>;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Where verify/tools.sh has put it; undefined when it is not there and its checks are to be skipped. In CI they are to run, and so to fail. */
export function findProvider(): string | undefined {
  const folder = join(process.env['INVENTORY_NPM_TOOLS'] ?? '', 'oidc-provider');
  try {
    return createRequire(import.meta.url).resolve(folder);
  } catch (error) {
    if (process.env['CI']) throw error;
    return undefined;
  }
}

/** Starts it on loopback. */
export async function openProvider(options: ProviderOptions): Promise<IndependentProvider> {
  const paths: string[] = [];
  let handle: Handle = async () => undefined;
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    paths.push(new URL(request.url ?? '/', 'http://localhost').pathname);
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  };
  const { address, certificate } = options.at ?? { address: '127.0.0.1' };
  const server =
    certificate === undefined
      ? createServer(listener)
      : createHttpsServer({ key: certificate.key_pem, cert: certificate.certificate_pem }, listener);
  const issuer = `${certificate === undefined ? 'http' : 'https'}://${address}:${await listen(server, 0, address)}`;
  let keys = [await createKey('first')];
  handle = await createHandle(issuer, keys, options);
  return {
    issuer,
    async rotateKeys() {
      keys = [await createKey(`key-${keys.length}`), ...keys];
      handle = await createHandle(issuer, keys, options);
    },
    fetchToken: async (scope, { audience = 'inventory', livesSeconds = options.livesSeconds } = {}) => {
      const resource = `https://${audience}.example/${livesSeconds}`;
      const form = { grant_type: 'client_credentials', scope, resource };
      return accessSchema.parse(await askForTokens(issuer, machine, form)).access_token;
    },
    redeem: async (code) => {
      const form = { grant_type: 'authorization_code', code, redirect_uri: options.redirectUri };
      return loginSchema.parse(await askForTokens(issuer, site, form));
    },
    countRequests: (path) => paths.filter((asked) => asked === path).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function createKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
}

/** Logs a person in, from its login page through what it asks about the site, to where that leads. */
export async function logIn(browser: Browser, page: Page, subject: string, options: OpenOptions = {}): Promise<Page> {
  const consent = await browser.submit(page, { login: subject, password: 'any' }, options);
  return await browser.submit(consent, {}, options);
}

/** As much of its interface as is used here: the package brings no types. */
interface Provider {
  callback(): Handle;
}

async function createHandle(issuer: string, keys: readonly JWK[], options: ProviderOptions): Promise<Handle> {
  const found = findProvider();
  if (found === undefined) throw new Error('oidc-provider is not installed');
  const loaded: { default: new (issuer: string, configuration: object) => Provider } = await import(
    pathToFileURL(found).href
  );
  return new loaded.default(issuer, toConfiguration(keys, options)).callback();
}

const scopes = 'inventory:read inventory:metrics inventory:seed';

// An API is named by its URL (RFC 8707), which says here whom a token is meant for and how many seconds it lives.
function toServer(resource: string): object {
  const [, audience, livesSeconds] = /^https:\/\/(\w+)\.example\/(\d+)$/.exec(resource) ?? [];
  return { scope: scopes, audience, accessTokenFormat: 'jwt', accessTokenTTL: Number(livesSeconds) };
}

// https://github.com/panva/node-oidc-provider/blob/main/docs/README.md
function toConfiguration(keys: readonly JWK[], { redirectUri, claimsOf, livesSeconds }: ProviderOptions): object {
  return {
    jwks: { keys },
    clients: [
      {
        client_id: machine.id,
        client_secret: machine.secret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      },
      {
        client_id: site.id,
        client_secret: site.secret,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [redirectUri],
      },
    ],
    // The claims come with the scope openid, in the ID token itself and not only from its userinfo endpoint.
    claims: { openid: ['sub', 'tenant', 'groups'] },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...claimsOf(id) }),
    }),
    extraTokenClaims: (_context: unknown, token: { accountId?: string; clientId: string }) =>
      claimsOf(token.accountId ?? token.clientId),
    issueRefreshToken: () => true,
    pkce: { required: () => false },
    // Machines' tokens live as long as the API says that they are meant for.
    ttl: {
      IdToken: livesSeconds,
      AccessToken: livesSeconds,
      Session: 600,
      Grant: 600,
      Interaction: 600,
    },
    cookies: { keys: ['only for checks'] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, resource: string) => toServer(resource),
      },
    },
  };
}

const accessSchema = z.object({ access_token: z.string() });
const loginSchema = accessSchema.extend({ id_token: z.string() });

async function askForTokens(
  issuer: string,
  client: { readonly id: string; readonly secret: string },
  form: Readonly<Record<string, string>>,
): Promise<unknown> {
  const authorization = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(10_000),
  });
  return await answer.json();
}
