// A local OpenID Connect issuer, as a cluster has one for its service accounts: discovery, keys, and tokens on demand.
import { CompactSign, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Certificate } from '../certificate.ts';
import { type HttpOutcome, openLoopbackServer } from '../loopback-server.ts';

/** What a token says; a negative life makes one that has expired. */
export interface TokenPlan {
  readonly subject: string;
  readonly audience: string | readonly string[];
  readonly lives_seconds?: number;
  /** Another issuer than this one. */
  readonly issuer?: string;
  /** Claims beside the registered ones. */
  readonly claims?: Members;
  /** Signed by somebody else's key, under the name of ours. */
  readonly forged?: boolean;
}

/** What to answer instead of a document; without an outcome the document is as it should be. */
export interface IssuerFaults {
  readonly discovery?: HttpOutcome;
  readonly keys?: HttpOutcome;
}

/** A listening issuer. */
export interface OidcIssuer {
  /** The `iss` of its tokens; discovery and keys are below it. */
  readonly url: string;
  readonly jwks_uri: string;
  issue(plan: TokenPlan): Promise<string>;
  /** Signs exactly these claims. Members of the header come beside `alg` and `kid`, or in their place. */
  sign(claims: Members, header?: Members): Promise<string>;
  /** Signs with a new key from now on. The old one stays among the published keys unless it is withdrawn. */
  rotateKeys(options?: { readonly withdraw?: boolean }): Promise<void>;
  /** How it answers from now on. */
  misbehave(faults: IssuerFaults): void;
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
  /** Makes it speak https. */
  readonly certificate?: Certificate;
  /** What its keys are made for; RS256, as Kubernetes, Google and Entra ID have it, when absent. */
  readonly algorithm?: string;
}

type Members = Readonly<Record<string, unknown>>;

interface SigningKey {
  readonly kid: string;
  readonly private_key: CryptoKey;
  readonly public_jwk: JWK;
}

const discoveryPath = '/.well-known/openid-configuration';
const jwksPath = '/openid/v1/jwks';
const anHour = 3600;

/** Starts an issuer on 127.0.0.1. */
export async function openOidcIssuer(options: OidcIssuerOptions = {}): Promise<OidcIssuer> {
  const { now = () => new Date(), algorithm = 'RS256' } = options;
  let current = await createKey('key-1', algorithm);
  let published: readonly SigningKey[] = [current];
  let keysMade = 1;
  let faults: IssuerFaults = {};
  const issued: string[] = [];
  const server = await serve(options, (url) => ({
    [discoveryPath]: faults.discovery ?? toAnswer(toDiscovery(url, algorithm)),
    [jwksPath]: faults.keys ?? toAnswer({ keys: published.map((key) => key.public_jwk) }),
  }));
  const sign = async (key: SigningKey, claims: Members, header: Members = {}) => {
    const signing = new CompactSign(new TextEncoder().encode(JSON.stringify(claims)));
    const token = await signing
      .setProtectedHeader({ alg: algorithm, kid: current.kid, ...header })
      .sign(key.private_key);
    issued.push(token);
    return token;
  };
  return {
    url: server.url,
    jwks_uri: `${server.url}${jwksPath}`,
    sign: (claims, header) => sign(current, claims, header),
    issue: async (plan) => {
      const signer = plan.forged === true ? await createKey(current.kid, algorithm) : current;
      return await sign(signer, toClaims(plan, server.url, now()), { typ: 'JWT' });
    },
    rotateKeys: async ({ withdraw = false } = {}) => {
      keysMade += 1;
      current = await createKey(`key-${keysMade}`, algorithm);
      published = withdraw ? [current] : [...published, current];
    },
    misbehave: (wanted) => {
      faults = wanted;
    },
    secrets: () => issued,
    requests: server.requests,
    close: server.close,
  };
}

async function createKey(kid: string, algorithm: string): Promise<SigningKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), kid, use: 'sig', alg: algorithm };
  return { kid, private_key: pair.privateKey, public_jwk: jwk };
}

function toClaims(plan: TokenPlan, url: string, now: Date): Members {
  const iat = Math.floor(now.getTime() / 1000);
  return {
    ...plan.claims,
    iss: plan.issuer ?? url,
    sub: plan.subject,
    aud: plan.audience,
    iat,
    exp: iat + (plan.lives_seconds ?? anHour),
  };
}

/** An answer with a document. */
export function toAnswer(document: unknown, status = 200): HttpOutcome {
  const headers = { 'content-type': 'application/json' };
  return { kind: 'send', answer: { status, headers, body: JSON.stringify(document) } };
}

function toDiscovery(url: string, algorithm: string) {
  return {
    issuer: url,
    jwks_uri: `${url}${jwksPath}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  };
}

async function serve(
  { port = 0, certificate }: OidcIssuerOptions,
  outcomes: (url: string) => Readonly<Record<string, HttpOutcome>>,
) {
  const requests: string[] = [];
  const options = { port, ...(certificate !== undefined && { certificate }) };
  const server = await openLoopbackServer(options, async ({ path }) => {
    requests.push(path);
    return outcomes(server.url)[path] ?? toAnswer({ error: 'not_found' }, 404);
  });
  return { ...server, requests };
}
