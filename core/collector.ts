// What a collector is: a plain value that opens one configured source and yields what it sees.
import type { z } from 'zod';
import type { HttpClient } from './http.ts';
import type { Logger } from './log.ts';
import type { Observation, ObservationKind } from './observation.ts';
import type { Request } from './provenance.ts';
import type { Measures } from './run.ts';

/** One folder under `collectors/` exports one of these as `collector`. */
export interface Collector<Config extends z.ZodType = z.ZodType> {
  /** = the folder = `inventory collect <name>` = the CronJob's suffix. */
  readonly name: string;
  /** Schema of this collector's part of the configuration, `collectors.<name>`. */
  readonly config: Config;
  /** The part of the configuration that plain environment variables make, or undefined when they name nothing. */
  fromEnvironment?(variables: Readonly<Record<string, string | undefined>>): unknown;
  /** Scope names, one per configured source: `aws:main`. */
  scopes(config: z.output<Config>): readonly string[];
  /** How many scopes are observed at once; 1 when absent. */
  readonly concurrency?: number;
  /** Called once per scope: opens its client, checks who it is, yields. Every await takes `context.signal`. */
  observe(context: ObserveContext<z.output<Config>>): AsyncIterable<Observation>;
}

/** What the runner lends a collector for one scope. */
export interface ObserveContext<Config> {
  readonly config: Config;
  readonly scope: string;
  readonly run_id: string;
  readonly signal: AbortSignal;
  readonly http: HttpClient;
  readonly log: Logger;
  /** Proxy variables for SDKs that do not read them themselves (`https.Agent`'s `proxyEnv`). */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  /** Injected time, for cadences that `memo` remembers. */
  now(): Date;
  /** What this scope remembered at its last run, or null. */
  readonly memo: unknown;
  /** Stored unless this scope fails. */
  remember(memo: unknown): void;
  /**
   * Says which root (organization, tenant) the credentials answered for; must be called before the first yield.
   * Throws a ProviderError `wrong_root` when it is not the configured one, or not the one this scope pinned at its first
   * complete run and the configuration does not name the new one.
   */
  identify(answered: { root: string; configured: string | undefined; principal: string | null; sdk: string }): void;
  /** Records one request, failed ones too, as a page of the run. */
  fetched(request: Request): void;
  /**
   * Numbers of this scope that move from run to run: latency, series, targets. They are no content: no record is rewritten
   * for them. Words said later are added; what is not said again at the next run is gone. Stored unless this scope fails.
   */
  measure(measures: Measures): void;
  /** A strong listing of this kind has ended: what was not seen is missing. */
  enumerated(kind: ObservationKind): void;
  /** The record may be there though nobody could look: it counts as seen, stays as it is, and stays with its owner. */
  keep(record: Pick<Observation, 'kind' | 'key'>): void;
  /** A part, or a group of fields, could not be read: outcome `partial`. With `kinds`, living records of those kinds cannot vanish. */
  skip(part: { what: string; kinds?: readonly ObservationKind[] }, cause: unknown): void;
}

/** Identity, for inference only. */
export function defineCollector<Config extends z.ZodType>(collector: Collector<Config>): Collector<Config> {
  return collector;
}
