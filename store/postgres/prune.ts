// The Pruner on Postgres: calls of the owner's functions, which are all that inventory_prune may do.
import { observationKinds } from '#core/observation.ts';
import type { PrunableCounts, Pruner } from '../prune.ts';
import type { PostgresConnection, PostgresTransaction } from './connection.ts';
import { retrySerialization } from './errors.ts';
import { sqlTime } from './records.ts';

const kinds = [...observationKinds];

/** Creates the Pruner for a connection of inventory_prune. */
export function createPostgresPruner(connection: PostgresConnection): Pruner {
  // Read committed: the functions wait for their turn, and must then see what the one before them has deleted.
  const transact = <T>(work: (sql: PostgresTransaction) => Promise<T>) =>
    retrySerialization(() => connection.transact({ tenant_id: null, mode: 'isolation level read committed' }, work));
  return {
    begin: () =>
      transact(async (sql) => {
        const [row] = await sql<{ now: string; tenants: string[] }[]>`
          select ${sql.unsafe(sqlTime('now()'))} as now, array(select prune_tenants()) as tenants`;
        return required(row);
      }),
    count: (tenant_id, { versions, events, pages, runs, keys }) =>
      transact(async (sql) => {
        const [row] = await sql<PrunableCounts[]>`
          select versions, events, pages, runs, count_prunable_keys(${tenant_id}, ${keys}::text::timestamptz) as keys
          from count_prunable(${tenant_id}, ${kinds}, ${versions}::text::timestamptz,
            ${events}::text::timestamptz, ${pages}::text::timestamptz, ${runs}::text::timestamptz)`;
        return required(row);
      }),
    prune: (what, { tenant_id, before, limit }) =>
      transact(async (sql) => {
        const time = sql`${before}::text::timestamptz`;
        const call = {
          versions: sql`prune_versions(${tenant_id}, ${kinds}, ${time}, ${limit})`,
          events: sql`prune_events(${tenant_id}, ${time}, ${limit})`,
          pages: sql`prune_pages(${tenant_id}, ${time}, ${limit})`,
          runs: sql`prune_runs(${tenant_id}, ${time}, ${limit})`,
          keys: sql`prune_keys(${tenant_id}, ${time}, ${limit})`,
        }[what];
        const [row] = await sql<{ pruned: number }[]>`select ${call} as pruned`;
        return required(row).pruned;
      }),
    beginTenant: (tenant_id) =>
      transact(async (sql) => {
        const [row] = await sql<{ began_at: string }[]>`
          select ${sql.unsafe(sqlTime(`began`))} as began_at from begin_pruning(${tenant_id}) as began`;
        return required(row).began_at;
      }),
    finishTenant: (tenant_id, { began_at, outcome, counts }) =>
      transact(async (sql) => {
        const pruned = JSON.stringify(counts);
        await sql`select finish_pruning(${tenant_id}, ${began_at}::text::timestamptz, ${outcome}, ${pruned}::text::jsonb)`;
      }),
  };
}

function required<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('unreachable: a select without a table has one row');
  return row;
}
