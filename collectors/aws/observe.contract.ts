// Runs the collector against the fake the way the runner does, and keeps everything that it yields and says.
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { ObserveContext } from '#core/collector.ts';
import { ProviderError } from '#core/errors.ts';
import { createHttpClient } from '#core/http.ts';
import { createLogger } from '#core/log.ts';
import { type Account, type Observation, type OrgNode, observationSchema } from '#core/observation.ts';
import { type Request, requestSchema } from '#core/provenance.ts';
import { createOrganization, type OrganizationPlan } from '#testkit/aws/create-organization.ts';
import { type AwsFake, type AwsFakeOptions, openAwsFake } from '#testkit/aws/fake.ts';
import type { AwsOrganization } from '#testkit/aws/organization.ts';
import type { AwsPrincipal } from '#testkit/aws/world.ts';
import { collector } from './collector.ts';
import type { AwsConfig } from './config.ts';

/** A fake with one organization, and the environment of a user of its management account. */
export interface Started {
  readonly fake: AwsFake;
  readonly organization: AwsOrganization;
  readonly keys: AwsPrincipal;
}

/** What one scope's reading came to. */
export interface Observed {
  readonly observations: readonly Observation[];
  readonly accounts: ReadonlyMap<string, Account>;
  readonly nodes: ReadonlyMap<string, OrgNode>;
  readonly evidence: ReadonlyMap<string, readonly Request[]>;
  readonly requests: readonly Request[];
  readonly skipped: readonly { what: string; kinds: readonly string[] }[];
  readonly enumerated: readonly string[];
  readonly roots: readonly string[];
  readonly memo: unknown;
  /** What it failed with, if it did. */
  readonly error: unknown;
  readonly log: string;
}

/** How to read. */
export interface ObserveOptions {
  readonly source?: Record<string, unknown>;
  readonly memo?: unknown;
  readonly signal?: AbortSignal;
  readonly run_id?: string;
  readonly now?: () => Date;
  /** Called with every observation as it comes. */
  readonly each?: (observation: Observation) => void;
}

// What could be set outside and would change whose credentials the SDK finds.
const sdkVariables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_ENDPOINT_URL_STS',
  'AWS_ENDPOINT_URL_ORGANIZATIONS',
  'AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API',
];

const plan = { id: 'o-exampleorg1', accounts: 45, organizational_units: 12, delegated_administrators: 2 };

/** 45 accounts in twelve units, unless told otherwise; the first of several organizations is the one whose keys are used. */
export async function startAws(
  options: Partial<AwsFakeOptions> & { plan?: Partial<OrganizationPlan> } = {},
): Promise<Started> {
  const organization = options.organizations?.[0] ?? createOrganization({ ...plan, ...options.plan });
  const fake = await openAwsFake({ organizations: [organization], ...options });
  onTestFinished(() => fake.close());
  const keys = fake.addUser(organization.management_account_id);
  useKeys(fake, keys);
  return { fake, organization, keys };
}

/** Gives the SDK these variables and no other of its own; vitest puts the old ones back. */
export function useEnvironment(fake: AwsFake, variables: Record<string, string>): void {
  for (const name of sdkVariables) vi.stubEnv(name, undefined);
  const nothing = join(tmpdir(), 'no-such-aws-file');
  const base = {
    AWS_ENDPOINT_URL: fake.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
  };
  for (const [name, value] of Object.entries({ ...base, ...variables })) vi.stubEnv(name, value);
}

/** The environment of somebody with these keys. */
export function useKeys(fake: AwsFake, keys: AwsPrincipal, region = 'us-east-1'): void {
  useEnvironment(fake, {
    AWS_ACCESS_KEY_ID: keys.access_key_id,
    AWS_SECRET_ACCESS_KEY: keys.secret_access_key,
    ...(keys.session_token !== null && { AWS_SESSION_TOKEN: keys.session_token }),
    AWS_REGION: region,
  });
}

/** Reads the source `main`, and hands back what came of it, failed or not. */
export async function observe(options: ObserveOptions = {}): Promise<Observed> {
  const config = collector.config.parse({ sources: [{ name: 'main', ...options.source }] });
  let error: unknown;
  let remembered: unknown = null;
  let log = '';
  const observations: Observation[] = [];
  const requests: Request[] = [];
  const skipped: { what: string; kinds: readonly string[] }[] = [];
  const enumerated: string[] = [];
  const roots: string[] = [];
  const context: ObserveContext<AwsConfig> = {
    config,
    scope: 'aws:main',
    run_id: options.run_id ?? randomUUID(),
    signal: options.signal ?? new AbortController().signal,
    http: createHttpClient({ proxyEnv: {} }),
    log: createLogger({
      level: 'debug',
      destination: {
        write(line) {
          log += line;
        },
      },
    }),
    proxyEnv: {},
    now: options.now ?? (() => new Date()),
    memo: options.memo ?? null,
    remember: (memo) => {
      remembered = structuredClone(memo);
    },
    identify: ({ root, configured }) => {
      if (configured !== undefined && configured !== root)
        throw new ProviderError('wrong_root', `answered for ${root}`);
      roots.push(root);
    },
    fetched: (request) => requests.push(requestSchema.parse(request)),
    enumerated: (kind) => enumerated.push(kind),
    skip: ({ what, kinds = [] }) => skipped.push({ what, kinds }),
  };
  try {
    for await (const observation of collector.observe(context)) {
      if (roots.length === 0) throw new Error('yielded before it had identified itself');
      observations.push(observationSchema.parse(observation));
      options.each?.(observation);
    }
  } catch (thrown) {
    error = thrown;
  }
  const said = { requests, skipped, enumerated, roots, memo: remembered, error, log };
  return { observations, ...index(observations), ...said };
}

function index(observations: readonly Observation[]): Pick<Observed, 'accounts' | 'nodes' | 'evidence'> {
  const accounts = new Map<string, Account>();
  const nodes = new Map<string, OrgNode>();
  const evidence = new Map<string, readonly Request[]>();
  for (const { kind, attributes, evidence: requests } of observations) {
    const bareId = attributes.id.slice(attributes.id.lastIndexOf('/') + 1);
    if (kind === 'account') accounts.set(bareId, attributes);
    else nodes.set(bareId, attributes);
    evidence.set(bareId, requests);
  }
  return { accounts, nodes, evidence };
}
