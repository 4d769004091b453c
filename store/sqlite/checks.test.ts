// The record tables of SQLite, made anew for their checks: nothing is lost, the same is refused, and checking makes no table.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { readMigrations } from '../migration-plan.ts';
import { recordTables } from '../records.ts';
import { migrateDatabase } from './migrations.ts';

const files = await readMigrations(join(import.meta.dirname, '../../migrations'), 'sqlite');
const tables = Object.values(recordTables).map(({ table }) => table);
const before = files.filter(({ version }) => version < 8);
const anew = files.filter(({ version }) => version <= 8);

const delivered = {
  ...{
    raw: '{}',
    raw_hash: 'r',
    content_hash: 'c',
    known_fields: '[]',
    provenance: '{}',
    source: 'aws/1',
    scope: 'aws:main',
  },
  ...{
    run_id: 'run',
    discovered_at: '2026-01-01T00:00:00.000Z',
    valid_from: '2026-01-02T00:00:00.000Z',
    missed_runs: 1,
  },
  ...{ tenant_id: 'default', vanished_at: '2026-01-03T00:00:00.000Z', vanished_reason: 'missed' },
};
const place = { provider: 'gcp', org_id: 'o-1', lifecycle: 'closing', org_path_ids: '["o-1/r"]', tags: '{"a":"b"}' };
const claim = {
  from_kind: 'monitoring_endpoint',
  from_key: 'p',
  relation: 'alerts_to',
  to_kind: 'account',
  to_ref: 'aws/1',
};
const rows: Readonly<Record<string, Record<string, string | number>>> = {
  cloud_accounts: { ...delivered, ...place, id: '1', partition: 'googleapis.com', details: '{"x":[1]}' },
  org_nodes: { ...delivered, ...place, id: 'o-1/f', kind: 'folder', depth: 2 },
  monitoring_endpoints: {
    ...delivered,
    id: 'p',
    kind: 'prometheus',
    url: 'https://p',
    auth_mode: 'oauth',
    status: 'healthy',
  },
  relations: { ...delivered, ...claim, id: 'x', basis: 'label', confidence: 50, evidence: '{}' },
};

test.for(tables)('%s keeps its rows, columns and indexes', (table) => {
  const database = migrated(before);
  insert(database, table, rows[table]);
  const told = describeTable(database, table);

  migrateDatabase(database, { files: anew, mode: 'apply' });

  expect(told.rows).toHaveLength(1);
  expect(describeTable(database, table)).toEqual(told);
});

test.for([
  ['cloud_accounts', 'provider'],
  ['cloud_accounts', 'lifecycle'],
  ['org_nodes', 'provider'],
  ['org_nodes', 'kind'],
  ['org_nodes', 'lifecycle'],
  ['monitoring_endpoints', 'auth_mode'],
  ['relations', 'relation'],
  ['relations', 'confidence'],
] as const)('%s refuses any other %s', ([table, column]) => {
  const database = migrated(files);

  expect(() => insert(database, table, { ...rows[table], [column]: column === 'confidence' ? 0 : 'other' })).toThrow(
    'CHECK constraint failed',
  );
});

test.for(tables)('inserting into %s makes no table of a list', (table) => {
  const database = migrated(files);
  const names = Object.keys(rows[table] ?? {});
  const steps = database.prepare(`explain insert into ${table} (${names}) values (${names.map(() => '?')})`).all();

  expect(steps.map(({ opcode }) => opcode)).toContain('IdxInsert');
  expect(steps.map(({ opcode }) => opcode)).not.toContain('OpenEphemeral');
});

function migrated(upTo: typeof files): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  migrateDatabase(database, { files: upTo, mode: 'apply' });
  return database;
}

function insert(database: DatabaseSync, table: string, row: Record<string, string | number> = {}): void {
  const names = Object.keys(row);
  database.prepare(`insert into ${table} (${names}) values (${names.map(() => '?')})`).run(...Object.values(row));
}

function describeTable(database: DatabaseSync, table: string) {
  const indexes = database.prepare(
    "select name, sql from sqlite_schema where type = 'index' and tbl_name = ? order by name",
  );
  return {
    rows: database.prepare(`select * from ${table}`).all(),
    columns: database.prepare('select * from pragma_table_xinfo(?)').all(table),
    indexes: indexes.all(table).map(({ name, sql }) => [name, String(sql).toLowerCase()]),
  };
}
