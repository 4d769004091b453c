// Tests of how Postgres finds the records of a batch: each by its key, also before anybody has counted the table.
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#testkit/postgres-for-tests.ts';
import { inTenant, openPostgres, type PostgresConnection } from './connection.ts';
import { recordStatements } from './records.ts';

let database: TestDatabase;
let connection: PostgresConnection;

// As a first load leaves them: written a moment ago, never looked at by the planner's statistics.
const rows = `
  alter table cloud_accounts set (autovacuum_enabled = false);
  insert into cloud_accounts (tenant_id, provider, id, partition, raw, raw_hash, content_hash, known_fields, provenance,
    source, scope, run_id, discovered_at, valid_from)
  select 'mine', 'aws', lpad(i::text, 12, '0'), 'aws', '{}', '', '', '{}', '{}', 'aws/1', 'aws:main',
    gen_random_uuid(), now(), now()
  from generate_series(1, 20000) as i`;

beforeAll(async () => {
  database = await openTestDatabase();
  const admin = postgres(database.adminUrl, { max: 1, connection: { search_path: 'inventory' } });
  await admin.unsafe(rows);
  await admin.end({ timeout: 5 });
  connection = openPostgres({
    url: database.urlFor('inventory_collector'),
    ...{ applicationName: 'test', readOnly: false, maxConnections: 1, statementTimeoutMs: 10_000 },
  });
});

afterAll(async () => {
  await connection?.close();
  await database?.close();
});

test.for(['heads', 'rows'] as const)('the %s of a batch are read by their keys, and no other record', async (name) => {
  const statement = recordStatements('account')[name];
  const keys = JSON.stringify(
    Array.from({ length: 500 }, (_, i) => ({ provider: 'aws', id: `${i}`.padStart(12, '0') })),
  );

  const lines = await inTenant(connection, 'mine', (sql) => sql.unsafe(`explain ${statement}`, ['mine', keys]));

  const plan = lines.map((line) => line['QUERY PLAN']).join('\n');
  expect(plan).toMatch(/Index Scan using cloud_accounts_(?:id|pkey) on cloud_accounts/);
  expect(plan).toMatch(/Index Cond: .*\bid = k\.id/);
  expect(plan).not.toMatch(/Hash Join|Bitmap|Seq Scan on cloud_accounts/);
});
