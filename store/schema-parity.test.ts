// Both databases have the same migrations, and these make the same tables and columns.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { openTestDatabase } from '#testkit/postgres-for-tests.ts';
import { type Migration, readMigrations } from './migration-plan.ts';
import { commonColumns, recordTables } from './records.ts';
import { prepare } from './sqlite/connection.ts';
import { migrateDatabase } from './sqlite/migrations.ts';

const migrationsDir = join(import.meta.dirname, '../migrations');

/** `table.column`: its type, whether it must be filled, and its place in the primary key. */
type Columns = Record<string, { type: string; required: boolean; key: number }>;

test('both have migrations of the same numbers and names, for the same releases', async () => {
  const [first, second] = await Promise.all([
    readMigrations(migrationsDir, 'postgres'),
    readMigrations(migrationsDir, 'sqlite'),
  ]);

  const told = ({ name, compatible_from }: Migration) => ({ name, compatible_from });
  expect(first.map(told)).toEqual(second.map(told));
  expect(first.length).toBeGreaterThan(0);
});

test('both have the same tables, columns, types and keys', async () => {
  const [onPostgres, onSqlite] = await Promise.all([readPostgresColumns(), readSqliteColumns()]);

  expect(Object.keys(onSqlite).length).toBeGreaterThan(100);
  expect(onSqlite).toEqual(onPostgres);
});

test('both refuse the same values: each has the same number of checks on each table', async () => {
  const sql = await openPostgres();
  const rows = await sql<{ table: string; checks: number }[]>`
    select relname as table, (select count(*)::integer from pg_constraint where conrelid = c.oid and contype = 'c') as checks
    from pg_class c where relnamespace = 'inventory'::regnamespace and relkind = 'r' order by 1`;
  const onSqlite = prepare<{ name: string; sql: string }>(
    await openSqlite(),
    `select name, sql from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name`,
  ).all();

  expect(onSqlite.map((row) => ({ table: row.name, checks: row.sql.split('check (').length - 1 }))).toEqual([...rows]);
});

/** What the databases work out themselves. */
const generated = ['org_nodes.bare_id'];

test('the record tables have the columns that the writers fill, and no others', async () => {
  const columns = Object.keys(await readSqliteColumns()).filter((name) => !generated.includes(name));

  for (const { table, attributes } of Object.values(recordTables)) {
    const names = columns.filter((name) => name.startsWith(`${table}.`)).map((name) => name.slice(table.length + 1));
    expect(names.sort()).toEqual(['tenant_id', ...Object.keys(attributes), ...Object.keys(commonColumns)].sort());
  }
});

async function openPostgres(): Promise<postgres.Sql> {
  const database = await openTestDatabase();
  const sql = postgres(database.adminUrl, { max: 1, connect_timeout: 10 });
  onTestFinished(async () => {
    await sql.end({ timeout: 5 });
    await database.close();
  });
  return sql;
}

async function openSqlite(): Promise<DatabaseSync> {
  const database = new DatabaseSync(':memory:');
  migrateDatabase(database, { files: await readMigrations(migrationsDir, 'sqlite'), mode: 'apply' });
  return database;
}

// SQLite keeps JSON, arrays, times and UUIDs as text; its events are keyed by position, the order of commits.
const sqliteTypes: Readonly<Record<string, string>> = {
  text: 'text',
  uuid: 'text',
  'text[]': 'text',
  jsonb: 'text',
  'timestamp with time zone': 'text',
  integer: 'integer',
  bigint: 'integer',
  xid8: 'integer',
};
const differing = ['events.position', 'events.xid', 'events.tenant_id', 'events.event_id'];

async function readPostgresColumns(): Promise<Columns> {
  const sql = await openPostgres();
  const rows = await sql<{ name: string; type: string; required: boolean; key: number }[]>`
    select relname || '.' || attname as name, format_type(atttypid, null) as type, attnotnull as required,
      coalesce(array_position(conkey, attnum), 0) as key
    from pg_attribute join pg_class c on attrelid = c.oid
    left join pg_constraint on conrelid = c.oid and contype = 'p'
    where relnamespace = 'inventory'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped`;
  return toColumns(rows.map((row) => ({ ...row, type: sqliteTypes[row.type] ?? `unknown ${row.type}` })));
}

async function readSqliteColumns(): Promise<Columns> {
  const rows = prepare<{ name: string; type: string; required: number; key: number }>(
    await openSqlite(),
    `select t.name || '.' || c.name as name, lower(c.type) as type, c."notnull" as required, c.pk as key
       from pragma_table_list t, pragma_table_xinfo(t.name) c where t.type = 'table' and t.name not like 'sqlite_%'`,
  ).all();
  return toColumns(rows.map((row) => ({ ...row, required: row.required === 1 || row.key > 0 })));
}

function toColumns(rows: readonly { name: string; type: string; required: boolean; key: number }[]): Columns {
  const entries = rows.map(({ name, type, required, key }) =>
    differing.includes(name) ? [name, { type, required: false, key: 0 }] : [name, { type, required, key }],
  );
  return Object.fromEntries(entries);
}
