// Runs a collector against a fake the way the runner does, and keeps everything that it yields and says.
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import type { Collector, ObserveContext } from '#core/collector.ts';
import { ProviderError } from '#core/errors.ts';
import { createHttpClient } from '#core/http.ts';
import { createLogger } from '#core/log.ts';
import type { MonitoringEndpoint, Relation } from '#core/monitoring.ts';
import { type Account, type Observation, type OrgNode, observationSchema } from '#core/observation.ts';
import { type Request, requestSchema } from '#core/provenance.ts';
import { type Measures, measuresSchema } from '#core/run.ts';

/** What one scope's reading came to. */
export interface Observed {
  readonly observations: readonly Observation[];
  readonly accounts: ReadonlyMap<string, Account>;
  readonly nodes: ReadonlyMap<string, OrgNode>;
  readonly endpoints: ReadonlyMap<string, MonitoringEndpoint>;
  readonly relations: readonly Relation[];
  readonly measures: Measures;
  /** By kind and id, such as `account 111122223333`. */
  readonly evidence: ReadonlyMap<string, readonly Request[]>;
  readonly requests: readonly Request[];
  readonly skipped: readonly { what: string; kinds: readonly string[] }[];
  readonly enumerated: readonly string[];
  /** Keys that were kept without having been read. */
  readonly kept: readonly string[];
  readonly identified: readonly { root: string; principal: string | null }[];
  readonly memo: unknown;
  /** What it failed with, if it did. */
  readonly error: unknown;
  readonly log: string;
}

/** How to read. */
export interface ObserveOptions {
  readonly memo?: unknown;
  readonly signal?: AbortSignal;
  readonly run_id?: string;
  readonly now?: () => Date;
  /** Called with every observation as it comes. */
  readonly each?: (observation: Observation) => void;
  /** How the test calls a record; by its whole id unless told otherwise. */
  readonly nameOf?: (id: string) => string;
}

/** The id without the organization or tenant before it. */
export function toBareId(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** Reads the only source, and hands back what came of it, failed or not. */
export function observeSource<Schema extends z.ZodType>(
  collector: Collector<Schema>,
  source: Readonly<Record<string, unknown>>,
  options: ObserveOptions = {},
): Promise<Observed> {
  return observeScope(collector, { sources: [source] }, options);
}

/** Reads the first scope of a collector's part of the configuration. */
export async function observeScope<Schema extends z.ZodType>(
  collector: Collector<Schema>,
  part: unknown,
  options: ObserveOptions = {},
): Promise<Observed> {
  const said = createNotes();
  const observations: Observation[] = [];
  let error: unknown;
  try {
    for await (const observation of collector.observe(createContext(collector, part, { options, said }))) {
      if (said.identified.length === 0) throw new Error('yielded before it had identified itself');
      observations.push(observationSchema.parse(observation));
      options.each?.(observation);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { observations, ...index(observations, options.nameOf), ...said, error };
}

function createNotes() {
  const requests: Request[] = [];
  const skipped: { what: string; kinds: readonly string[] }[] = [];
  const enumerated: string[] = [];
  const kept: string[] = [];
  const identified: { root: string; principal: string | null }[] = [];
  const memo: unknown = null;
  const measures: Measures = {};
  return { requests, skipped, enumerated, kept, identified, memo, measures, log: '' };
}

/** The context of the first scope, for a test that opens a session itself. */
export function contextOf<Schema extends z.ZodType>(
  collector: Collector<Schema>,
  part: unknown,
): ObserveContext<z.output<Schema>> {
  return createContext(collector, part, { options: {}, said: createNotes() });
}

function createContext<Schema extends z.ZodType>(
  collector: Collector<Schema>,
  part: unknown,
  { options, said }: { readonly options: ObserveOptions; readonly said: ReturnType<typeof createNotes> },
): ObserveContext<z.output<Schema>> {
  const config = collector.config.parse(part);
  const http = createHttpClient({ proxyEnv: {}, backoffMs: 1 });
  onTestFinished(() => http.close());
  const destination = {
    write(line: string) {
      said.log += line;
    },
  };
  return {
    config,
    scope: collector.scopes(config)[0] ?? '',
    run_id: options.run_id ?? randomUUID(),
    signal: options.signal ?? new AbortController().signal,
    http,
    log: createLogger({ level: 'debug', destination }),
    proxyEnv: {},
    now: options.now ?? (() => new Date()),
    memo: options.memo ?? null,
    remember: (memo) => {
      // As the store keeps it.
      said.memo = JSON.parse(JSON.stringify(memo));
    },
    identify: ({ root, configured, principal }) => {
      if (configured !== undefined && configured !== root)
        throw new ProviderError('wrong_root', `answered for ${root}`);
      said.identified.push({ root, principal });
    },
    fetched: (request) => said.requests.push(requestSchema.parse(request)),
    measure: (measures) => {
      said.measures = { ...said.measures, ...measuresSchema.parse(measures) };
    },
    enumerated: (kind) => said.enumerated.push(kind),
    keep: ({ key }) => said.kept.push(key),
    skip: ({ what, kinds = [] }) => said.skipped.push({ what, kinds }),
  };
}

function index(observations: readonly Observation[], nameOf = (id: string) => id) {
  const accounts = new Map<string, Account>();
  const nodes = new Map<string, OrgNode>();
  const evidence = new Map<string, readonly Request[]>();
  const endpoints = new Map<string, MonitoringEndpoint>();
  const relations: Relation[] = [];
  for (const { kind, attributes, evidence: requests } of observations) {
    const name = nameOf(attributes.id);
    if (kind === 'account') accounts.set(name, attributes);
    else if (kind === 'org_node') nodes.set(name, attributes);
    else if (kind === 'monitoring_endpoint') endpoints.set(name, attributes);
    else relations.push(attributes);
    evidence.set(`${kind} ${name}`, requests);
  }
  return { accounts, nodes, endpoints, relations, evidence };
}
