// Tests of how Postgres finds what is to be pruned: from an index, reading no more than the batch, as the owner's functions do it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Explained, openExplained } from './plans.contract.ts';

let explained: Explained;

// 20,000 versions, events and requests of each of two tenants, a tenth of them older than the time.
const rows = `
  insert into record_versions (tenant_id, kind, key, valid_from, valid_to, content, changed_fields, provenance, run_id)
  select case when i % 2 = 0 then 'mine' else 'theirs' end, case when i % 3 = 0 then 'org_node' else 'account' end,
    'key ' || i, timestamptz '2026-01-01' + i * interval '1 minute', timestamptz '2026-01-02' + i * interval '1 minute',
    '{}', '{}', '{}', gen_random_uuid()
  from generate_series(1, 40000) as i;
  insert into events (event_id, event_type, schema_version, tenant_id, source, timestamp, correlation_id, causation_id, payload)
  select gen_random_uuid(), 'account.updated', '1', case when i % 2 = 0 then 'mine' else 'theirs' end, 'x',
    timestamptz '2026-01-01' + i * interval '1 minute', gen_random_uuid(), gen_random_uuid(), '{}'
  from generate_series(1, 40000) as i;
  insert into collector_runs (tenant_id, id, collector, version, trigger, started_at)
  select t, '00000000-0000-4000-8000-000000000001', 'aws', '1', 'cli', now() from unnest(array['mine', 'theirs']) t;
  insert into run_scopes (tenant_id, run_id, scope, started_at) select tenant_id, id, 'aws:main', now() from collector_runs;
  insert into run_pages (tenant_id, run_id, scope, seq, operation, page, request_ids, attempts, retry_delay_ms, items, fetched_at)
  select tenant_id, id, 'aws:main', i, 'x', 1, '{}', 1, 0, 1, timestamptz '2026-01-01' + i * interval '1 minute'
  from collector_runs, generate_series(1, 20000) as i`;

beforeAll(async () => {
  explained = await openExplained(rows);
});

afterAll(() => explained?.close());

test.for([
  [`prune_versions('mine', '{account,org_node}', '2026-01-05', 200)`, 'record_versions', 'record_versions_valid_to'],
  [`prune_events('mine', '2026-01-05', 200)`, 'events', 'events_order'],
  [`prune_pages('mine', '2026-01-05', 200)`, 'run_pages', 'run_pages_fetched_at'],
] as const)('%s reads the batch from an index of %s and nothing else', async ([call, table, index]) => {
  const { admin, plans } = explained;
  // Often enough for the plans to be those for any time.
  for (let batch = 1; batch <= 8; batch += 1) {
    plans.length = 0;

    const [row] = await admin.unsafe<{ pruned: number }[]>(`select ${call} as pruned`);

    const plan = plans.find((text) => text.includes(`Delete on ${table}`)) ?? '';
    expect([batch, row?.pruned]).toEqual([batch, 200]);
    // In its order: nothing is sorted but the batch, and nothing is looked at that is not in it.
    expect(plan).toMatch(new RegExp(`Index (Only )?Scan using ${index} on ${table}.* rows=[12]\\d\\d\\.`));
    expect(plan).toMatch(new RegExp(`Tid Scan on ${table} .*rows=200\\.`));
    expect(plan).not.toMatch(/Seq Scan|Bitmap|Rows Removed by/);
  }
});
