// Counts what is written of records, versions and events, from the database's own side.
import { pause } from '#core/deadline.ts';
import type { Query } from './query.ts';

const contentTables = [
  ...(['cloud_accounts', 'org_nodes', 'monitoring_endpoints', 'relations'] as const),
  ...(['record_versions', 'events'] as const),
];

/** A database whose writes can be counted. */
export interface CountedDatabase {
  readonly dialect: 'sqlite' | 'postgres';
  readonly query: Query;
}

/** Begins to count on SQLite; Postgres counts by itself. Once for a database, which must have its tables. */
export async function startCounting({ dialect, query }: CountedDatabase): Promise<void> {
  if (dialect === 'postgres') return;
  await query('create table counted (operation text)');
  for (const table of contentTables) {
    for (const operation of ['insert', 'update', 'delete']) {
      await query(
        `create trigger count_${table}_${operation} after ${operation} on ${table} begin insert into counted values ('${operation}'); end`,
      );
    }
  }
}

/** How many rows were inserted, updated or deleted so far. Waits, for at most ten seconds, until no collector is connected. */
export async function countWrites({ dialect, query }: CountedDatabase): Promise<number> {
  if (dialect === 'postgres') await waitUntilDisconnected(query);
  const [row] = await query(
    dialect === 'sqlite'
      ? 'select count(*) as n from counted'
      : `select sum(n_tup_ins + n_tup_upd + n_tup_del) as n from pg_stat_user_tables
         where schemaname = 'inventory' and relname in (${contentTables.map((table) => `'${table}'`).join(', ')})`,
  );
  return Number(row?.['n']);
}

// A server process tells its statistics when it ends, which is shortly after its client has.
async function waitUntilDisconnected(query: Query): Promise<void> {
  const deadline = AbortSignal.timeout(10_000);
  const sql = `select 1 from pg_stat_activity where datname = current_database() and usename = 'inventory_collector'`;
  while ((await query(sql)).length > 0) await pause(20, deadline);
}
