// Opens the store that the configured address means. Only that database's driver is loaded.
import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/log.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { readMigrations } from './migration-plan.ts';
import type { Pruner } from './prune.ts';
import type { Seeder } from './seed.ts';
import type { Reader, Store, Writer } from './store.ts';

export interface OpenReaderOptions {
  /** `postgres://…`, or the path of a SQLite file. */
  readonly url: string;
  /** The folder with `postgres/` and `sqlite/`: says which schema this release needs. */
  readonly migrationsDir: string;
}

export interface OpenWriterOptions extends OpenReaderOptions {
  /** Gives the events their ids. */
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Opens the store for runner and ingest. A SQLite file is created and migrated; on Postgres a schema that this release
 * cannot work with is a ConfigError. Throws StoreError when the database cannot be reached.
 */
export async function openWriter({ url, migrationsDir, clock, log }: OpenWriterOptions): Promise<Store<Writer>> {
  const address = parseDatabaseUrl(url);
  const files = await readMigrations(migrationsDir, address.dialect);
  if (address.dialect === 'postgres') {
    const { openPostgresWriter } = await import('./postgres/open.ts');
    return await openPostgresWriter(url, { latest: files.length, clock });
  }
  const { openSqliteWriter } = await import('./sqlite/open.ts');
  return await openSqliteWriter(address.path, { files, clock, log });
}

/**
 * Opens the store for API and console: nothing can be written through it. A schema that this release cannot work with is a
 * ConfigError, a database that does not answer or a file that does not exist a StoreError.
 */
export async function openReader({ url, migrationsDir }: OpenReaderOptions): Promise<Store<Reader>> {
  const address = parseDatabaseUrl(url);
  const latest = (await readMigrations(migrationsDir, address.dialect)).length;
  if (address.dialect === 'postgres') {
    const { openPostgresReader } = await import('./postgres/open.ts');
    return await openPostgresReader(url, { latest });
  }
  const { openSqliteReader } = await import('./sqlite/open.ts');
  return await openSqliteReader(address.path, { latest });
}

/** Opens the store for seeds, on Postgres for the role inventory_ingest; else as `openWriter` does. */
export async function openSeeder({ url, migrationsDir, clock, log }: OpenWriterOptions): Promise<Store<Seeder>> {
  const address = parseDatabaseUrl(url);
  const files = await readMigrations(migrationsDir, address.dialect);
  if (address.dialect === 'postgres') {
    const { openPostgresSeeder } = await import('./postgres/open.ts');
    return await openPostgresSeeder(url, { latest: files.length, clock });
  }
  const { openSqliteSeeder } = await import('./sqlite/open.ts');
  return await openSqliteSeeder(address.path, { files, clock, log });
}

/** Opens the store for `inventory prune`: on Postgres under the role inventory_prune, else as `openWriter` does. */
export async function openPruner({
  url,
  migrationsDir,
  log,
}: Omit<OpenWriterOptions, 'clock'>): Promise<Store<Pruner>> {
  const address = parseDatabaseUrl(url);
  const files = await readMigrations(migrationsDir, address.dialect);
  if (address.dialect === 'postgres') {
    const { openPostgresPruner } = await import('./postgres/open.ts');
    return await openPostgresPruner(url, { latest: files.length });
  }
  const { openSqlitePruner } = await import('./sqlite/open.ts');
  return await openSqlitePruner(address.path, { files, log });
}
