// Opens the SQLite halves of the store, on a schema that this release can work with.
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/log.ts';
import { type Migration, requireSchema } from '../migration-plan.ts';
import type { Pruner } from '../prune.ts';
import type { Seeder } from '../seed.ts';
import type { Reader, Store, Writer } from '../store.ts';
import { openSqlite } from './connection.ts';
import { migrateDatabase, readSqliteSchema } from './migrations.ts';

interface WriterNeeds {
  readonly files: readonly Migration[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** The Writer. Creates the file and its folder, and applies the migrations that are missing. */
export async function openSqliteWriter(path: string, { files, clock, log }: WriterNeeds): Promise<Store<Writer>> {
  const { createSqliteWriter } = await import('./writer.ts');
  return open({ path, readOnly: false }, (database) => {
    migrateFile(database, { files, log });
    return createSqliteWriter(database, { clock });
  });
}

/** The Seeder, opened as the Writer is. */
export async function openSqliteSeeder(path: string, { files, clock, log }: WriterNeeds): Promise<Store<Seeder>> {
  const { createSqliteSeeder } = await import('./seed.ts');
  return open({ path, readOnly: false }, (database) => {
    migrateFile(database, { files, log });
    return createSqliteSeeder(database, { clock });
  });
}

/** The Pruner, opened as the Writer is. */
export async function openSqlitePruner(
  path: string,
  { files, log }: Omit<WriterNeeds, 'clock'>,
): Promise<Store<Pruner>> {
  const { createSqlitePruner } = await import('./prune.ts');
  return open({ path, readOnly: false }, (database) => {
    migrateFile(database, { files, log });
    return createSqlitePruner(database);
  });
}

/** The Reader, on a file that exists and is migrated. */
export async function openSqliteReader(path: string, { latest }: { readonly latest: number }): Promise<Store<Reader>> {
  const { createSqliteReader } = await import('./reader.ts');
  return open({ path, readOnly: true }, (database) => {
    requireSchema(readSqliteSchema(database), latest);
    return createSqliteReader(database);
  });
}

function migrateFile(database: DatabaseSync, { files, log }: Omit<WriterNeeds, 'clock'>): void {
  const { from, latest, pending } = migrateDatabase(database, { files, mode: 'apply' });
  if (pending.length > 0) log.info({ database: database.location(), from, latest }, 'migrate');
}

function open<Part>(
  options: { readonly path: string; readonly readOnly: boolean },
  create: (database: DatabaseSync) => Part,
): Store<Part> {
  const database = openSqlite(options);
  try {
    return { ...create(database), close: async () => void database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}
