// The two databases as the contract suites see them: a Writer and a Reader under the service roles, and SQL beside them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { openTestDatabase } from '#testkit/postgres-for-tests.ts';
import { migrate } from './migrate.ts';
import { openPostgres } from './postgres/connection.ts';
import { createPostgresPruner } from './postgres/prune.ts';
import { createPostgresReader } from './postgres/reader.ts';
import { createPostgresSeeder } from './postgres/seed.ts';
import { createPostgresWriter } from './postgres/writer.ts';
import type { Pruner } from './prune.ts';
import type { Seeder } from './seed.ts';
import { openSqlite, prepare } from './sqlite/connection.ts';
import { createSqlitePruner } from './sqlite/prune.ts';
import { createSqliteReader } from './sqlite/reader.ts';
import { createSqliteSeeder } from './sqlite/seed.ts';
import { createSqliteWriter } from './sqlite/writer.ts';
import type { Reader, Writer } from './store.ts';

/** A row of any table: JSON and arrays decoded, times as UTC text. */
export type Row = Record<string, unknown>;

/** An open database of one test file. Tests keep apart by their tenants. */
export interface TestStore {
  readonly dialect: 'sqlite' | 'postgres';
  readonly writer: Writer;
  readonly pruner: Pruner;
  /** Under the role of ingest. */
  readonly seeder: Seeder;
  /** Under the role of the API. */
  readonly reader: Reader;
  /** Where another process finds it: a connection string of the collector's role, or a path. */
  readonly url: string;
  /** Runs SQL as an administrator; it must mean the same on both databases. */
  query(sql: string): Promise<Row[]>;
  /** Waits until the log shows what is written by now: on Postgres when the transactions of the cluster that are open now have ended. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Opens each of them, for `describe.for`. */
export const databases = [
  { dialect: 'sqlite', open: openSqliteStore },
  { dialect: 'postgres', open: openPostgresStore },
] as const;

const migrationsDir = join(import.meta.dirname, '../migrations');
const countedTables = ['cloud_accounts', 'org_nodes', 'monitoring_endpoints', 'relations', 'record_versions', 'events'];

/** How many rows of record, version and event tables were inserted, updated or deleted for a tenant so far. */
export async function countWrites(store: TestStore, tenant: string): Promise<number> {
  const [row] = await store.query(`select count(*) as writes from test_writes where tenant_id = '${tenant}'`);
  return Number(row?.['writes']);
}

async function openSqliteStore(): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-store-'));
  const url = join(folder, 'inventory.db');
  await migrate({ url, migrationsDir, mode: 'apply', log: createLogger({ level: 'silent' }) });
  const database = openSqlite({ path: url, readOnly: false });
  database.exec('create table test_writes (tenant_id text not null)');
  for (const table of countedTables) {
    for (const [operation, row] of [
      ['insert', 'new'],
      ['update', 'new'],
      ['delete', 'old'],
    ]) {
      database.exec(`create trigger count_${table}_${operation} after ${operation} on ${table}
        begin insert into test_writes values (${row}.tenant_id); end`);
    }
  }
  const reading = openSqlite({ path: url, readOnly: true });
  return {
    dialect: 'sqlite',
    writer: createSqliteWriter(database, { clock: systemClock }),
    pruner: createSqlitePruner(database),
    seeder: createSqliteSeeder(database, { clock: systemClock }),
    reader: createSqliteReader(reading),
    url,
    async query(sql) {
      return prepare<Row>(database, sql).all().map(decodeRow);
    },
    settle: async () => undefined,
    async close() {
      reading.close();
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openPostgresStore(): Promise<TestStore> {
  const database = await openTestDatabase();
  const admin = postgres(database.adminUrl, {
    max: 2,
    onnotice: () => undefined,
    connection: { search_path: 'inventory' },
  });
  await admin.unsafe(countingTriggers);
  const url = database.urlFor('inventory_collector');
  const options = { applicationName: 'test', maxConnections: 4, statementTimeoutMs: 10_000 };
  const connection = openPostgres({ ...options, url, readOnly: false });
  const pruning = openPostgres({ ...options, url: database.urlFor('inventory_prune'), readOnly: false });
  const seeding = openPostgres({ ...options, url: database.urlFor('inventory_ingest'), readOnly: false });
  const reading = openPostgres({ ...options, url: database.urlFor('inventory_api'), readOnly: true });
  return {
    dialect: 'postgres',
    writer: createPostgresWriter(connection, { clock: systemClock }),
    pruner: createPostgresPruner(pruning),
    seeder: createPostgresSeeder(seeding, { clock: systemClock }),
    reader: createPostgresReader(reading),
    url,
    query: async (sql) => (await admin.unsafe<Row[]>(sql)).map(decodeRow),
    settle: () => waitForTransactions(admin),
    async close() {
      await seeding.close();
      await pruning.close();
      await reading.close();
      await connection.close();
      await admin.end({ timeout: 5 });
      await database.close();
    },
  };
}

/** Of all databases of the cluster, so those of the tests beside this one too. Throws what is still open after 50 s. */
async function waitForTransactions(admin: postgres.Sql): Promise<void> {
  const deadline = AbortSignal.timeout(50_000);
  const [{ next } = {}] = await admin`select pg_snapshot_xmax(pg_current_snapshot())::text as next`;
  for (;;) {
    const [{ ended } = {}] =
      await admin`select pg_snapshot_xmin(pg_current_snapshot()) >= ${next}::text::xid8 as ended`;
    if (ended === true) return;
    if (!deadline.aborted) continue;
    const open = await admin`select datname, query from pg_stat_activity where backend_xid is not null`;
    throw new Error(`transactions are open for 50 s: ${JSON.stringify(open)}`);
  }
}

// The function runs as its owner: the collector may not write the table that counts.
const countingTriggers = `
  create table test_writes (tenant_id text not null);
  create function count_write() returns trigger language plpgsql security definer set search_path = inventory as $$
    begin insert into test_writes values (coalesce(new.tenant_id, old.tenant_id)); return null; end $$;
  ${countedTables
    .map(
      (table) => `create trigger count_write after insert or update or delete on ${table}
        for each row execute function count_write();`,
    )
    .join('\n')}`;

function decodeRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, decodeValue(value)]));
}

// SQLite keeps JSON as text. No plain text of the tests looks like it.
function decodeValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' && /^[[{"]/.test(value) ? JSON.parse(value) : value;
}
