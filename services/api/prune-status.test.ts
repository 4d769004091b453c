// What is told of pruning: how fresh it is where it is scheduled, and the same under the names of the metrics.
import { describe, expect, test } from 'vitest';
import { configSchema } from '#core/config.ts';
import type { PruneStatus } from '#store/status.ts';
import { storedMetrics } from './metrics.ts';
import { judgedPruningSchema, judgePruning } from './prune-status.ts';

const now = new Date('2026-03-03T12:00:00.000Z');
const pruning: PruneStatus = {
  ...{ tenant_id: 'acme', last_attempt_at: '2026-03-03T03:30:00.000Z', last_success_at: '2026-03-02T03:30:01.500Z' },
  ...{ last_run_status: 'stopped', last_duration_seconds: 1770 },
  ...{ versions: 10, events: 20, pages: 0, runs: 3, keys: 4 },
};
const scheduled = (prune: unknown, tenant = 'acme') => configSchema.parse({ tenant, prune });

async function samples(prunings: readonly PruneStatus[], prune: unknown) {
  const text = await storedMetrics({ runs: [], scopes: [], prunings }, scheduled(prune), now).metrics();
  return text.split('\n').filter((line) => line.startsWith('inventory_prune_'));
}

describe('pruning', () => {
  test('has a budget of two nights where it is scheduled and nothing else is said', () => {
    expect(judgePruning([pruning], scheduled(null), now)).toEqual([
      { ...pruning, freshness_budget_seconds: 180_000, freshness: 'fresh' },
    ]);
  });

  test.for([
    ['50h', 'fresh'],
    ['32h', 'stale'],
  ] as const)('that last succeeded 32.5 hours ago is within a budget of %s %s', ([freshness_budget, freshness]) => {
    expect(judgePruning([pruning], scheduled({ freshness_budget }), now)).toMatchObject([{ freshness }]);
  });

  test('is judged for the tenant of the configuration alone, and not where it is not scheduled', () => {
    const unjudged = [{ freshness: null, freshness_budget_seconds: null }];

    expect(judgePruning([pruning], scheduled(undefined), now)).toMatchObject(unjudged);
    expect(judgePruning([pruning], scheduled({}, 'other'), now)).toMatchObject([...unjudged, { freshness: 'never' }]);
  });

  test('that is scheduled and was never done is told', () => {
    expect(judgePruning([], scheduled({}), now)).toMatchObject([
      { tenant_id: 'acme', last_attempt_at: null, freshness: 'never' },
    ]);
    expect(judgePruning([], scheduled(undefined), now)).toEqual([]);
  });
});

describe('the metrics of pruning', () => {
  test('every fact is a sample', async () => {
    expect(await samples([pruning], {})).toEqual([
      'inventory_prune_freshness_budget_seconds{tenant_id="acme"} 180000',
      'inventory_prune_last_success_timestamp_seconds{tenant_id="acme"} 1772422201.5',
      'inventory_prune_last_attempt_timestamp_seconds{tenant_id="acme"} 1772508600',
      'inventory_prune_last_duration_seconds{tenant_id="acme"} 1770',
      'inventory_prune_rows{tenant_id="acme",history="versions"} 10',
      'inventory_prune_rows{tenant_id="acme",history="events"} 20',
      'inventory_prune_rows{tenant_id="acme",history="pages"} 0',
      'inventory_prune_rows{tenant_id="acme",history="runs"} 3',
      'inventory_prune_rows{tenant_id="acme",history="keys"} 4',
      'inventory_prune_last_run_status{tenant_id="acme",status="complete"} 0',
      'inventory_prune_last_run_status{tenant_id="acme",status="stopped"} 1',
      'inventory_prune_last_run_status{tenant_id="acme",status="failed"} 0',
    ]);
  });

  test('what is not known is no sample', async () => {
    expect(await samples([], {})).toEqual(['inventory_prune_freshness_budget_seconds{tenant_id="acme"} 180000']);
    expect(await samples([], undefined)).toEqual([]);
  });

  test('each fact of `inventory status --json` has its metric, and each metric its fact', async () => {
    const found = (await samples([pruning], {})).flatMap((line) => {
      const [, name = '', history] = /^inventory_prune_(\w+)\{[^}]*?(?:history="(\w+)")?\}/.exec(line) ?? [];
      return [history ?? name.replace(/_timestamp_seconds$/, '_at')];
    });

    const facts = judgedPruningSchema.keyof().options.filter((name) => name !== 'tenant_id' && name !== 'freshness');
    expect([...new Set(found)].sort()).toEqual([...facts].sort());
  });
});
