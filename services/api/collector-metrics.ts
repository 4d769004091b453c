// The state of every collector as Prometheus metrics, each under the name that `inventory status --json` has for it.
import { Gauge, type Registry } from 'prom-client';
import { outcomeSchema } from '#core/run.ts';
import { type CollectorStatus, itemsSchema } from './collector-status.ts';
import { toSeconds } from './to-seconds.ts';

type Value = (status: CollectorStatus) => number | null;

// A value that is not known makes no sample: 0 would be a lie.
const gauges: Readonly<Record<string, { help: string; value: Value }>> = {
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
  const registers = [registry];
  const labelNames = ['tenant_id', 'collector'];
  for (const [name, { help, value }] of Object.entries(gauges)) {
    const gauge = new Gauge({ name, help, labelNames, registers });
    for (const status of collectors) {
      const found = value(status);
      if (found !== null) gauge.set(toLabels(status), found);
    }
  }
  const items = new Gauge({
    name: 'inventory_collector_items',
    help: 'Observations seen and rejected, and records missing and vanished, in the last ended run.',
    labelNames: [...labelNames, 'state'],
    registers,
  });
  // One series for each outcome, so that a change of outcome ends none.
  const outcomes = new Gauge({
    name: 'inventory_collector_last_run_status',
    help: '1 for the outcome of the last ended run, 0 for the others.',
    labelNames: [...labelNames, 'status'],
    registers,
  });
  for (const collector of collectors) {
    const labels = toLabels(collector);
    for (const state of itemsSchema.keyof().options) {
      if (collector.items !== null) items.set({ ...labels, state }, collector.items[state]);
    }
    for (const status of outcomeSchema.options) {
      if (collector.last_run_status === null) continue;
      outcomes.set({ ...labels, status }, collector.last_run_status === status ? 1 : 0);
    }
  }
}

function toLabels({ tenant_id, collector }: CollectorStatus) {
  return { tenant_id, collector };
}
