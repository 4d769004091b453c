// `inventory status`: how fresh every collector and every scope is, how its last run ended, and how pruning goes.
import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { type CollectorStatus, collectorStatusSchema, toCollectorStatus } from '#services/api/collector-status.ts';
import { type JudgedPruning, judgedPruningSchema, judgePruning } from '#services/api/prune-status.ts';
import { openReader } from '#store/open.ts';
import { prunables } from '#store/prune.ts';
import { type ScopeStatus, scopeStatusSchema } from '#store/status.ts';
import type { Environment } from './environment.ts';
import { loadConfig } from './load-config.ts';
import { formatTable } from './table.ts';

/** What `inventory status --json` prints: the facts of /metrics, of the configured tenant. */
export const statusSchema = z.strictObject({
  collectors: z.array(collectorStatusSchema),
  scopes: z.array(scopeStatusSchema),
  pruning: z.array(judgedPruningSchema),
});
export type Status = z.output<typeof statusSchema>;

/** Prints one line per collector and per scope of the configured tenant, or says that nothing has run yet. */
export async function statusCommand(environment: Environment, options: { readonly json?: boolean }): Promise<void> {
  const { clock, migrationsDir, variables } = environment;
  const config = await loadConfig(variables);
  const reader = await openReader({ url: config.databaseUrl, migrationsDir });
  try {
    const { tenant } = config;
    const [runs, scopes, prunings] = await Promise.all([
      reader.listCollectorRuns(tenant),
      reader.listScopeStatus(tenant),
      reader.listPruneStatus(tenant),
    ]);
    const collectors = toCollectorStatus({ runs, scopes }, config, clock.now());
    const status = statusSchema.parse({ collectors, scopes, pruning: judgePruning(prunings, config, clock.now()) });
    environment.print(options.json ? JSON.stringify(status, undefined, 2) : formatStatus(status, clock));
  } finally {
    await reader.close();
  }
}

/** The tables, or a hint when there is nothing to show. */
export function formatStatus({ collectors, scopes, pruning }: Status, clock: Pick<Clock, 'now'>): string {
  const hint = 'no scope has been collected yet: inventory collect aws';
  const parts = [
    ...(collectors.length > 0 ? [formatCollectors(collectors, clock.now())] : []),
    scopes.length > 0 ? formatScopes(scopes, clock.now()) : hint,
    ...(pruning.length > 0 ? [formatPruning(pruning, clock.now())] : []),
  ];
  return parts.join('\n\n');
}

const times = ['last success', 'age', 'budget', 'freshness', 'last attempt', 'seconds'];

function formatTimes(status: CollectorStatus | JudgedPruning, now: Date): string[] {
  return [
    status.last_success_at ?? 'never',
    formatAge(status.last_success_at, now),
    status.freshness_budget_seconds === null ? '-' : formatDuration(status.freshness_budget_seconds),
    status.freshness ?? '-',
    status.last_attempt_at ?? 'never',
    status.last_duration_seconds?.toFixed(1) ?? '-',
  ];
}

function formatCollectors(collectors: readonly CollectorStatus[], now: Date): string {
  const heading = ['collector', 'enabled', ...times, 'seen', 'vanished', 'outcome'];
  const rows = collectors.map((status) => [
    status.collector,
    status.enabled ? 'yes' : 'no',
    ...formatTimes(status, now),
    ...[status.items?.seen, status.items?.vanished].map((count) => String(count ?? '-')),
    status.last_run_status ?? '-',
  ]);
  return formatTable(heading, rows);
}

function formatScopes(scopes: readonly ScopeStatus[], now: Date): string {
  const heading = ['scope', 'last complete', 'age', 'outcome', 'seen', 'missing', 'vanished', 'rejected', 'seconds'];
  const rows = scopes.map((scope) => [
    scope.scope,
    scope.last_complete_at ?? 'never',
    formatAge(scope.last_complete_at, now),
    scope.outcome ?? '-',
    ...[scope.seen, scope.missing, scope.vanished, scope.rejected].map((count) => String(count ?? '-')),
    scope.duration_seconds?.toFixed(1) ?? '-',
  ]);
  return formatTable(heading, rows);
}

function formatPruning(pruning: readonly JudgedPruning[], now: Date): string {
  const heading = ['pruning', ...times, 'outcome', ...prunables];
  const rows = pruning.map((status) => [
    status.tenant_id,
    ...formatTimes(status, now),
    status.last_run_status ?? '-',
    ...prunables.map((what) => String(status[what] ?? '-')),
  ]);
  return formatTable(heading, rows);
}

function formatAge(since: string | null, now: Date): string {
  if (since === null) return '-';
  return formatDuration(Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1000)));
}

// The two largest units, without a second one of 0: 3d 4h, 5h 12m, 20m, 42s.
function formatDuration(seconds: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['m', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ];
  const first = units.findIndex(([, amount]) => amount > 0);
  if (first === -1) return '0s';
  return units
    .slice(first, first + 2)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => `${amount}${unit}`)
    .join(' ');
}
