// Fresh databases for benchmarks: a SQLite file, and PostgreSQL under its service roles.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '#core/log.ts';
import { createRoles, migrate } from '#store/migrate.ts';
import { openPostgresCluster, type PostgresCluster } from '#testkit/postgres.ts';
import { type Query, queryPostgres, querySqlite } from '../verify/query.ts';

const migrationsDir = join(import.meta.dirname, '../migrations');
const log = createLogger({ level: 'silent' });

/** A migrated, empty database. */
export interface BenchDatabase {
  readonly dialect: 'sqlite' | 'postgres';
  readonly writerUrl: string;
  readonly readerUrl: string;
  /** For what no service role may do; the same as the others on SQLite. */
  readonly adminUrl: string;
  /** Runs SQL as an administrator. */
  readonly query: Query;
  /** What autovacuum does within a minute: until then the planner knows nothing of rows just written. */
  analyze(): Promise<void>;
}

/** What opens them, and takes them away at the end. */
export interface BenchDatabases {
  open(dialect: BenchDatabase['dialect'], name: string): Promise<BenchDatabase>;
  close(): Promise<void>;
}

/** Starts PostgreSQL with the durability of a laptop test: without fsync, so that the disk is not what is measured. */
export async function openDatabases(folder: string): Promise<BenchDatabases> {
  const cluster = await openPostgresCluster({});
  return {
    open: (dialect, name) => (dialect === 'sqlite' ? openSqlite(folder, name) : openPostgres(cluster, name)),
    close: async () => {
      await cluster.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openSqlite(folder: string, name: string): Promise<BenchDatabase> {
  const url = join(folder, `${name}.db`);
  await migrate({ url, migrationsDir, mode: 'apply', log });
  return {
    dialect: 'sqlite',
    writerUrl: url,
    readerUrl: url,
    adminUrl: url,
    query: async (sql) => querySqlite(url, sql),
    analyze: async () => {},
  };
}

async function openPostgres(cluster: PostgresCluster, name: string): Promise<BenchDatabase> {
  const url = await cluster.createDatabase(name);
  await createRoles({ url });
  await migrate({ url: cluster.urlFor('inventory_migrate', name), migrationsDir, mode: 'apply', log });
  return {
    dialect: 'postgres',
    writerUrl: cluster.urlFor('inventory_collector', name),
    readerUrl: cluster.urlFor('inventory_api', name),
    adminUrl: url,
    query: (sql) => queryPostgres(url, sql),
    analyze: async () => void (await queryPostgres(url, 'vacuum analyze')),
  };
}
