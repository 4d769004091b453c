// The strict fake of Google Cloud: Resource Manager v3 over gRPC, and the services that give out tokens for it.

import { createCertificate } from '../certificate.ts';
import { createFaults } from '../faults.ts';
import { openLoopbackServer } from '../loopback-server.ts';
import { assertAsPlanned, keepMistakes } from '../mistakes.ts';
import { createPageTokens } from '../page-tokens.ts';
import { createRandom } from '../random.ts';
import { createThrottle } from '../throttle.ts';
import { createAccessTokens } from './access-tokens.ts';
import { type GcpBehaviour, strictBehaviour } from './behaviour.ts';
import type { Faults } from './faults.ts';
import { openGrpcServer } from './grpc-server.ts';
import { type CallContext, type HandlerContext, handleCall } from './handle.ts';
import { handleTokenRequest } from './handle-token.ts';
import { createIdentities, createKeyFile, ensureServiceAccount, type KeyFile, trustIssuer } from './identities.ts';
import type { GcpOrganization } from './organization.ts';
import { createPager } from './paging.ts';
import { loadProtos } from './protos.ts';
import { createAttempts, type LoggedRequest } from './request-log.ts';
import { createIndexer } from './resource-index.ts';
import type { TokenContext } from './token-services.ts';
import { createOrganizations, type GcpWorld } from './world.ts';

/** What the fake starts with. */
export interface GcpFakeOptions {
  readonly organizations: readonly GcpOrganization[];
  readonly seed?: number;
  readonly port?: number;
  readonly behaviour?: Partial<GcpBehaviour>;
  /** Serves with a certificate that is made at start; see `ca_pem`. */
  readonly tls?: boolean;
  /** Whether calls must bear an access token; with TLS they must unless told otherwise. */
  readonly requires_token?: boolean;
  readonly universe_domain?: string;
  readonly now?: () => Date;
}

/** What an `external_account` file is made of. */
export interface FederationPlan {
  readonly token_file: string;
  /** An audience that was trusted before; the default one otherwise. */
  readonly audience?: string;
  /** The service account to impersonate. */
  readonly service_account?: string;
}

/** A running fake. */
export interface GcpFake {
  /** Host and port are `apiEndpoint` and `port` of every client. */
  readonly url: string;
  /** The base URL of the token services, always plain http. */
  readonly services_url: string;
  /** `GCE_METADATA_HOST`. */
  readonly metadata_host: string;
  /** What a client must trust; null without TLS. */
  readonly ca_pem: string | null;
  /** Change organizations with `mutations.ts`, at any time. */
  readonly world: GcpWorld;
  /** Switches, to be turned at any time. */
  readonly behaviour: GcpBehaviour;
  readonly faults: Faults;
  /** Every request so far, oldest first, those for tokens among them. */
  readonly requests: readonly LoggedRequest[];
  /** Lets the workload identity pool exchange the issuer's tokens; answers the audience that they must have. */
  trustIssuer(issuer: { readonly url: string; readonly jwks_uri: string }, audience?: string): string;
  /** The document that federation is configured with. */
  toExternalAccount(plan: FederationPlan): Record<string, unknown>;
  /** Adds a service account, or lets more principals impersonate it. */
  addServiceAccount(email: string, impersonators?: readonly string[]): void;
  /** Gives a service account a key. */
  createKey(email: string): KeyFile;
  /** Ends the life of every access token so far: the next call made with it finds it expired. */
  expireTokens(): void;
  /** Every access token and private key so far, for tests that search outputs. */
  secrets(): readonly string[];
  /** Lets searches that lag see what is there by now. */
  refreshSearch(): void;
  /** Throws when something unknown was asked for, or when a planned fault never happened. */
  assertNoUnexpected(): void;
  close(): Promise<void>;
}

/** The pool and provider that are trusted unless a test names others. */
export const defaultAudience =
  '//iam.googleapis.com/projects/600000000001/locations/global/workloadIdentityPools/inventory/providers/cluster';

