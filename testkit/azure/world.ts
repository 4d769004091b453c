// Everything that exists behind the fake's endpoint: tenants, applications, and the access tokens in circulation.
import type { Random } from '../random.ts';
import { secretMarker } from '../secrets.ts';
import type { AzureTenant } from './tenant.ts';

/** Whose tokens are accepted in place of a client secret. */
export interface FederatedCredential {
  /** Its keys are found by its discovery document, each time. */
  readonly issuer: string;
  readonly subject: string;
  /** `api://AzureADTokenExchange` unless told otherwise. */
  readonly audience?: string;
}

/** What an application may see of one tenant. Whatever is added to the tenant later, it may see too. */
export interface AzureAccess {
  /** The service principal's own id in that tenant. */
  readonly object_id: string;
  /**
   * `reader`: Management Group Reader at the root group. `filtered`: no role at any group, so that the hierarchy shows
   * the readable subscriptions alone, without the groups above them. `denied`: AuthorizationFailed.
   */
  hierarchy: 'reader' | 'filtered' | 'denied';
  /** Subscriptions on which it has no role. */
  readonly unreadable: Set<string>;
  /** Subscriptions and groups that the hierarchy does not show it. */
  readonly unseen: Set<string>;
}

/** A registered application, in one or more tenants. */
export interface AzureApplication {
  readonly client_id: string;
  readonly client_secret: string;
  secret_expires_at: Date | null;
  readonly federated_credentials: readonly FederatedCredential[];
  /** By tenant id. */
  readonly access: Map<string, AzureAccess>;
}

/** A token that the login endpoint has handed out. */
export interface AccessToken {
  readonly token: string;
  readonly tenant_id: string;
  readonly client_id: string;
  readonly audience: string;
  expires_at: Date;
}

/** The state of the fake. */
export interface AzureWorld {
  readonly tenants: Map<string, AzureTenant>;
  /** By client id. */
  readonly applications: Map<string, AzureApplication>;
  /** By the token itself. */
  readonly tokens: Map<string, AccessToken>;
}

const textAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Registers an application whose secret is recognisable as planted. */
export function registerApplication(
  world: AzureWorld,
  random: Random,
  plan: { readonly tenants: readonly string[]; readonly federated_credentials?: readonly FederatedCredential[] },
): AzureApplication {
  const unknown = plan.tenants.find((id) => !world.tenants.has(id));
  if (unknown !== undefined) throw new RangeError(`there is no tenant ${unknown}`);
  const application: AzureApplication = {
    client_id: random.uuid(),
    client_secret: `${secretMarker}client~${random.text(30, textAlphabet)}`,
    secret_expires_at: null,
    federated_credentials: plan.federated_credentials ?? [],
    access: new Map(plan.tenants.map((id) => [id, createAccess(random)])),
  };
  world.applications.set(application.client_id, application);
  return application;
}

function createAccess(random: Random): AzureAccess {
  return { object_id: random.uuid(), hierarchy: 'reader', unreadable: new Set(), unseen: new Set() };
}

/** Hands out an access token: claims that can be read as a real one's, and a signature that gives it away as planted. */
export function issueToken(
  world: AzureWorld,
  random: Random,
  grant: Omit<AccessToken, 'token'> & { readonly issued_at: Date; readonly authority: string },
): AccessToken {
  const { tenant_id, client_id, audience, expires_at, issued_at, authority } = grant;
  const claims = {
    aud: audience,
    iss: `${authority}/${tenant_id}/`,
    iat: toSeconds(issued_at),
    nbf: toSeconds(issued_at),
    exp: toSeconds(expires_at),
    appid: client_id,
    oid: world.applications.get(client_id)?.access.get(tenant_id)?.object_id,
    tid: tenant_id,
    uti: random.text(22, textAlphabet),
    ver: '1.0',
  };
  const parts = [{ typ: 'JWT', alg: 'RS256', kid: 'fake' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const token = `${parts.join('.')}.${secretMarker}access${random.text(60, textAlphabet)}`;
  const issued = { token, tenant_id, client_id, audience, expires_at };
  world.tokens.set(token, issued);
  return issued;
}

function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
