// The page about metrics names each one that is exported, and no other.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createProcessMetrics } from '#services/process-metrics.ts';
import type { CollectorRuns, ScopeStatus } from '#store/status.ts';
import { storedMetrics } from './metrics.ts';

const time = '2026-03-01T12:00:00.000Z';
const counts = { seen: 1, missing: 1, vanished: 1, rejected: 1 };
const common = { tenant_id: 'acme', collector: 'aws', last_attempt_at: time, ...counts };
const run: CollectorRuns = {
  ...{ ...common, configured_scopes: ['aws:main'], last_run_status: 'complete', last_duration_seconds: 1 },
};
const scope: ScopeStatus = {
  ...{ ...common, scope: 'aws:main', last_complete_at: time, held_kinds: 1, measures: {} },
  ...{ outcome: 'complete', duration_seconds: 1 },
};

test('docs/metrics.md and the registries name the same metrics', async () => {
  const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const collectors = { aws: { freshness_budget: 1000, own: {} } };

  const stored = storedMetrics(
    { runs: [run], scopes: [scope], prunings: [] },
    { tenant: 'acme', collectors },
    new Date(time),
  );
  const { registry } = createProcessMetrics({ version: '1.2.3', schemaVersion: 1 });

  const exported = [stored, registry].flatMap((from) => from.getMetricsAsArray().map(({ name }) => name));
  const documented = [...page.matchAll(/^\| `(inventory_\w+)` \|/gm)].map(([, name]) => name);
  expect(documented.sort()).toEqual(exported.filter((name) => name.startsWith('inventory_')).sort());
});
