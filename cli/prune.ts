// `inventory prune`: deletes history that is older than its keep time.
import { openDeadline } from '#core/deadline.ts';
import { openPruner } from '#store/open.ts';
import { type PruneSummary, prunables, prune } from '#store/prune.ts';
import { idempotencyKeepHours } from '#store/seed.ts';
import type { Environment } from './environment.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { parseDuration } from './parse-duration.ts';
import { formatTable } from './table.ts';

export interface PruneCommandOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  /** An hour when absent. */
  readonly timeout?: string;
}

/** Prints what was deleted, or would be. Resolves to the exit code: 1 when a signal or its own deadline stopped it, which the next one makes up for. */
export async function pruneCommand(environment: Environment, options: PruneCommandOptions): Promise<number> {
  const { timeout = '1h' } = options;
  const config = await loadConfig(environment.variables);
  const timeoutMs = parseDuration('--timeout', timeout, { canBeZero: true });
  const deadline = openDeadline(timeoutMs, environment.signal, `not done within ${timeout}`);
  try {
    return await pruneUntil(deadline.signal, environment, { ...options, config });
  } finally {
    deadline.clear();
  }
}

async function pruneUntil(
  signal: AbortSignal,
  { log, migrationsDir, print }: Environment,
  { dryRun = false, json = false, config }: PruneCommandOptions & { readonly config: LoadedConfig },
): Promise<number> {
  const pruner = await openPruner({ url: config.databaseUrl, migrationsDir, log });
  try {
    const startedMs = performance.now();
    // Ingest remembers them for just so long, whatever is configured.
    const keep = { ...config.retention, keys: idempotencyKeepHours * 3_600_000 };
    const summary = await prune({ pruner, keep, dryRun, signal });
    const line = { dry_run: dryRun, ...summary, seconds: Math.round(performance.now() - startedMs) / 1000 };
    log.info({ event: 'prune', ...line }, 'prune');
    print(json ? JSON.stringify(line, undefined, 2) : formatSummary(summary, dryRun));
    return summary.stopped ? 1 : 0;
  } finally {
    await pruner.close();
  }
}

function formatSummary({ before, counts }: PruneSummary, dryRun: boolean): string {
  const heading = ['history', 'older than', dryRun ? 'would be pruned' : 'pruned'];
  return formatTable(
    heading,
    prunables.map((what) => [what, before[what], String(counts[what])]),
  );
}
