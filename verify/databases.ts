// The two databases of the checks: empty ones and copies, and what is in them, read past the product.
import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import postgres from 'postgres';
import { inject } from 'vitest';
import { createDatabase } from '#testkit/postgres.ts';
import { templateName } from '#testkit/postgres-template.ts';
import type { Variables } from './inventory.ts';

/** A row of any table: JSON and arrays decoded, times as text. */
export type Row = Readonly<Record<string, unknown>>;

/** A database of its own. */
export interface CheckedDatabase {
  readonly dialect: 'sqlite' | 'postgres';
  /** Points a collector at it, as the role of collectors. */
  readonly collector: Variables;
  /** Points the API at it, as the role of the API. */
  readonly api: Variables;
  /** Points `migrate --roles` at it, and `migrate`; on SQLite it is all one. */
  readonly admin: Variables;
  readonly migrate: Variables;
  /** Runs SQL that means the same on both, as an administrator. */
  query(sql: string): Promise<Row[]>;
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

function querySqlite(path: string, sql: string): Row[] {
  const database = new Database(path, { timeout: 10_000 });
  try {
    const statement = database.prepare<unknown[], Row>(sql);
    if (statement.reader) return statement.all().map(decodeRow);
    statement.run();
    return [];
  } finally {
    // The last one to close moves the write-ahead log into the file, so that the file alone is the database.
    database.close();
  }
}

/** A copy of a database of the cluster; `template1` is one without tables. */
export async function openPostgresDatabase(template: string): Promise<CheckedDatabase> {
  const { adminUrl } = inject('postgres');
  const name = `verify_${randomUUID().replaceAll('-', '')}`;
  await createDatabase(adminUrl, { name, template });
  const urlFor = (role: string) => toUrl(adminUrl, { role, database: name });
  const connect = async (url: string, sql: string) => {
    const connection = postgres(url, { max: 1, connect_timeout: 10, connection: { search_path: 'inventory' } });
    try {
      return (await connection.unsafe<Row[]>(sql)).map(decodeRow);
    } finally {
      await connection.end({ timeout: 5 });
    }
  };
  return {
    dialect: 'postgres',
    collector: { DATABASE_URL: urlFor('inventory_collector') },
    api: { DATABASE_URL: urlFor('inventory_api') },
    admin: { DATABASE_URL: urlFor('postgres') },
    migrate: { DATABASE_URL: urlFor('inventory_migrate') },
    query: (sql) => connect(urlFor('postgres'), sql),
    copy: () => openPostgresDatabase(name),
    close: async () => void (await connect(adminUrl, `drop database ${name} with (force)`)),
  };
}

/** The same cluster for another role and database. */
export function toUrl(adminUrl: string, { role, database }: { role: string; database: string }): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.pathname = database;
  return url.href;
}

function decodeRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, decodeValue(value)]));
}

// SQLite keeps JSON as text. No plain text of the checks looks like it.
function decodeValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' && /^[[{"]/.test(value) ? JSON.parse(value) : value;
}
