// Runs the collector against the fake the way the runner does, and keeps everything that it yields and says.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ObserveContext } from '#core/collector.ts';
import { ProviderError } from '#core/errors.ts';
import { createHttpClient } from '#core/http.ts';
import { createLogger } from '#core/log.ts';
import { type Account, type Observation, type OrgNode, observationSchema } from '#core/observation.ts';
import { type Request, requestSchema } from '#core/provenance.ts';
import { createTenant, type TenantPlan } from '#testkit/azure/create-tenant.ts';
import { type AzureFake, type AzureFakeOptions, openAzureFake } from '#testkit/azure/fake.ts';
import type { AzureTenant } from '#testkit/azure/tenant.ts';
import type { AzureAccess, AzureApplication } from '#testkit/azure/world.ts';
import { trustInThisProcess } from '#testkit/certificate.ts';
import { collector } from './collector.ts';
import type { AzureConfig } from './config.ts';

/** A fake with one tenant or more, an application that may read them all, and the source that reads the first. */
export interface Started {
  readonly fake: AzureFake;
  readonly tenant: AzureTenant;
  readonly application: AzureApplication;
  readonly access: AzureAccess;
  readonly source: Readonly<Record<string, unknown>>;
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
  readonly memo?: unknown;
  readonly signal?: AbortSignal;
}

/** The tenant that is read unless a test names others. */
export const tenantId = '11111111-aaaa-4bbb-8ccc-0123456789ab';

/** 45 subscriptions in twelve groups, in pages of 20, unless told otherwise; the first of several tenants is the one that is read. */
export async function startAzure(
  options: Partial<AzureFakeOptions> & { plan?: Partial<TenantPlan> } = {},
): Promise<Started> {
  const { plan, ...rest } = options;
  const planned = { id: tenantId, subscriptions: 45, management_groups: 12, ...plan };
  const tenants = options.tenants ?? [createTenant(planned)];
  const [tenant] = tenants;
  if (tenant === undefined) throw new TypeError('name one tenant at least');
  const fake = await openAzureFake({ ...rest, tenants, behaviour: { page_size: 20, ...options.behaviour } });
  const distrust = trustInThisProcess(fake.ca_pem);
  onTestFinished(() => {
    distrust();
    return fake.close();
  });
  const application = fake.addApplication({ tenants: tenants.map(({ id }) => id) });
  const access = accessOf(application, tenant);
  return { fake, tenant, application, access, source: await secretSource(fake, application, tenant.id) };
}

/** What the application may see of a tenant. */
export function accessOf(application: AzureApplication, { id }: AzureTenant): AzureAccess {
  const access = application.access.get(id);
  if (access === undefined) throw new TypeError(`the application is not registered in ${id}`);
  return access;
}

/** A source `main` that reads a tenant with the application's secret. */
export async function secretSource(
  fake: AzureFake,
  application: AzureApplication,
  tenant_id: string,
): Promise<Record<string, unknown>> {
  return {
    name: 'main',
    tenant_id,
    client_id: application.client_id,
    client_secret_file: await createFile(application.client_secret),
    cloud: 'custom',
    authority_host: fake.url,
    arm_endpoint: fake.url,
    disable_instance_discovery: true,
  };
}

/** A file with this text, which goes when the test ends. */
export async function createFile(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'azure-collector-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'credential');
  await writeFile(path, text);
  return path;
}

/** Reads the source, and hands back what came of it, failed or not. */
export async function observe(
  source: Readonly<Record<string, unknown>>,
  options: ObserveOptions = {},
): Promise<Observed> {
  const config = collector.config.parse({ sources: [{ ...source, name: 'main' }] });
  let error: unknown;
  let remembered: unknown = null;
  let log = '';
  const observations: Observation[] = [];
  const requests: Request[] = [];
  const skipped: { what: string; kinds: readonly string[] }[] = [];
  const enumerated: string[] = [];
  const roots: string[] = [];
  const http = createHttpClient({ proxyEnv: {}, backoffMs: 1 });
  onTestFinished(() => http.close());
  const destination = {
    write(line: string) {
      log += line;
    },
  };
  const context: ObserveContext<AzureConfig> = {
    config,
    scope: 'azure:main',
    run_id: randomUUID(),
    signal: options.signal ?? new AbortController().signal,
    http,
    log: createLogger({ level: 'debug', destination }),
    proxyEnv: {},
    now: () => new Date(),
    memo: options.memo ?? null,
    remember: (memo) => {
      remembered = structuredClone(memo);
    },
    identify: ({ root, configured }) => {
      if (configured !== root) throw new ProviderError('wrong_root', `answered for ${root}`);
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
    evidence.set(`${kind} ${bareId}`, requests);
  }
  return { accounts, nodes, evidence };
}
