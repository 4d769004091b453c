// Freshness, outcome and counts of every scope as Prometheus metrics: the rows of the runs are the metric.
import type { Registry } from 'prom-client';
import { outcomeSchema } from '#core/run.ts';
import type { ScopeStatus } from '#store/status.ts';
import { addFacts, addOutcomes, type Facts } from './gauges.ts';
import { toSeconds } from './to-seconds.ts';

const factsAt = (now: Date): Facts<ScopeStatus> => ({
  inventory_scope_last_complete_timestamp_seconds: {
    help: 'When the scope was last read completely; absent until it was.',
    value: ({ last_complete_at }) => toSeconds(last_complete_at),
  },
  inventory_scope_last_attempt_timestamp_seconds: {
    help: 'When a run last took the scope.',
    value: ({ last_attempt_at }) => toSeconds(last_attempt_at),
  },
  inventory_scope_age_seconds: {
    help: 'Time since the scope was last read completely; absent until it was.',
    value({ last_complete_at }) {
      const completedAt = toSeconds(last_complete_at);
      // The two clocks may differ a little.
      return completedAt === null ? null : Math.max(0, now.getTime() / 1000 - completedAt);
    },
  },
  inventory_scope_duration_seconds: {
    help: 'How long the last ended run took over the scope.',
    value: ({ duration_seconds }) => duration_seconds,
  },
  inventory_scope_records_seen: {
    help: 'Records that the last ended run saw.',
    value: ({ seen }) => seen,
  },
  inventory_scope_records_missing: {
    help: 'Records that the last ended run did not see, though it listed their kind to its end.',
    value: ({ missing }) => missing,
  },
  inventory_scope_records_vanished: {
    help: 'Records that the last ended run marked as vanished.',
    value: ({ vanished }) => vanished,
  },
  inventory_scope_records_rejected: {
    help: 'Observations of the last ended run that were not valid.',
    value: ({ rejected }) => rejected,
  },
  inventory_scope_held_kinds: {
    help: 'Kinds whose records the shrink guard keeps from vanishing until an operator confirms.',
    value: ({ held_kinds }) => held_kinds,
  },
});

/** Adds the scopes to the registry of a scrape. */
export function addScopeMetrics(registry: Registry, statuses: readonly ScopeStatus[], now: Date): void {
  const subjects = { all: statuses, labelNames: ['tenant_id', 'collector', 'scope'], labelsOf };
  addFacts(registry, factsAt(now), subjects);
  const outcomes = {
    name: 'inventory_scope_outcome',
    help: '1 for the outcome of the last ended run, 0 for the others.',
    ...{ label: 'outcome', all: outcomeSchema.options, outcomeOf: ({ outcome }: ScopeStatus) => outcome },
  };
  addOutcomes(registry, outcomes, subjects);
}

function labelsOf({ tenant_id, collector, scope }: ScopeStatus) {
  return { tenant_id, collector, scope };
}
