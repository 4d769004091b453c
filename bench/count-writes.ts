// Counts what a run writes of records, versions and events, from the database's own side.
import Database from 'better-sqlite3';
import postgres from 'postgres';
import { pause } from '#core/deadline.ts';
import type { BenchDatabase } from './databases.ts';

const tables = ['cloud_accounts', 'org_nodes', 'record_versions', 'events'] as const;

/** Does the work, and says how many rows of records, versions and events were written meanwhile. */
export async function countWrites<Result>(
  database: BenchDatabase,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly writes: number }> {
  const read = database.dialect === 'sqlite' ? countWithTriggers(database.adminUrl) : () => readCounter(database);
  const before = await read();
  const result = await work();
  return { result, writes: (await read()) - before };
}

function countWithTriggers(path: string): () => Promise<number> {
  const database = new Database(path);
  database.exec('create table if not exists counted (operation text)');
  for (const table of tables) {
    for (const operation of ['insert', 'update', 'delete']) {
      database.exec(
        `create trigger if not exists count_${table}_${operation} after ${operation} on ${table} begin insert into counted values ('${operation}'); end`,
      );
    }
  }
  database.close();
  return async () => {
    const reading = new Database(path, { readonly: true });
    const rows = reading.prepare<[], { n: number }>('select count(*) as n from counted').all();
    reading.close();
    return rows[0]?.n ?? 0;
  };
}

// Postgres counts by itself. A server process tells its statistics when it ends, which is shortly after its client has.
async function readCounter({ adminUrl }: BenchDatabase): Promise<number> {
  const sql = postgres(adminUrl, { max: 1 });
  const isBusy = async () =>
    (
      await sql`select 1 from pg_stat_activity
        where datname = current_database() and usename = 'inventory_collector'`
    ).length > 0;
  while (await isBusy()) await pause(20, AbortSignal.timeout(10_000));
  const [row] = await sql<{ n: string }[]>`
    select sum(n_tup_ins + n_tup_upd + n_tup_del) as n from pg_stat_user_tables
    where schemaname = 'inventory' and relname = any(${[...tables]})`;
  await sql.end();
  return Number(row?.n);
}
