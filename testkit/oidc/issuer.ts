// A local OpenID Connect issuer, as a cluster has one for its service accounts: discovery, keys, and tokens on demand.
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { openLoopbackServer } from '../loopback-server.ts';

/** What a token says; a negative life makes one that has expired. */
export interface TokenPlan {
  readonly subject: string;
  readonly audience: string;
  readonly lives_seconds?: number;
  /** Another issuer than this one. */
  readonly issuer?: string;
  /** Claims beside the registered ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signed by somebody else's key, under the name of ours. */
  readonly forged?: boolean;
}

/** A listening issuer. */
export interface OidcIssuer {
  /** The `iss` of its tokens; discovery and keys are below it. */
  readonly url: string;
  readonly jwks_uri: string;
  issue(plan: TokenPlan): Promise<string>;
  /** Signs with a new key from now on. The old one stays among the published keys unless it is withdrawn. */
  rotateKeys(options?: { readonly withdraw?: boolean }): Promise<void>;
  /** Every token so far, for tests that search outputs. */
  secrets(): readonly string[];
  /** Paths that were asked for, oldest first. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** How to open one. */
export interface OidcIssuerOptions {
  readonly port?: number;
  readonly now?: () => Date;
}

interface SigningKey {
  readonly kid: string;
  readonly private_key: CryptoKey;
  readonly public_jwk: JWK;
}

// What Kubernetes, Google and Entra ID all sign with.
const algorithm = 'RS256';
const jwksPath = '/openid/v1/jwks';
const anHour = 3600;

/** Starts an issuer on 127.0.0.1. */
export async function openOidcIssuer(options: OidcIssuerOptions = {}): Promise<OidcIssuer> {
  const now = options.now ?? (() => new Date());
  let current = await createKey('key-1');
  let published: readonly SigningKey[] = [current];
  let keysMade = 1;
  const issued: string[] = [];
  const server = await serve(options.port ?? 0, (url) => ({
    '/.well-known/openid-configuration': toDiscovery(url),
    [jwksPath]: { keys: published.map((key) => key.public_jwk) },
  }));
  return {
    url: server.url,
    jwks_uri: `${server.url}${jwksPath}`,
    issue: async (plan) => {
      const signer = plan.forged === true ? await createKey(current.kid) : current;
      const at = Math.floor(now().getTime() / 1000);
      const token = await new SignJWT({ ...plan.claims })
        .setProtectedHeader({ alg: algorithm, kid: current.kid, typ: 'JWT' })
        .setIssuer(plan.issuer ?? server.url)
        .setSubject(plan.subject)
        .setAudience(plan.audience)
        .setIssuedAt(at)
        .setExpirationTime(at + (plan.lives_seconds ?? anHour))
        .sign(signer.private_key);
      issued.push(token);
      return token;
    },
    rotateKeys: async ({ withdraw = false } = {}) => {
      keysMade += 1;
      current = await createKey(`key-${keysMade}`);
      published = withdraw ? [current] : [...published, current];
    },
    secrets: () => issued,
    requests: server.requests,
    close: server.close,
  };
}

async function createKey(kid: string): Promise<SigningKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), kid, use: 'sig', alg: algorithm };
  return { kid, private_key: pair.privateKey, public_jwk: jwk };
}

function toDiscovery(url: string) {
  return {
    issuer: url,
    jwks_uri: `${url}${jwksPath}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  };
}

async function serve(port: number, documents: (url: string) => Readonly<Record<string, unknown>>) {
  const requests: string[] = [];
  const server = await openLoopbackServer({ port }, async ({ path }) => {
    requests.push(path);
    const document = documents(server.url)[path];
    const body = JSON.stringify(document ?? { error: 'not_found' });
    const headers = { 'content-type': 'application/json' };
    return { kind: 'send', answer: { status: document === undefined ? 404 : 200, headers, body } };
  });
  return { ...server, requests };
}
