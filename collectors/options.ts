// What the runner is given.
import type { Clock } from '#core/clock.ts';
import type { Collector } from '#core/collector.ts';
import { ConfigError } from '#core/errors.ts';
import type { HttpClient } from '#core/http.ts';
import type { Logger } from '#core/log.ts';
import type { Writer } from '#store/store.ts';
import type { Terminal } from './progress.ts';
import type { RunTimes } from './store-call.ts';

export interface RunOptions {
  readonly collector: Collector;
  /** Parsed by the collector's own schema. */
  readonly config: unknown;
  readonly tenant_id: string;
  readonly version: string;
  readonly image_digest: string | null;
  /** What started the run: cli, cronjob … */
  readonly trigger: string;
  /** Only these scopes; undefined for all that are configured. */
  readonly scopes: readonly string[] | undefined;
  /** Undefined for a dry run: everything is read and validated, nothing written. */
  readonly writer: Writer | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly http: HttpClient;
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** For the whole run. */
  readonly timeoutMs: number;
  readonly terminal?: Terminal | undefined;
  /** `runTimes` when absent. */
  readonly times?: RunTimes;
}

/** The scopes to run, in the configuration's order. Throws ConfigError `unknown_scope` with the names there are. */
export function selectScopes(options: Pick<RunOptions, 'collector' | 'config' | 'scopes'>): readonly string[] {
  const configured = options.collector.scopes(options.config);
  const unknown = options.scopes?.filter((scope) => !configured.includes(scope)) ?? [];
  if (unknown.length > 0) {
    const remedy = `${unknown.join(', ')}: no such scope is configured; known: ${configured.join(', ') || 'none'}`;
    throw new ConfigError('unknown_scope', [{ key: '--scope', remedy }]);
  }
  return options.scopes === undefined ? configured : configured.filter((scope) => options.scopes?.includes(scope));
}
