// The strict Azure fake: one https endpoint for the login endpoint and for Resource Manager, and a foreign host beside it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from '../certificate.ts';
import { createFaults } from '../faults.ts';
import { openLoopbackServer } from '../loopback-server.ts';
import { assertAsPlanned, keepMistakes } from '../mistakes.ts';
import { createPageTokens } from '../page-tokens.ts';
import { createRandom } from '../random.ts';
import { type AzureBehaviour, strictBehaviour } from './behaviour.ts';
import type { Faults } from './faults.ts';
import { type ForeignRequest, openForeignHost } from './foreign-host.ts';
import { type HandlerContext, handleRequest } from './handle.ts';
import { createPager } from './paging.ts';
import { createReadBuckets } from './read-buckets.ts';
import type { LoggedRequest } from './request-log.ts';
import { type AzureTenant, createIndexes } from './tenant.ts';
import {
  type AccessToken,
  type AzureApplication,
  type AzureWorld,
  type FederatedCredential,
  issueToken,
  registerApplication,
} from './world.ts';

/** What the fake starts with. */
export interface AzureFakeOptions {
  readonly tenants: readonly AzureTenant[];
  readonly seed?: number;
  readonly port?: number;
  readonly behaviour?: Partial<AzureBehaviour>;
  /** The audience that tokens must have, such as one of `resourceManagers`; the fake's own URL unless told otherwise. */
  readonly audience?: string;
  readonly now?: () => Date;
}

/** An application to register. */
export interface ApplicationPlan {
  readonly tenants: readonly string[];
  readonly federated_credentials?: readonly FederatedCredential[];
}

/** A running fake. */
export interface AzureFake {
  /** `authorityHost` of every credential and `endpoint` of every client. */
  readonly url: string;
  /** What the scope of a token must name, before `/.default`. */
  readonly audience: string;
  /** The certificate to trust: see `trustInThisProcess`. */
  readonly ca_pem: string;
  /** The same in a file, for `NODE_EXTRA_CA_CERTS` of another process; it goes when the fake closes. */
  readonly ca_file: string;
  /** Where hostile links lead. */
  readonly foreign_url: string;
  /** Calls that followed them. */
  readonly foreign_requests: readonly ForeignRequest[];
  /** Change tenants with `mutations.ts`, at any time. */
  readonly world: AzureWorld;
  /** Switches, to be turned at any time. */
  readonly behaviour: AzureBehaviour;
  readonly faults: Faults;
  /** Every request so far, oldest first. */
  readonly requests: readonly LoggedRequest[];
  /** An application that may read all of these tenants. */
  addApplication(plan: ApplicationPlan): AzureApplication;
  /** An access token without the login endpoint, for requests made by hand. */
  issueToken(application: AzureApplication, tenantId: string, lifeSeconds?: number): AccessToken;
  /** Ends the life of all access tokens: the next request made with them finds them expired. */
  expireTokens(): void;
  /** Every client secret and access token so far, for tests that search outputs. */
  secrets(): readonly string[];
  /** Throws when something unknown or the foreign host was asked, or when a planned fault never happened. */
  assertNoUnexpected(): void;
  close(): Promise<void>;
}

/** Starts the fake on 127.0.0.1. */
export async function openAzureFake(options: AzureFakeOptions): Promise<AzureFake> {
  const closing = new AbortController();
  const certificate = await createCertificate();
  const unexpected: string[] = [];
  const foreignRequests: ForeignRequest[] = [];
  const foreign = await openForeignHost(certificate, (request) => {
    foreignRequests.push(request);
    const how = request.had_token ? 'with a token' : 'without a token';
    unexpected.push(`the foreign host was called ${how}: ${request.method} ${request.path}`);
  });
  const context = createContext(options, { closing: closing.signal, unexpected, foreign_url: foreign.url });
  const server = await openLoopbackServer({ port: options.port ?? 0, host: 'localhost', certificate }, (request) =>
    keepMistakes(context, handleRequest(context, request)),
  );
  const directory = await mkdtemp(join(tmpdir(), 'azure-fake-'));
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, certificate.certificate_pem);
  const { world, behaviour, faults, requests } = context;
  return {
    url: server.url,
    audience: options.audience ?? server.url,
    ca_pem: certificate.certificate_pem,
    ca_file: caFile,
    foreign_url: foreign.url,
    foreign_requests: foreignRequests,
    world,
    behaviour,
    faults,
    requests,
    addApplication: (plan) => registerApplication(world, context.random, plan),
    issueToken: (application, tenantId, lifeSeconds = behaviour.token_seconds) =>
      issueByHand(context, { application, tenantId, lifeSeconds, url: server.url }),
    expireTokens: () => {
      for (const token of world.tokens.values()) token.expires_at = context.now();
    },
    secrets: () => [
      ...world.tokens.keys(),
      ...[...world.applications.values()].map((application) => application.client_secret),
    ],
    assertNoUnexpected: () => assertAsPlanned('Azure', context),
    close: async () => {
      closing.abort();
      await Promise.all([server.close(), foreign.close(), rm(directory, { recursive: true, force: true })]);
    },
  };
}

function createContext(
  options: AzureFakeOptions,
  given: Pick<HandlerContext, 'closing' | 'unexpected' | 'foreign_url'>,
): HandlerContext {
  const now = options.now ?? (() => new Date());
  const random = createRandom(options.seed ?? 1);
  const behaviour: AzureBehaviour = { ...strictBehaviour, ...options.behaviour };
  const tokens = createPageTokens(random, now);
  return {
    ...given,
    world: {
      tenants: new Map(options.tenants.map((tenant) => [tenant.id, tenant])),
      applications: new Map(),
      tokens: new Map(),
    },
    behaviour,
    tokens,
    page: createPager(tokens, behaviour, random),
    random,
    audience: options.audience ?? null,
    takeRead: createReadBuckets(now),
    faults: createFaults(),
    requests: [],
    now,
    indexOf: createIndexes(),
  };
}

function issueByHand(
  context: HandlerContext,
  grant: {
    readonly application: AzureApplication;
    readonly tenantId: string;
    readonly lifeSeconds: number;
    readonly url: string;
  },
): AccessToken {
  const issuedAt = context.now();
  return issueToken(context.world, context.random, {
    tenant_id: grant.tenantId,
    client_id: grant.application.client_id,
    audience: context.audience ?? grant.url,
    issued_at: issuedAt,
    expires_at: new Date(issuedAt.getTime() + grant.lifeSeconds * 1000),
    authority: grant.url,
  });
}
