// `inventory status`: how fresh every scope is, and how its last run ended.
import type { Clock } from '#core/clock.ts';
import { openReader } from '#store/open.ts';
import type { ScopeStatus } from '#store/store.ts';
import type { Environment } from './environment.ts';
import { loadConfig } from './load-config.ts';
import { formatTable } from './table.ts';

/** Prints one line per scope of the configured tenant, or says that nothing has run yet. */
export async function statusCommand(environment: Environment, options: { readonly json?: boolean }): Promise<void> {
  const config = await loadConfig(environment.variables);
  const reader = await openReader({ url: config.databaseUrl, migrationsDir: environment.migrationsDir });
  try {
    const scopes = await reader.listScopeStatus(config.tenant);
    environment.print(options.json ? JSON.stringify(scopes, undefined, 2) : formatStatus(scopes, environment.clock));
  } finally {
    await reader.close();
  }
}

/** The table, or a hint when there is nothing to show. */
export function formatStatus(scopes: readonly ScopeStatus[], clock: Pick<Clock, 'now'>): string {
  if (scopes.length === 0) return 'no scope has been collected yet: inventory collect aws';
  const heading = ['scope', 'last complete', 'age', 'outcome', 'seen', 'missing', 'vanished', 'rejected', 'seconds'];
  const rows = scopes.map((scope) => [
    scope.scope,
    scope.last_complete_at ?? 'never',
    formatAge(scope.last_complete_at, clock.now()),
    scope.outcome ?? 'running',
    ...[scope.seen, scope.missing, scope.vanished, scope.rejected].map((count) => String(count ?? '-')),
    scope.duration_seconds?.toFixed(1) ?? '-',
  ]);
  return formatTable(heading, rows);
}

// The two largest units: 3d 4h, 5h 12m, 42s.
function formatAge(since: string | null, now: Date): string {
  if (since === null) return '-';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1000));
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
    .map(([unit, amount]) => `${amount}${unit}`)
    .join(' ');
}
