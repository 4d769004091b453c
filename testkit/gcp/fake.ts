// The strict fake of Google Cloud: Resource Manager v3 over gRPC on loopback.
import { createPageTokens } from '../page-tokens.ts';
import { createRandom } from '../random.ts';
import { createThrottle } from '../throttle.ts';
import { createAccessTokens } from './access-tokens.ts';
import { type GcpBehaviour, strictBehaviour } from './behaviour.ts';
import { createFaults, type Faults } from './faults.ts';
import { openGrpcServer } from './grpc-server.ts';
import { type HandlerContext, handleCall, type Outcome, type RawCall } from './handle.ts';
import type { GcpOrganization } from './organization.ts';
import { createPager } from './paging.ts';
import { loadProtos } from './protos.ts';
import { createAttempts, type LoggedRequest } from './request-log.ts';
import { createIndexer } from './resource-index.ts';
import { createOrganizations, type GcpWorld } from './world.ts';

/** What the fake starts with. */
export interface GcpFakeOptions {
  readonly organizations: readonly GcpOrganization[];
  readonly seed?: number;
  readonly port?: number;
  readonly behaviour?: Partial<GcpBehaviour>;
  readonly now?: () => Date;
}

/** A running fake. */
export interface GcpFake {
  /** Host and port are `apiEndpoint` and `port` of every client. */
  readonly url: string;
  /** Change organizations with `mutations.ts`, at any time. */
  readonly world: GcpWorld;
  /** Switches, to be turned at any time. */
  readonly behaviour: GcpBehaviour;
  readonly faults: Faults;
  /** Every request so far, oldest first. */
  readonly requests: readonly LoggedRequest[];
  /** Every access token so far, for tests that search outputs. */
  secrets(): readonly string[];
  /** Lets searches that lag see what is there by now. */
  refreshSearch(): void;
  /** Throws when something unknown was asked for, or when a planned fault never happened. */
  assertNoUnexpected(): void;
  close(): Promise<void>;
}

/** The project whose quota callers use up. */
const quotaProject = 'projects/600000000001';

/** Starts the fake on 127.0.0.1. */
export async function openGcpFake(options: GcpFakeOptions): Promise<GcpFake> {
  const closing = new AbortController();
  const { context, refreshSearch } = createContext(options, closing.signal);
  const { world, behaviour, faults, requests } = context;
  const server = await openGrpcServer({
    port: options.port ?? 0,
    protos: loadProtos(),
    tls: null,
    handle: (call) => handleOrKeep(context, call),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    world,
    behaviour,
    faults,
    requests,
    secrets: () => world.tokens.list().map(({ token }) => token),
    refreshSearch,
    assertNoUnexpected: () => assertNoUnexpected(context),
    close: async () => {
      closing.abort();
      await server.close();
    },
  };
}

function createContext(options: GcpFakeOptions, closing: AbortSignal) {
  const now = options.now ?? (() => new Date());
  const seed = options.seed ?? 1;
  const random = createRandom(seed);
  const behaviour: GcpBehaviour = { ...strictBehaviour, ...options.behaviour };
  const pageTokens = createPageTokens(random, now);
  const organizations = createOrganizations(options.organizations);
  let snapshot = takeSnapshot(organizations);
  const context: HandlerContext = {
    world: { organizations, denied: new Set(), granted: new Map(), tokens: createAccessTokens(random, now) },
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
    is_secure: false,
    quota_project: quotaProject,
    now,
  };
  const refreshSearch = () => {
    snapshot = takeSnapshot(organizations);
  };
  return { context, refreshSearch };
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

async function handleOrKeep(context: HandlerContext, call: RawCall): Promise<Outcome> {
  try {
    return await handleCall(context, call);
  } catch (error) {
    // An error that is no refusal is a mistake in the test or the fake, of which the client sees only a status.
    if (!context.closing.aborted) context.unexpected.push(String(error));
    throw error;
  }
}

function assertNoUnexpected({ unexpected, faults }: HandlerContext): void {
  const idle = faults
    .unused()
    .map(({ operation = 'any operation', effect }) => `unused fault ${effect.kind} on ${operation}`);
  const problems = [...unexpected, ...idle];
  if (problems.length > 0) throw new Error(`the GCP fake was used otherwise than planned:\n${problems.join('\n')}`);
}
