// The lease on a scope's row: taken, renewed, checked and given back, by the database's clock.
import { type LeaseRow, lapsedHolder, leaseHeld, leaseLost, leaseSeconds, refuseLease, remainingOf } from '../lease.ts';
import type { ScopeState } from '../settle.ts';
import type { Lease, LeaseAnswer, LeaseRequest } from '../store.ts';
import type { PostgresTransaction } from './connection.ts';
import { failLapsedRun } from './dead-runs.ts';

const utc = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';

/** One attempt; the row lock makes reading and taking one step. */
export async function acquireLease(sql: PostgresTransaction, request: LeaseRequest): Promise<LeaseAnswer> {
  const { tenant_id, scope, run_id, collector } = request;
  const row = await lockLease(sql, request);
  const refusal = refuseLease(row, request);
  if (refusal !== null) return refusal;
  const dead = lapsedHolder(row, request);
  if (dead !== null) await failLapsedRun(sql, dead);
  await sql`
    update scopes set collector = ${collector}, fence = fence + 1, holder_run_id = ${run_id},
      lease_expires_at = clock_timestamp() + make_interval(secs => ${leaseSeconds}),
      last_attempt_at = date_trunc('milliseconds', clock_timestamp())
    where tenant_id = ${tenant_id} and scope = ${scope}`;
  await sql`
    insert into run_scopes (tenant_id, run_id, scope, started_at)
    values (${tenant_id}, ${run_id}, ${scope}, date_trunc('milliseconds', clock_timestamp())) on conflict do nothing`;
  return {
    acquired: true,
    lease: { tenant_id, run_id, scope, fence: row.fence + 1 },
    org_id: row.org_id,
    memo: row.memo,
  };
}

/**
 * Renews the lease and reads the scope's state, or throws `lease_lost`. The first statement of every transaction that
 * writes under a lease: its row lock keeps another run from taking the scope over until the transaction has ended. The
 * time is the clock's and not the transaction's, which may have begun long before it got the lock.
 */
export async function renewLease(sql: PostgresTransaction, lease: Lease): Promise<ScopeState> {
  const [row] = await sql<ScopeState[]>`
    update scopes set lease_expires_at = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    where tenant_id = ${lease.tenant_id} and scope = ${lease.scope}
      and fence = ${lease.fence} and holder_run_id = ${lease.run_id}
    returning to_char(clock_timestamp() at time zone 'UTC', ${utc}) as now, org_id, enumerated_at, held`;
  if (row === undefined) throw leaseLost(lease);
  return row;
}

/** Locks a scope that no run has and reads its state, or null if there is no such scope; throws `lease_held` otherwise. */
export async function lockIdleScope(
  sql: PostgresTransaction,
  { tenant_id, scope }: Pick<LeaseRequest, 'tenant_id' | 'scope'>,
): Promise<ScopeState | null> {
  const [row] = await sql<(ScopeState & Pick<LeaseRow, 'lease_expires_at'>)[]>`
    select to_char(clock_timestamp() at time zone 'UTC', ${utc}) as now, org_id, enumerated_at, held,
      to_char(lease_expires_at at time zone 'UTC', ${utc}) as lease_expires_at
    from scopes where tenant_id = ${tenant_id} and scope = ${scope} for update`;
  if (row !== undefined && remainingOf(row) > 0) throw leaseHeld(scope);
  return row ?? null;
}

// A scope's row appears with the first attempt to write it.
async function lockLease(sql: PostgresTransaction, { tenant_id, scope, collector }: LeaseRequest): Promise<LeaseRow> {
  await sql`
    insert into scopes (tenant_id, scope, collector) values (${tenant_id}, ${scope}, ${collector})
    on conflict do nothing`;
  const [row] = await sql<LeaseRow[]>`
    select to_char(clock_timestamp() at time zone 'UTC', ${utc}) as now, org_id, memo, fence::float8 as fence, holder_run_id,
      to_char(lease_expires_at at time zone 'UTC', ${utc}) as lease_expires_at
    from scopes where tenant_id = ${tenant_id} and scope = ${scope} for update`;
  if (row === undefined) throw new Error('unreachable: the scope row was inserted in this transaction');
  return row;
}