/** Starts the fake on 127.0.0.1. */
export async function openGcpFake(options: GcpFakeOptions): Promise<GcpFake> {
  const closing = new AbortController();
  const { context, token_context, refreshSearch } = createContext(options, closing.signal);
  const { world, behaviour, faults, requests } = context;
  const certificate = options.tls === true ? await createCertificate() : null;
  const server = await openGrpcServer({
    port: options.port ?? 0,
    protos: loadProtos(),
    tls: certificate,
    handle: (call) => keepMistakes(context, handleCall(context, call)),
  });
  const services = await openLoopbackServer({ port: 0 }, (request) =>
    keepMistakes(context, handleTokenRequest({ ...context, token_context }, request)),
  );
  return {
    ...createIdentityCalls(context, token_context, services.url),
    // TLS names its server by a name, not by an address.
    url: certificate === null ? `http://127.0.0.1:${server.port}` : `https://localhost:${server.port}`,
    services_url: services.url,
    metadata_host: new URL(services.url).host,
    ca_pem: certificate?.certificate_pem ?? null,
    world,
    behaviour,
    faults,
    requests,
    refreshSearch,
    assertNoUnexpected: () => assertAsPlanned('GCP', context),
    close: async () => {
      closing.abort();
      await Promise.all([server.close(), services.close()]);
    },
  };
}

type IdentityCalls = Pick<
  GcpFake,
  'trustIssuer' | 'toExternalAccount' | 'addServiceAccount' | 'createKey' | 'expireTokens' | 'secrets'
>;

function createIdentityCalls({ world }: CallContext, tokenContext: TokenContext, servicesUrl: string): IdentityCalls {
  const { identities, tokens } = world;
  const { universe_domain } = tokenContext;
  const random = createRandom(1);
  const privateKeys: string[] = [];
  return {
    trustIssuer: (issuer, audience = defaultAudience) => trustIssuer(identities, issuer, audience),
    toExternalAccount: ({ token_file: file, audience = defaultAudience, service_account: email }) => {
      const url = `${servicesUrl}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
      return {
        type: 'external_account',
        audience,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${servicesUrl}/v1/token`,
        credential_source: { file, format: { type: 'text' } },
        universe_domain,
        ...(email !== undefined && { service_account_impersonation_url: url }),
      };
    },
    addServiceAccount: (email, impersonators = []) => {
      const account = ensureServiceAccount(identities, email);
      for (const impersonator of impersonators) account.impersonators.add(impersonator);
    },
    createKey: (email) => {
      const account = ensureServiceAccount(identities, email);
      const file = createKeyFile(account, random, { url: servicesUrl, universe_domain });
      privateKeys.push(file.private_key, file.private_key_id);
      return file;
    },
    expireTokens: () => tokens.expire(),
    secrets: () => [...privateKeys, ...tokens.list().map(({ token }) => token)],
  };
}

function createContext(options: GcpFakeOptions, closing: AbortSignal) {
  const now = options.now ?? (() => new Date());
  const seed = options.seed ?? 1;
  const random = createRandom(seed);
  const behaviour: GcpBehaviour = { ...strictBehaviour, ...options.behaviour };
  const pageTokens = createPageTokens(random, now);
  const organizations = createOrganizations(options.organizations);
  // Tokens have a chance of their own: pages are the same whether or not somebody asks for tokens.
  const tokens = createAccessTokens(createRandom(seed), now);
  const identities = createIdentities();
  let snapshot = takeSnapshot(organizations);
  const context: HandlerContext = {
    world: { organizations, denied: new Set(), granted: new Map(), tokens, identities },
    behaviour,
    page_tokens: pageTokens,
    page: createPager(pageTokens, behaviour, random),
    indexOf: createIndexer(seed),
    searched: () => (behaviour.search_lags ? snapshot : organizations),
    throttle: createThrottle(now),
    faults: createFaults(),
    requests: [],
    attempts: createAttempts(),
    unexpected: [],
    closing,
    requires_token: options.requires_token ?? options.tls ?? false,
    quota_project: 'projects/600000000001',
    now,
  };
  const universe_domain = options.universe_domain ?? 'googleapis.com';
  const lifeSeconds = () => behaviour.access_token_seconds;
  const token_context: TokenContext = { identities, tokens, universe_domain, lifeSeconds, now };
  const refreshSearch = () => {
    snapshot = takeSnapshot(organizations);
  };
  return { context, token_context, refreshSearch };
}

/** The resources never change, only which there are: copies of the maps are enough. */
function takeSnapshot(organizations: ReadonlyMap<string, GcpOrganization>): ReadonlyMap<string, GcpOrganization> {
  const copies = organizations.values().map((organization) => ({
    ...organization,
    folders: new Map(organization.folders),
    projects: new Map(organization.projects),
  }));
  return createOrganizations(copies);
}
