// Tests of how Postgres answers the lists: from an index, for a page of many rows and under row-level security.
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#testkit/postgres-for-tests.ts';
import type { RecordListOptions } from '../read/conditions.ts';
import type { Statement } from '../read/dialect.ts';
import { listRecords } from '../read/records.ts';
import { sortFields } from '../store.ts';
import { openPostgres, type PostgresConnection } from './connection.ts';
import { createPostgresQuery } from './reader.ts';
import { postgresDialect } from './reader-dialect.ts';

let database: TestDatabase;
let connection: PostgresConnection;
/** Filled, and never looked at by the planner's statistics. */
let freshDatabase: TestDatabase;
let freshConnection: PostgresConnection;

// 20,000 accounts in 400 units of 50, a seventh of them without a name, half of them of another tenant.
const rows = `
  insert into cloud_accounts (tenant_id, provider, id, partition, org_id, name, org_path_ids, tags, raw, raw_hash,
    content_hash, known_fields, provenance, source, scope, run_id, discovered_at, valid_from)
  select case when i % 2 = 0 then 'mine' else 'theirs' end, 'aws', lpad(i::text, 12, '0'), 'aws', 'o-1',
    case when i % 7 > 0 then 'account ' || md5(i::text) end, array['o-1/r-1', 'o-1/ou-' || i % 400],
    jsonb_build_object('owner', 'team ' || i % 500), '{}', '', '', '{}', '{}', 'aws/1', 'aws:main',
    gen_random_uuid(), now() - i * interval '1 second', now() - i * interval '1 minute'
  from generate_series(1, 20000) as i`;

// 2,000 nodes in two organizations of each tenant.
const nodes = `
  insert into org_nodes (tenant_id, provider, org_id, id, kind, raw, raw_hash, content_hash, known_fields, provenance, source,
    scope, run_id, discovered_at, valid_from)
  select case when i % 2 = 0 then 'mine' else 'theirs' end, 'aws', 'o-' || i % 4, 'o-' || i % 4 || '/ou-' || i, 'ou', '{}', '', '',
    '{}', '{}', 'aws/1', 'aws:main', gen_random_uuid(), now(), now()
  from generate_series(1, 4000) as i`;

beforeAll(async () => {
  database = await openTestDatabase();
  await runAsAdmin(database, [rows, nodes, 'vacuum analyze cloud_accounts', 'vacuum analyze org_nodes']);
  connection = openAsReader(database);
  freshDatabase = await openTestDatabase();
  await runAsAdmin(freshDatabase, ['alter table cloud_accounts set (autovacuum_enabled = false)', rows]);
  freshConnection = openAsReader(freshDatabase);
});

afterAll(async () => {
  await Promise.all([connection?.close(), freshConnection?.close()]);
  await Promise.all([database?.close(), freshDatabase?.close()]);
});

async function runAsAdmin({ adminUrl }: TestDatabase, statements: readonly string[]): Promise<void> {
  const admin = postgres(adminUrl, { max: 1, connection: { search_path: 'inventory' } });
  for (const statement of statements) await admin.unsafe(statement);
  await admin.end({ timeout: 5 });
}

function openAsReader(target: TestDatabase): PostgresConnection {
  const options = { applicationName: 'test', maxConnections: 1, statementTimeoutMs: 10_000 };
  return openPostgres({ ...options, url: target.urlFor('inventory_api'), readOnly: true });
}

/** The plan, as text, of a list under the API's role. */
async function explainList(options: Partial<RecordListOptions>, at = connection): Promise<string> {
  const statement = listRecords(
    'account',
    {
      ...{ tenant_id: 'mine', limit: 100, sort: { field: 'id', descending: false }, vanished: 'exclude', tags: [] },
      ...options,
    },
    postgresDialect,
  );
  const explained = { ...statement, text: `explain ${withLiterals(statement)}` };
  const [lines = []] = await createPostgresQuery(at)('mine', [explained]);
  return lines.map((line) => line['QUERY PLAN']).join('\n');
}

// The plan for these values, as a prepared statement has it until it is generic.
function withLiterals({ text, parameters }: Statement): string {
  return text.replaceAll(/@([a-z]\w*)/g, (_match, name: string) => {
    const value = parameters[name];
    const literal = Array.isArray(value) ? `{${value.map((item) => JSON.stringify(item)).join(',')}}` : value;
    return `'${String(literal).replaceAll("'", "''")}'`;
  });
}

describe('a page of 100 of 10,000 accounts', () => {
  const after = {
    id: '000000010000',
    name: 'account 8',
    discovered_at: '2026-01-01T00:00:00.000Z',
    valid_from: '2026-01-01T00:00:00.000Z',
  };

  test.for(
    sortFields.flatMap((field) => [
      { field, descending: false },
      { field, descending: true },
    ]),
  )('by $field, descending $descending, is read in the order of an index', async (sort) => {
    for (const position of [undefined, { value: after[sort.field], key: ['aws', '000000010000'] }]) {
      const plan = await explainList({ sort, after: position });

      expect(plan).toMatch(new RegExp(`Index (Only )?Scan.* using cloud_accounts_${sort.field} `));
      expect(plan).not.toContain('Seq Scan');
    }
  });

  test.for(sortFields)('by %s is read in the order of an index before there are statistics', async (field) => {
    const plan = await explainList({ sort: { field, descending: false } }, freshConnection);

    expect(plan).toMatch(new RegExp(`Index (Only )?Scan.* using cloud_accounts_${field} `));
    expect(plan).not.toMatch(/Seq Scan|Bitmap/);
  });

  test.for([
    false,
    true,
  ])('by name, descending %s, accounts without one are read in that order too', async (descending) => {
    const plan = await explainList({ sort: { field: 'name', descending } });

    expect(plan).toMatch(/Index Cond: .*name IS NULL/);
    // The only sort is that of the two pages which become one.
    expect(plan.match(/Sort Key/g)).toHaveLength(1);
  });

  // Row-level security lets no operator into an index that is not leakproof, and && and @> are not.
  test('under a node reads no other tenant', async () => {
    const plan = await explainList({ under: 'ou-7' });

    expect(plan).toMatch(/Index Cond: \(tenant_id = /);
    expect(plan).not.toContain('Seq Scan');
  });

  test('under a node finds the node in indexes alone, whichever id names it', async () => {
    const plan = await explainList({ under: 'ou-8' });

    expect(plan).toMatch(/Index Cond: \(.*tenant_id = .*\(id = /);
    expect(plan).toMatch(/Index Cond: \(.*tenant_id = .*\(bare_id = /);
  });
});
