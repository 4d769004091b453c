// That PostgreSQL keeps no finer times than are told: a page begins after the time that its cursor names.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { zeroCounts } from '#core/run.ts';
import { account, lapseLease, newActor, openRun, run } from '../scenario.contract.ts';
import { databases, type TestStore } from '../stores.contract.ts';

let store: TestStore;

beforeAll(async () => {
  store = await databases[1].open();
});

afterAll(() => store?.close());

test('all times that are told are stored in whole milliseconds', async () => {
  const actor = newActor();
  const { tenant: tenant_id } = actor;
  // Each of them would be whole by chance once in a thousand times.
  for (let again = 0; again < 3; again += 1) {
    const { run_id } = await run(store.writer, actor, [account('1', { name: `name ${again}` })]);
    const ending = { outcome: 'complete', principal: null, sdk: null, error_code: null, error: null } as const;
    await store.writer.finishRun({ tenant_id, id: run_id }, { ...zeroCounts(), ...ending });
    const skipped = { tenant_id, run_id, scope: `aws:${again}`, collector: 'aws' };
    await store.writer.skipScope(skipped, 'held elsewhere');
    await openRun(store.writer, actor);
    await lapseLease(store, actor);
  }

  const columns = await store.query(
    `select table_name as "table", column_name as "column" from information_schema.columns
     where table_schema = 'inventory' and data_type = 'timestamp with time zone'
       and column_name not in ('lease_expires_at', 'applied_at')`,
  );
  const finer: string[] = [];
  for (const { table, column } of columns) {
    const rows = await store.query(
      `select 1 from ${table} where ${column} <> date_trunc('milliseconds', ${column}) limit 1`,
    );
    if (rows.length > 0) finer.push(`${table}.${column}`);
  }
  expect(columns.length).toBeGreaterThan(10);
  expect(finer).toEqual([]);
});
