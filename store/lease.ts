// What a scope's row says to a run that wants to write it.
import { StoreError } from '#core/errors.ts';
import type { DeadRun } from './dead-runs.ts';
import type { Lease, LeaseAnswer, LeaseRequest } from './store.ts';

/** How long a lease holds unless it is renewed. */
export const leaseSeconds = 30;

/** A scope's row as an attempt to take it finds it, with the database's time. */
export interface LeaseRow {
  readonly now: string;
  readonly org_id: string | null;
  readonly memo: unknown;
  readonly fence: number;
  readonly holder_run_id: string | null;
  readonly lease_expires_at: string | null;
}

/** The answer to a run that must wait, or null if it may take the lease. Its own lease does not stop it: the answer may have been lost on the way. */
export function refuseLease(row: LeaseRow, request: LeaseRequest): LeaseAnswer | null {
  const { holder_run_id, lease_expires_at } = row;
  if (holder_run_id === null || lease_expires_at === null || holder_run_id === request.run_id) return null;
  const remaining_ms = remainingOf(row);
  return remaining_ms > 0 ? { acquired: false, holder_run_id, lease_expires_at, remaining_ms } : null;
}

/**
 * Milliseconds until the lease lapses; 0 when it has, or nobody has one. One that ends far later than any can was taken before
 * the clock went back: nobody waits that long for a holder that may be dead, and the fence keeps out one that is not.
 */
export function remainingOf({ now, lease_expires_at }: Pick<LeaseRow, 'now' | 'lease_expires_at'>): number {
  if (lease_expires_at === null) return 0;
  const remainingMs = Date.parse(lease_expires_at) - Date.parse(now);
  return remainingMs <= 2 * leaseSeconds * 1000 ? Math.max(0, remainingMs) : 0;
}

/** The run that let its lease lapse and so is taken for dead, or null. */
export function lapsedHolder(row: LeaseRow, { tenant_id, scope, run_id }: LeaseRequest): DeadRun | null {
  const { now, holder_run_id, lease_expires_at } = row;
  if (holder_run_id === null || holder_run_id === run_id) return null;
  // Before the clock went back it may have been given a later end. Times are texts of one form.
  const lapsed_at = lease_expires_at !== null && lease_expires_at < now ? lease_expires_at : now;
  return { tenant_id, scope, run_id: holder_run_id, lapsed_at };
}

/** The answer to a write under a fence that is no longer the scope's. */
export function leaseLost({ scope }: Lease): StoreError {
  return new StoreError('lease_lost', `another run has taken over ${scope}; nothing more is written`);
}

/** The answer to a confirmation while a run has the scope. */
export function leaseHeld(scope: string): StoreError {
  return new StoreError('lease_held', `a run is working on ${scope}; confirm when it has ended`);
}
