// How pruning goes, out of what it reports and what is configured: the same facts for /metrics and `inventory status`.
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import type { Config } from '#core/config.ts';
import { prunables, pruneOutcomes } from '#store/prune.ts';
import { type PruneStatus, pruneStatusSchema } from '#store/status.ts';
import { freshnessSchema, toFreshness } from './freshness.ts';
import { addFacts, addOutcomes, type Facts } from './gauges.ts';
import { toSeconds } from './to-seconds.ts';

/** A tenant's pruning. Each fact has the name of its metric: `last_run_status` is `inventory_prune_last_run_status`. */
export const judgedPruningSchema = pruneStatusSchema.omit({ last_attempt_at: true }).extend({
  last_attempt_at: pruneStatusSchema.shape.last_attempt_at.nullable(),
  freshness_budget_seconds: z.number().nullable().meta({ description: 'null where it is not scheduled' }),
  freshness: freshnessSchema.nullable().meta({ description: 'null where it is not scheduled' }),
});
export type JudgedPruning = z.output<typeof judgedPruningSchema>;

/** What the configuration of a process says of its own tenant. */
export interface ConfiguredPruning {
  readonly tenant: string;
  readonly prune?: Config['prune'];
}

const neverRun = {
  ...{ last_attempt_at: null, last_success_at: null, last_run_status: null, last_duration_seconds: null },
  ...{ versions: null, events: null, pages: null, runs: null, keys: null },
};

/** Every tenant that was ever pruned, and the configured one where pruning is scheduled. */
export function judgePruning(
  prunings: readonly PruneStatus[],
  { tenant, prune }: ConfiguredPruning,
  now: Date,
): readonly JudgedPruning[] {
  const isMissing = prune !== undefined && !prunings.some(({ tenant_id }) => tenant_id === tenant);
  const all = isMissing ? [...prunings, { ...neverRun, tenant_id: tenant }] : prunings;
  return all.map((pruning) => {
    const budgetMs = pruning.tenant_id === tenant && prune !== undefined ? prune.freshness_budget : null;
    const freshness = budgetMs === null ? null : toFreshness(pruning.last_success_at, budgetMs, now);
    return { ...pruning, freshness_budget_seconds: budgetMs === null ? null : budgetMs / 1000, freshness };
  });
}

const facts: Facts<JudgedPruning> = {
  inventory_prune_freshness_budget_seconds: {
    help: 'How old the last success of pruning may be; absent where it is not scheduled.',
    value: ({ freshness_budget_seconds }) => freshness_budget_seconds,
  },
  inventory_prune_last_success_timestamp_seconds: {
    help: 'When all that was old enough had been deleted; absent until it was once.',
    value: ({ last_success_at }) => toSeconds(last_success_at),
  },
  inventory_prune_last_attempt_timestamp_seconds: {
    help: 'When the latest pruning began.',
    value: ({ last_attempt_at }) => toSeconds(last_attempt_at),
  },
  inventory_prune_last_duration_seconds: {
    help: 'How long the last ended pruning took.',
    value: ({ last_duration_seconds }) => last_duration_seconds,
  },
};

/** Adds pruning to the registry of a scrape. */
export function addPruneMetrics(registry: Registry, prunings: readonly JudgedPruning[]): void {
  const labelsOf = ({ tenant_id }: JudgedPruning) => ({ tenant_id });
  const subjects = { all: prunings, labelNames: ['tenant_id'], labelsOf };
  addFacts(registry, facts, subjects);
  const rows = new Gauge({
    name: 'inventory_prune_rows',
    help: 'Rows of history that the last ended pruning deleted.',
    labelNames: [...subjects.labelNames, 'history'],
    registers: [registry],
  });
  for (const { tenant_id, ...pruning } of prunings) {
    for (const history of prunables) {
      const deleted = pruning[history];
      if (deleted !== null) rows.set({ tenant_id, history }, deleted);
    }
  }
  const outcomes = {
    name: 'inventory_prune_last_run_status',
    help: '1 for the outcome of the last ended pruning, 0 for the others.',
    ...{ label: 'status', all: pruneOutcomes },
    outcomeOf: ({ last_run_status }: JudgedPruning) => last_run_status,
  };
  addOutcomes(registry, outcomes, subjects);
}
