// Who can ask for tokens: service accounts and their keys, and the identity providers that a workload identity pool trusts.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import type { Random } from '../random.ts';
import { secretMarker } from '../secrets.ts';

/** A service account. */
export interface ServiceAccount {
  readonly email: string;
  /** E-mail addresses and `principal://` names of those who may ask for its tokens. */
  readonly impersonators: Set<string>;
  /** Public keys by their ids. */
  readonly keys: Map<string, KeyObject>;
}

/** Whose tokens a workload identity pool exchanges. */
export interface IdentityProvider {
  /** The `audience` of an `external_account` file. */
  readonly audience: string;
  readonly issuer_url: string;
  /** What the `aud` of a subject token must be. */
  readonly allowed_audience: string;
  readonly keys: JWTVerifyGetKey;
}

/** The identities of the fake. */
export interface Identities {
  /** By e-mail address. */
  readonly service_accounts: Map<string, ServiceAccount>;
  /** By audience. */
  readonly providers: Map<string, IdentityProvider>;
  /** The service account that the metadata server speaks for; null on a machine without one. */
  machine: string | null;
}

/** Nobody. */
export function createIdentities(): Identities {
  return { service_accounts: new Map(), providers: new Map(), machine: null };
}

/** The service account of this address, made if there is none. */
export function ensureServiceAccount({ service_accounts: accounts }: Identities, email: string): ServiceAccount {
  if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z0-9.-]+\.gserviceaccount\.com$/.test(email)) {
    throw new RangeError(`${email} is not the address of a service account`);
  }
  const account = accounts.get(email) ?? { email, impersonators: new Set(), keys: new Map() };
  accounts.set(email, account);
  return account;
}

/** A key file, as the console hands it out. */
export interface KeyFile {
  readonly type: 'service_account';
  readonly project_id: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
  readonly token_uri: string;
  readonly universe_domain: string;
}

/** Gives a service account a key. */
export function createKeyFile(
  account: ServiceAccount,
  random: Random,
  services: { readonly url: string; readonly universe_domain: string },
): KeyFile {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const keyId = `${secretMarker}${random.text(24, '0123456789abcdef')}`;
  account.keys.set(keyId, createPublicKey(pair.publicKey));
  return {
    type: 'service_account',
    project_id: account.email.replace(/^.*@(.*)\.iam\.gserviceaccount\.com$/, '$1'),
    private_key_id: keyId,
    private_key: pair.privateKey,
    client_email: account.email,
    token_uri: `${services.url}/token`,
    universe_domain: services.universe_domain,
  };
}

/** Lets the pool exchange tokens of this issuer, and says what their `aud` must be. */
export function trustIssuer(
  identities: Identities,
  issuer: { readonly url: string; readonly jwks_uri: string },
  audience: string,
): string {
  // What Google takes when the provider names no audience of its own.
  const allowed = `https:${audience}`;
  identities.providers.set(audience, {
    audience,
    issuer_url: issuer.url,
    allowed_audience: allowed,
    // Without a pause between two looks at the keys, so that a rotation is seen at once.
    keys: createRemoteJWKSet(new URL(issuer.jwks_uri), { cooldownDuration: 0, cacheMaxAge: 0 }),
  });
  return allowed;
}
