// Runs a collector through the real runner into a real database, as the tests of every provider do.
import type { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import type { Collector } from '#core/collector.ts';
import { createHttpClient } from '#core/http.ts';
import { createLogger, type LogOptions } from '#core/log.ts';
import type { Writer } from '#store/store.ts';
import { runCollector } from './runner.ts';
import type { RunSummary } from './summary.ts';

/** Where the rows go, and what else may differ. */
export interface RunInto {
  readonly writer: Writer;
  readonly tenant: string;
  /** Which of the configured scopes to run; all of them unless said. */
  readonly scopes?: readonly string[];
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Takes every line of the log; without it nothing is logged. */
  readonly destination?: NonNullable<LogOptions['destination']>;
}

/** One run over these sources. */
export async function runSources<Schema extends z.ZodType>(
  collector: Collector<Schema>,
  sources: readonly unknown[],
  into: RunInto,
): Promise<RunSummary> {
  return await runConfigured(collector, { sources }, into);
}

/** One run with this part of the configuration. */
export async function runConfigured<Schema extends z.ZodType>(
  collector: Collector<Schema>,
  part: Readonly<Record<string, unknown>>,
  { writer, tenant, scopes, signal, timeoutMs, destination }: RunInto,
): Promise<RunSummary> {
  const http = createHttpClient({ proxyEnv: {}, backoffMs: 1 });
  try {
    return await runCollector({
      collector,
      config: collector.config.parse(part),
      tenant_id: tenant,
      version: '0.0.0',
      image_digest: null,
      trigger: 'cli',
      scopes,
      writer,
      clock: systemClock,
      log: createLogger(destination === undefined ? { level: 'silent' } : { level: 'trace', destination }),
      http,
      proxyEnv: {},
      signal: signal ?? new AbortController().signal,
      timeoutMs: timeoutMs ?? 60_000,
    });
  } finally {
    await http.close();
  }
}
