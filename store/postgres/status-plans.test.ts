// Tests of how Postgres finds the last runs of scopes and collectors, and those without an end: from an index, as /metrics asks every few seconds.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failSilentRuns } from './dead-runs.ts';
import { type Explained, openExplained } from './plans.contract.ts';

let explained: Explained;

// 20,000 runs of each of two tenants, of four collectors with a scope each. The last one of each collector is skipped, ten have no end.
const rows = `
  insert into scopes (tenant_id, scope, collector) select t, 'c' || c || ':main', 'c' || c
  from unnest(array['mine', 'theirs']) t, generate_series(0, 3) as c;
  insert into collector_runs (tenant_id, id, collector, version, trigger, configured_scopes, started_at, finished_at, outcome)
  select t, md5(i::text)::uuid, 'c' || i % 4, '1', 'cli', array['c' || i % 4 || ':main'], began,
    case when i % 2000 > 0 then began + interval '1 minute' end,
    case when i > 19996 then 'skipped' when i % 2000 > 0 then 'complete' end
  from unnest(array['mine', 'theirs']) t, generate_series(1, 20000) as i,
    lateral (select timestamptz '2026-01-01' + i * interval '15 minutes' as began) b;
  insert into run_scopes (tenant_id, run_id, scope, started_at, finished_at, outcome)
  select tenant_id, id, collector || ':main', started_at, finished_at, outcome from collector_runs`;

beforeAll(async () => {
  explained = await openExplained(rows);
});

afterAll(() => explained?.close());

test.for([
  ['scope_metrics', 'run_scopes_latest', 'run_scopes'],
  ['collector_metrics', 'collector_runs_ended', 'collector_runs'],
] as const)('%s() reads the last rows of each from %s, past what was skipped', async ([name, index, table]) => {
  const { admin, plans } = explained;
  plans.length = 0;

  const told = await admin.unsafe(`select * from ${name}()`);

  expect(told).toHaveLength(8);
  expect(told.every((row) => (row['outcome'] ?? row['last_run_status']) === 'complete')).toBe(true);
  const plan = plans.find((text) => text.includes(`Scan using ${index}`)) ?? '';
  expect(plan).toMatch(new RegExp(`Index Scan using ${index} on ${table} `));
  expect(plan).not.toMatch(/(Seq|Bitmap Heap) Scan on (run_scopes|collector_runs)/);
  expect(Number(/Rows Removed by Filter: (\d+)/.exec(plan)?.[1] ?? 0)).toBeLessThan(10);
});

test('a run that begins finds those that died in an index of those without an end, under the role of collectors', async () => {
  const { admin, plans } = explained;
  plans.length = 0;

  await admin.begin(async (sql) => {
    await sql`set local role inventory_collector`;
    await sql`select set_config('inventory.tenant_id', 'mine', true)`;
    await failSilentRuns(sql, 'mine');
  });

  expect(await admin`select distinct tenant_id from collector_runs where error_code = 'run_silent'`).toHaveLength(1);
  expect(await admin`select from collector_runs where finished_at is null and tenant_id = 'mine'`).toHaveLength(0);
  const plan = plans.find((text) => text.includes('Update on collector_runs')) ?? '';
  expect(plan).toContain('using collector_runs_unfinished');
  expect(plan).not.toMatch(/Seq Scan on (?:inventory\.)?(run_scopes|collector_runs)|Bitmap/);
});
