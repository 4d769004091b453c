// How fresh each collector is, out of its runs, its scopes and what is configured: the same facts for /metrics and `inventory status`.
import { z } from 'zod';
import type { Config } from '#core/config.ts';
import { timestampSchema } from '#core/provenance.ts';
import { countsSchema, outcomeSchema } from '#core/run.ts';
import type { CollectorRuns, ScopeStatus } from '#store/status.ts';
import { freshnessSchema, toFreshness } from './freshness.ts';

/** What a run counts of records and observations, as far as a collector's state shows it. */
export const itemsSchema = countsSchema.pick({ seen: true, missing: true, vanished: true, rejected: true });

/** One collector of one tenant. Each fact has the name of its metric: `last_run_status` is `inventory_collector_last_run_status`. */
export const collectorStatusSchema = z.strictObject({
  tenant_id: z.string(),
  collector: z.string(),
  enabled: z.boolean().meta({ description: 'whether the configuration of this process has a part for it' }),
  freshness_budget_seconds: z.number().nullable().meta({ description: 'null where it is not enabled' }),
  freshness: freshnessSchema
    .nullable()
    .meta({ description: 'the last success against the budget; null where it is not enabled' }),
  last_success_at: timestampSchema
    .nullable()
    .meta({ description: 'up to when every configured scope was read completely; null until each of them was once' }),
  stalest_scope: z.string().nullable().meta({ description: 'the scope that says so; null when none is configured' }),
  last_attempt_at: timestampSchema.nullable().meta({ description: 'when its latest run began' }),
  last_duration_seconds: z.number().nullable().meta({ description: 'of the last run that ended' }),
  last_run_status: outcomeSchema.nullable().meta({ description: 'of the last run that ended' }),
  items: itemsSchema.nullable().meta({ description: 'of the last run that ended' }),
});
export type CollectorStatus = z.output<typeof collectorStatusSchema>;

/** What the configuration of a process says: for its own tenant, and of no other one. */
export interface ConfiguredCollectors {
  readonly tenant: string;
  readonly collectors: Config['collectors'];
}

/** What the database says. */
export interface CollectorFacts {
  readonly runs: readonly CollectorRuns[];
  readonly scopes: readonly ScopeStatus[];
}

/** Every collector that is configured or has taken a scope, by tenant and name. */
export function toCollectorStatus(
  { runs, scopes }: CollectorFacts,
  { tenant, collectors }: ConfiguredCollectors,
  now: Date,
): readonly CollectorStatus[] {
  const scopesOf = Map.groupBy(scopes, toKey);
  const known = runs.map((run) => {
    const part = run.tenant_id === tenant ? collectors[run.collector] : undefined;
    return judge(run, { scopes: scopesOf.get(toKey(run)) ?? [], budgetMs: part?.freshness_budget ?? null, now });
  });
  const keys = new Set(runs.map(toKey));
  const others = Object.entries(collectors)
    .map(([collector, { freshness_budget }]) => ({ ...neverRun, tenant_id: tenant, collector, freshness_budget }))
    .filter((collector) => !keys.has(toKey(collector)))
    .map(({ freshness_budget: budgetMs, ...run }) => judge(run, { scopes: [], budgetMs, now }));
  return [...known, ...others].sort((a, b) => (toKey(a) < toKey(b) ? -1 : 1));
}

const neverRun = {
  configured_scopes: null,
  last_attempt_at: null,
  last_run_status: null,
  last_duration_seconds: null,
  seen: null,
  missing: null,
  vanished: null,
  rejected: null,
};

interface Circumstances {
  readonly scopes: readonly ScopeStatus[];
  /** Null where the collector is not enabled. */
  readonly budgetMs: number | null;
  readonly now: Date;
}

function judge(run: CollectorRuns, { scopes, budgetMs, now }: Circumstances): CollectorStatus {
  const { last_success_at, stalest_scope } = findStalest(run, scopes);
  const { seen, missing, vanished, rejected } = run;
  const items = itemsSchema.safeParse({ seen, missing, vanished, rejected });
  return {
    tenant_id: run.tenant_id,
    collector: run.collector,
    enabled: budgetMs !== null,
    freshness_budget_seconds: budgetMs === null ? null : budgetMs / 1000,
    freshness: budgetMs === null ? null : toFreshness(last_success_at, budgetMs, now),
    last_success_at,
    stalest_scope,
    last_attempt_at: run.last_attempt_at,
    last_duration_seconds: run.last_duration_seconds,
    last_run_status: run.last_run_status,
    items: items.success ? items.data : null,
  };
}

// A collector is as fresh as its stalest scope: one dead source must not hide behind the others. Scopes that were taken out of
// the configuration stay in the database, and would make it stale for ever.
function findStalest(
  { configured_scopes }: CollectorRuns,
  scopes: readonly ScopeStatus[],
): Pick<CollectorStatus, 'last_success_at' | 'stalest_scope'> {
  const names = configured_scopes ?? scopes.map(({ scope }) => scope);
  const completed = new Map(scopes.map(({ scope, last_complete_at }) => [scope, last_complete_at]));
  const ages = names.map((scope) => ({ scope, at: completed.get(scope) ?? null }));
  // Times are texts of one form, and none sorts before all.
  const [stalest] = ages.sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? -1 : 1));
  return { last_success_at: stalest?.at ?? null, stalest_scope: stalest?.scope ?? null };
}

function toKey({ tenant_id, collector }: { readonly tenant_id: string; readonly collector: string }): string {
  return `${tenant_id} ${collector}`;
}
