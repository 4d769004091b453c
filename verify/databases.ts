// The two databases of the checks: empty ones and copies, and what is in them, read past the product.
import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createDatabase } from '#testkit/postgres.ts';
import { templateName } from '#testkit/postgres-template.ts';
import type { Variables } from './inventory.ts';
import { type Query, queryPostgres, querySqlite } from './query.ts';

/** A database of its own. */
export interface CheckedDatabase {
  readonly dialect: 'sqlite' | 'postgres';
  /** Points a collector at it, as the role of collectors. */
  readonly collector: Variables;
  /** Points the API at it, as the role of the API. */
  readonly api: Variables;
  /** Points ingest at it, as the role of ingest. */
  readonly ingest: Variables;
  /** Points `migrate --roles` at it, and `migrate`; on SQLite it is all one. */
  readonly admin: Variables;
  readonly migrate: Variables;
  /** Runs SQL that means the same on both, as an administrator. */
  readonly query: Query;
  /** Another one with the same content. Nobody may be connected. */
  copy(): Promise<CheckedDatabase>;
  close(): Promise<void>;
}

/** Opens each of them, for `describe.for`. The tables of Postgres are there, those of SQLite come with the first run. */
export const databases = [
  { dialect: 'sqlite', open: () => openSqliteDatabase() },
  { dialect: 'postgres', open: () => openPostgresDatabase(templateName) },
] as const;

async function openSqliteDatabase(from?: string): Promise<CheckedDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
  const path = join(folder, 'inventory.db');
  if (from !== undefined) await copyFile(from, path);
  const variables = { DB_PATH: path };
  return {
    dialect: 'sqlite',
    collector: variables,
    api: variables,
    ingest: variables,
    admin: variables,
    migrate: variables,
    query: async (sql) => querySqlite(path, sql),
    async copy() {
      querySqlite(path, 'select 1');
      return await openSqliteDatabase(path);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A copy of a database of the cluster; `template1` is one without tables. */
export async function openPostgresDatabase(template: string): Promise<CheckedDatabase> {
  const { adminUrl } = inject('postgres');
  const name = `verify_${randomUUID().replaceAll('-', '')}`;
  await createDatabase(adminUrl, { name, template });
  const urlFor = (role: string) => toUrl(adminUrl, { role, database: name });
  return {
    dialect: 'postgres',
    collector: { DATABASE_URL: urlFor('inventory_collector') },
    api: { DATABASE_URL: urlFor('inventory_api') },
    ingest: { DATABASE_URL: urlFor('inventory_ingest') },
    admin: { DATABASE_URL: urlFor('postgres') },
    migrate: { DATABASE_URL: urlFor('inventory_migrate') },
    query: (sql) => queryPostgres(urlFor('postgres'), sql),
    copy: () => openPostgresDatabase(name),
    close: async () => void (await queryPostgres(adminUrl, `drop database ${name} with (force)`)),
  };
}

/** The same cluster for another role and database. */
export function toUrl(adminUrl: string, { role, database }: { role: string; database: string }): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.pathname = database;
  return url.href;
}
