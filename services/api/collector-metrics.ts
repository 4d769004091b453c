// The state of every collector as Prometheus metrics, each under the name that `inventory status --json` has for it.
import { Gauge, type Registry } from 'prom-client';
import { outcomeSchema } from '#core/run.ts';
import { type CollectorStatus, itemsSchema } from './collector-status.ts';
import { addFacts, addOutcomes, type Facts } from './gauges.ts';
import { toSeconds } from './to-seconds.ts';

const facts: Facts<CollectorStatus> = {
  inventory_collector_enabled: {
    help: 'Whether the configuration of this process has a part for the collector.',
    value: ({ enabled }) => (enabled ? 1 : 0),
  },
  inventory_collector_freshness_budget_seconds: {
    help: 'How old the last success may be; absent where the collector is not enabled.',
    value: ({ freshness_budget_seconds }) => freshness_budget_seconds,
  },
  inventory_collector_last_success_timestamp_seconds: {
    help: 'Up to when every configured scope was read completely; absent until each of them was once.',
    value: ({ last_success_at }) => toSeconds(last_success_at),
  },
  inventory_collector_last_attempt_timestamp_seconds: {
    help: 'When the latest run began.',
    value: ({ last_attempt_at }) => toSeconds(last_attempt_at),
  },
  inventory_collector_last_duration_seconds: {
    help: 'How long the last ended run took.',
    value: ({ last_duration_seconds }) => last_duration_seconds,
  },
};

/** Adds the collectors to the registry of a scrape. */
export function addCollectorMetrics(registry: Registry, collectors: readonly CollectorStatus[]): void {
  const subjects = { all: collectors, labelNames: ['tenant_id', 'collector'], labelsOf };
  addFacts(registry, facts, subjects);
  const items = new Gauge({
    name: 'inventory_collector_items',
    help: 'Records seen, missing and vanished, and observations rejected, in the last ended run.',
    labelNames: [...subjects.labelNames, 'state'],
    registers: [registry],
  });
  for (const collector of collectors) {
    if (collector.items === null) continue;
    for (const state of itemsSchema.keyof().options) {
      items.set({ ...labelsOf(collector), state }, collector.items[state]);
    }
  }
  const outcomes = {
    name: 'inventory_collector_last_run_status',
    help: '1 for the outcome of the last ended run, 0 for the others.',
    ...{ label: 'status', all: outcomeSchema.options },
    outcomeOf: ({ last_run_status }: CollectorStatus) => last_run_status,
  };
  addOutcomes(registry, outcomes, subjects);
}

function labelsOf({ tenant_id, collector }: CollectorStatus) {
  return { tenant_id, collector };
}
