// A collector that does what a test says, run through the real runner into a real database.
import { systemClock } from '#core/clock.ts';
import { type Collector, defineCollector, type ObserveContext } from '#core/collector.ts';
import { createHttpClient } from '#core/http.ts';
import { jsonSchema } from '#core/json.ts';
import { createLogger } from '#core/log.ts';
import type { Observation } from '#core/observation.ts';
import { type Actor, account, evidenceOf, node } from '#store/scenario.contract.ts';
import type { Writer } from '#store/store.ts';
import type { RunOptions } from './options.ts';
import { runCollector } from './runner.ts';
import type { RunTimes } from './store-call.ts';
import type { RunSummary } from './summary.ts';

export type Context = ObserveContext<unknown>;

/** What one scope says and yields. */
export type Script = (context: Context) => AsyncIterable<unknown>;

/** What a run came to. */
export interface Ran extends RunSummary {
  /** Every log line, parsed. */
  readonly log: readonly Record<string, unknown>[];
}

export type ScriptedOptions = Partial<Omit<RunOptions, 'times'>> & {
  readonly times?: Partial<RunTimes>;
  readonly concurrency?: number;
};

/** Patience that no healthy test runs out of; only waiting for a lease is quick. */
const testTimes: RunTimes = { pollMs: 5, renewMs: 60_000, storeMs: 60_000, endingMs: 60_000 };

/** The credentials answer for the actor's organization. */
export function identify(context: Context, root = 'o-1', configured?: string): void {
  context.identify({ root, configured, principal: 'arn:aws:iam::111122223333:role/audit', sdk: 'sdk@1.0.0' });
}

/** Makes one request. */
export function fetchPage(context: Context, page = 1): void {
  for (const request of evidenceOf(page)) context.fetched(request);
}

/** Lists exactly these accounts. */
export function listAccounts(...ids: readonly string[]): Script {
  return async function* (context) {
    identify(context);
    fetchPage(context);
    for (const id of ids) yield account(id);
    context.enumerated('account');
  };
}

/** Lists exactly these accounts and nodes. */
export function listAll(ids: readonly string[], nodes: readonly string[]): Script {
  return async function* (context) {
    yield* listAccounts(...ids)(context);
    for (const id of nodes) yield node(id);
    context.enumerated('org_node');
  };
}

/** Ids that sort as they count: n00001 … */
export function ids(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `n${String(index + 1).padStart(5, '0')}`);
}

/** Never settles, as an await that no deadline and no signal ends. */
export const forever = (): Promise<never> => new Promise(() => undefined);

/** The collector whose scopes are these scripts. */
function scriptedCollector(scripts: Readonly<Record<string, Script>>, concurrency = 1): Collector {
  return defineCollector({
    name: 'scripted',
    config: jsonSchema,
    scopes: () => Object.keys(scripts),
    concurrency,
    // A boundary cast: a script may yield what no collector should.
    observe: (context) => scripts[context.scope]?.(context) as AsyncIterable<Observation>,
  });
}

/** Runs the script as the actor's scope, or several scripts by the names of their scopes. */
export async function runScripts(
  writer: Writer | undefined,
  actor: Actor,
  script: Script | Readonly<Record<string, Script>>,
  { times, concurrency, ...options }: ScriptedOptions = {},
): Promise<Ran> {
  const scripts = typeof script === 'function' ? { [actor.scope]: script } : script;
  const lines: string[] = [];
  const summary = await runCollector({
    collector: scriptedCollector(scripts, concurrency),
    config: null,
    tenant_id: actor.tenant,
    version: '1.0.0',
    image_digest: 'sha256:0',
    trigger: 'test',
    scopes: undefined,
    writer,
    clock: systemClock,
    log: createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } }),
    http: createHttpClient({ proxyEnv: {} }),
    proxyEnv: {},
    signal: new AbortController().signal,
    timeoutMs: 60_000,
    times: { ...testTimes, ...times },
    ...options,
  });
  return { ...summary, log: lines.map((line) => JSON.parse(line)) };
}
