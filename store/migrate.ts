// Brings a database to the schema of this release, whichever database it is.
import { ConfigError } from '#core/errors.ts';
import type { Logger } from '#core/log.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { type MigrateMode, type MigrateResult, readMigrations } from './migration-plan.ts';

export interface MigrateOptions {
  /** `postgres://…`, or the path of a SQLite file. */
  readonly url: string;
  /** The folder with `postgres/` and `sqlite/`. */
  readonly migrationsDir: string;
  readonly mode: MigrateMode;
  readonly log: Logger;
  /** Stops it on Postgres: nothing is applied then. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies the migrations that are missing, in one transaction; safe when several processes do it at once. Throws a
 * ConfigError when the schema is too new for this release, when an applied file was edited, or when roles are missing.
 */
export async function migrate({ url, migrationsDir, mode, log, signal }: MigrateOptions): Promise<MigrateResult> {
  const address = parseDatabaseUrl(url);
  const files = await readMigrations(migrationsDir, address.dialect);
  const result =
    address.dialect === 'postgres'
      ? await (await import('./postgres/migrations.ts')).migratePostgres({ url, files, mode, signal })
      : (await import('./sqlite/migrations.ts')).migrateSqlite({ path: address.path, files, mode });
  const { from, latest, pending } = result;
  log.info({ database: address.shown, mode, from, latest, pending: pending.map(({ name }) => name) }, 'migrate');
  return result;
}

/** Creates the database roles and the schema, as an administrator; safe to repeat. Throws a ConfigError for SQLite, which has none. */
export async function createRoles({ url }: Pick<MigrateOptions, 'url'>): Promise<void> {
  const address = parseDatabaseUrl(url);
  if (address.dialect === 'sqlite') {
    throw new ConfigError('no_roles', [{ key: 'database.url', remedy: 'is a SQLite file, which has no roles' }]);
  }
  await (await import('./postgres/roles.ts')).createPostgresRoles(url);
}
