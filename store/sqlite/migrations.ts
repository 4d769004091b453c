// Applies the migrations to a SQLite file: all that are missing or none, whoever else is trying at the same time.
import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import {
  type AppliedMigration,
  type MigrateMode,
  type MigrateResult,
  type Migration,
  planMigrations,
} from '../migration-plan.ts';
import { attempt, openSqlite, transact } from './connection.ts';

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
  database: Database.Database,
  { files, mode }: Pick<MigrateSqliteOptions, 'files' | 'mode'>,
): MigrateResult {
  // A look takes no lock, so that every start of a program does not wait for the others.
  const pending = planMigrations(
    files,
    attempt(database.name, () => readApplied(database)),
  );
  if (mode === 'check' || pending.length === 0) return describe(files, pending);
  return transact(database, () => {
    const still = planMigrations(files, readApplied(database));
    if (mode === 'dry-run') database.exec('savepoint dry_run');
    apply(database, still);
    if (mode === 'dry-run') database.exec('rollback to dry_run');
    return describe(files, still);
  });
}

/** The number of the newest migration applied; 0 when there is none. */
export function readSqliteVersion(database: Database.Database): number {
  return attempt(database.name, () => readApplied(database).length);
}

function describe(files: readonly Migration[], pending: readonly Migration[]): MigrateResult {
  return { from: files.length - pending.length, latest: files.length, pending };
}

function readApplied(database: Database.Database): AppliedMigration[] {
  const table = database
    .prepare(`select 1 from sqlite_schema where type = 'table' and name = 'schema_migrations'`)
    .get();
  if (table === undefined) return [];
  return database
    .prepare<[], AppliedMigration>('select version, name, sha256 from schema_migrations order by version')
    .all();
}

function apply(database: Database.Database, pending: readonly Migration[]): void {
  database.exec(
    `create table if not exists schema_migrations (
       version integer primary key, name text not null, sha256 text not null,
       applied_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict`,
  );
  const insert = database.prepare('insert into schema_migrations (version, name, sha256) values (?, ?, ?)');
  for (const { version, name, sha256, sql } of pending) {
    attempt(`${name}.sql`, () => database.exec(sql));
    insert.run(version, name, sha256);
  }
}
