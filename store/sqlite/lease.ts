// The lease on a scope's row: taken, renewed, checked and given back, by the database's clock.
import type { DatabaseSync } from 'node:sqlite';
import { type LeaseRow, lapsedHolder, leaseHeld, leaseLost, leaseSeconds, refuseLease, remainingOf } from '../lease.ts';
import type { ScopeState } from '../settle.ts';
import type { Lease, LeaseAnswer, LeaseRequest } from '../store.ts';
import { prepare, readTexts } from './connection.ts';
import { failLapsedRun } from './dead-runs.ts';

/** SQL for the present time, in the one form in which times are stored. */
export const sqlNow = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`;
const sqlExpiry = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+${leaseSeconds} seconds')`;

/** The store's time. */
export function readNow(database: DatabaseSync): string {
  const [now] = readTexts(database, `select ${sqlNow}`);
  if (now === undefined) throw new Error('unreachable: a select without a table has one row');
  return now;
}

type StateRow = Pick<ScopeState, 'now' | 'org_id'> & { readonly enumerated_at: string; readonly held: string };

/** One attempt; the caller's transaction makes reading and taking one step. */
export function acquireLease(database: DatabaseSync, request: LeaseRequest): LeaseAnswer {
  const { tenant_id, scope, run_id, collector } = request;
  const row = readLease(database, request);
  const refusal = refuseLease(row, request);
  if (refusal !== null) return refusal;
  const dead = lapsedHolder(row, request);
  if (dead !== null) failLapsedRun(database, dead);
  database
    .prepare(
      `update scopes set collector = ?, fence = fence + 1, holder_run_id = ?, lease_expires_at = ${sqlExpiry},
         last_attempt_at = ${sqlNow}
       where tenant_id = ? and scope = ?`,
    )
    .run(collector, run_id, tenant_id, scope);
  database
    .prepare(
      `insert into run_scopes (tenant_id, run_id, scope, started_at) values (?, ?, ?, ${sqlNow}) on conflict do nothing`,
    )
    .run(tenant_id, run_id, scope);
  return {
    acquired: true,
    lease: { tenant_id, run_id, scope, fence: row.fence + 1 },
    org_id: row.org_id,
    memo: row.memo,
  };
}

/** Renews the lease and reads the scope's state, or throws `lease_lost`. The first statement of every transaction that writes under a lease. */
export function renewLease(database: DatabaseSync, lease: Lease): ScopeState {
  const row = prepare<StateRow>(
    database,
    `update scopes set lease_expires_at = ${sqlExpiry}
       where tenant_id = ? and scope = ? and fence = ? and holder_run_id = ?
       returning ${sqlNow} as now, org_id, enumerated_at, held`,
  ).get(lease.tenant_id, lease.scope, lease.fence, lease.run_id);
  if (row === undefined) throw leaseLost(lease);
  return decodeState(row);
}

/** The state of a scope that no run has, or null if there is no such scope; throws `lease_held` otherwise. */
export function readIdleScope(
  database: DatabaseSync,
  { tenant_id, scope }: Pick<LeaseRequest, 'tenant_id' | 'scope'>,
): ScopeState | null {
  const row = prepare<StateRow & { lease_expires_at: string | null }>(
    database,
    `select ${sqlNow} as now, org_id, enumerated_at, held, lease_expires_at from scopes where tenant_id = ? and scope = ?`,
  ).get(tenant_id, scope);
  if (row === undefined) return null;
  if (remainingOf(row) > 0) throw leaseHeld(scope);
  return decodeState(row);
}

// A scope's row appears with the first attempt to write it.
function readLease(database: DatabaseSync, { tenant_id, scope, collector }: LeaseRequest): LeaseRow {
  database
    .prepare('insert into scopes (tenant_id, scope, collector) values (?, ?, ?) on conflict do nothing')
    .run(tenant_id, scope, collector);
  const row = prepare<Omit<LeaseRow, 'memo'> & { memo: string | null }>(
    database,
    `select ${sqlNow} as now, org_id, memo, fence, holder_run_id, lease_expires_at
       from scopes where tenant_id = ? and scope = ?`,
  ).get(tenant_id, scope);
  if (row === undefined) throw new Error('unreachable: the scope row was inserted in this transaction');
  return { ...row, memo: row.memo === null ? null : JSON.parse(row.memo) };
}

function decodeState(row: StateRow): ScopeState {
  const { now, org_id } = row;
  return { now, org_id, enumerated_at: JSON.parse(row.enumerated_at), held: JSON.parse(row.held) };
}
