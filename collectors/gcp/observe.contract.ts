// Runs the collector against the fake the way the runner does, and keeps everything that it yields and says.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ObserveContext } from '#core/collector.ts';
import { ProviderError } from '#core/errors.ts';
import { createHttpClient } from '#core/http.ts';
import { createLogger } from '#core/log.ts';
import { type Account, type Observation, type OrgNode, observationSchema } from '#core/observation.ts';
import { type Request, requestSchema } from '#core/provenance.ts';
import { createOrganization, type OrganizationPlan } from '#testkit/gcp/create-organization.ts';
import { type GcpFake, type GcpFakeOptions, openGcpFake } from '#testkit/gcp/fake.ts';
import type { GcpOrganization } from '#testkit/gcp/organization.ts';
import { collector } from './collector.ts';
import type { GcpConfig } from './config.ts';

/** A fake with its first organization, and a source that reads it. */
export interface Started {
  readonly fake: GcpFake;
  readonly organization: GcpOrganization;
  readonly source: Record<string, unknown>;
}

/** What one scope's reading came to. */
export interface Observed {
  readonly observations: readonly Observation[];
  /** By number. */
  readonly accounts: ReadonlyMap<string, Account>;
  readonly nodes: ReadonlyMap<string, OrgNode>;
  readonly requests: readonly Request[];
  readonly skipped: readonly { what: string; kinds: readonly string[] }[];
  readonly enumerated: readonly string[];
  readonly identified: readonly { root: string; principal: string | null }[];
  readonly memo: unknown;
  /** What it failed with, if it did. */
  readonly error: unknown;
  readonly log: string;
}

/** How to read. */
export interface ObserveOptions {
  readonly source: Record<string, unknown>;
  readonly memo?: unknown;
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
}

const plan = { id: '123456789012', projects: 45, folders: 12 };

/** 45 projects in twelve folders, unless told otherwise, behind quick pages. */
export async function startGcp(
  options: Partial<GcpFakeOptions> & { plan?: Partial<OrganizationPlan> } = {},
): Promise<Started> {
  const organization = options.organizations?.[0] ?? createOrganization({ ...plan, ...options.plan });
  const fake = await openGcpFake({ organizations: [organization], ...options });
  onTestFinished(async () => {
    await fake.close();
    fake.assertNoUnexpected();
  });
  return { fake, organization, source: sourceOf(fake, organization.name) };
}

/** A source that reads the root. */
export function sourceOf(fake: GcpFake, root: string): Record<string, unknown> {
  return { name: 'main', root, endpoint: fake.url, credentials_file: writeKeyFile() };
}

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** The principal of the key file. */
export const reader = 'reader@tools-project.iam.gserviceaccount.com';

/** A service account's key; tokens are signed with it, so that nobody needs to be asked for one. */
export function writeKeyFile(): string {
  return writeFile({ type: 'service_account', client_email: reader, private_key: privateKey, private_key_id: 'k1' });
}

/** A file with this document. */
export function writeFile(document: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'gcp-credentials-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'credentials.json');
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return path;
}

/** Reads the source, and hands back what came of it, failed or not. */
export async function observe(options: ObserveOptions): Promise<Observed> {
  const config = collector.config.parse({ sources: [options.source] });
  let error: unknown;
  let remembered: unknown = null;
  let log = '';
  const observations: Observation[] = [];
  const requests: Request[] = [];
  const skipped: { what: string; kinds: readonly string[] }[] = [];
  const enumerated: string[] = [];
  const identified: { root: string; principal: string | null }[] = [];
  const context: ObserveContext<GcpConfig> = {
    config,
    scope: collector.scopes(config)[0] ?? '',
    run_id: randomUUID(),
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
      // As the store keeps it.
      remembered = JSON.parse(JSON.stringify(memo));
    },
    identify: ({ root, configured, principal }) => {
      if (configured !== root) throw new ProviderError('wrong_root', `answered for ${root}`);
      identified.push({ root, principal });
    },
    fetched: (request) => requests.push(requestSchema.parse(request)),
    enumerated: (kind) => enumerated.push(kind),
    skip: ({ what, kinds = [] }) => skipped.push({ what, kinds }),
  };
  try {
    for await (const observation of collector.observe(context)) {
      if (identified.length === 0) throw new Error('yielded before it had identified itself');
      if (enumerated.includes(observation.kind))
        throw new Error(`yielded ${observation.key} after all were enumerated`);
      observations.push(observationSchema.parse(observation));
    }
  } catch (thrown) {
    error = thrown;
  }
  const said = { requests, skipped, enumerated, identified, memo: remembered, error, log };
  return { observations, ...index(observations), ...said };
}

function index(observations: readonly Observation[]): Pick<Observed, 'accounts' | 'nodes'> {
  const accounts = new Map<string, Account>();
  const nodes = new Map<string, OrgNode>();
  for (const { kind, attributes } of observations) {
    if (kind === 'account') accounts.set(attributes.id, attributes);
    else nodes.set(attributes.id, attributes);
  }
  return { accounts, nodes };
}
