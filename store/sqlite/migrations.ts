// Applies the migrations to a SQLite file: all that are missing or none, whoever else is trying at the same time.
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import {
  type AppliedMigration,
  type MigrateMode,
  type MigrateResult,
  type Migration,
  planMigrations,
  type SchemaVersion,
  toSchemaVersion,
} from '../migration-plan.ts';
import { attempt, openSqlite, prepare, readTexts, transact } from './connection.ts';

interface MigrateSqliteOptions {
  readonly path: string;
  readonly files: readonly Migration[];
  readonly mode: MigrateMode;
}

/** Applies the missing files in one transaction. Creates the file, and its folder, unless the mode only looks. */
export function migrateSqlite({ path, files, mode }: MigrateSqliteOptions): MigrateResult {
  // Only looking must leave no file behind; a file that is not there lacks everything. To try the migrations, memory will do.
  const isMissing = !existsSync(path);
  if (isMissing && mode === 'check') return { from: 0, latest: files.length, pending: planMigrations(files, []) };
  const database = openSqlite({
    path: isMissing && mode === 'dry-run' ? ':memory:' : path,
    readOnly: mode === 'check',
  });
  try {
    return migrateDatabase(database, { files, mode });
  } finally {
    database.close();
  }
}

/** The same on an open database. */
export function migrateDatabase(
  database: DatabaseSync,
  { files, mode }: Pick<MigrateSqliteOptions, 'files' | 'mode'>,
): MigrateResult {
  // A look takes no lock, so that every start of a program does not wait for the others.
  const found = plan(files, database);
  if (mode === 'check' || found.pending.length === 0) return found;
  return transact(database, () => {
    const still = plan(files, database);
    if (mode === 'dry-run') database.exec('savepoint dry_run');
    apply(database, still.pending);
    if (mode === 'dry-run') database.exec('rollback to dry_run');
    return still;
  });
}

/** What the applied migrations say of the schema. */
export function readSqliteSchema(database: DatabaseSync): SchemaVersion {
  return attempt(database, () => toSchemaVersion(readApplied(database)));
}

function plan(files: readonly Migration[], database: DatabaseSync) {
  const applied = attempt(database, () => readApplied(database));
  return { from: applied.length, latest: files.length, pending: planMigrations(files, applied) };
}

function readApplied(database: DatabaseSync): AppliedMigration[] {
  const columns = readColumns(database);
  if (columns.length === 0) return [];
  // A database that was migrated before there was the column says nothing.
  const compatible_from = columns.includes('compatible_from') ? 'coalesce(compatible_from, version)' : 'version';
  return prepare<AppliedMigration>(
    database,
    `select version, name, sha256, ${compatible_from} as compatible_from from schema_migrations order by version`,
  ).all();
}

// None when there is no table.
function readColumns(database: DatabaseSync): string[] {
  return readTexts(database, `select name from pragma_table_info('schema_migrations')`);
}

function apply(database: DatabaseSync, pending: readonly Migration[]): void {
  database.exec(
    `create table if not exists schema_migrations (
       version integer primary key, name text not null, sha256 text not null,
       applied_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), compatible_from integer) strict`,
  );
  if (!readColumns(database).includes('compatible_from')) {
    database.exec('alter table schema_migrations add column compatible_from integer');
  }
  const insert = database.prepare(
    'insert into schema_migrations (version, name, sha256, compatible_from) values (?, ?, ?, ?)',
  );
  for (const { version, name, sha256, compatible_from, sql } of pending) {
    attempt(`${name}.sql`, () => database.exec(sql));
    insert.run(version, name, sha256, compatible_from);
  }
}
