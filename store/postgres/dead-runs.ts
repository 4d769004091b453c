// Says of runs that ended without a word that they failed. What a run still says of itself replaces it.
import { type DeadRun, lapsed, silent, silentMinutes, takenOver } from '../dead-runs.ts';
import type { PostgresTransaction } from './connection.ts';

/** Fails a run in the scope that it let lapse, unless it has ended. The run's row first, as below: else the two could wait for each other. */
export async function failLapsedRun(
  sql: PostgresTransaction,
  { tenant_id, run_id, scope, lapsed_at }: DeadRun,
): Promise<void> {
  await sql`
    update collector_runs set outcome = 'failed', error_code = ${takenOver.error_code}, error = ${takenOver.error},
      finished_at = greatest(started_at, ${lapsed_at}::text::timestamptz)
    where tenant_id = ${tenant_id} and id = ${run_id} and finished_at is null`;
  await sql`
    update run_scopes set outcome = 'failed', reason = ${takenOver.error},
      finished_at = greatest(started_at, ${lapsed_at}::text::timestamptz)
    where tenant_id = ${tenant_id} and run_id = ${run_id} and scope = ${scope} and finished_at is null`;
}

/**
 * Fails the runs of a tenant that have no end and were not heard of for long, with the scopes that they left open. Their rows
 * are passed over when another run that begins has just locked them: it says the same.
 */
export async function failSilentRuns(sql: PostgresTransaction, tenant_id: string): Promise<void> {
  await sql`
    with silent as materialized (
      select r.id, l.lapsed_at is not null as has_lapsed, date_trunc('milliseconds', h.heard_at) as heard_at
      from collector_runs r
      cross join lateral (
        select max(s.lease_expires_at) as lapsed_at from scopes s where s.tenant_id = r.tenant_id and s.holder_run_id = r.id) l
      cross join lateral (
        select greatest(r.started_at, l.lapsed_at, max(s.started_at), max(s.finished_at)) as heard_at
        from run_scopes s where s.tenant_id = r.tenant_id and s.run_id = r.id) h
      where r.tenant_id = ${tenant_id} and r.finished_at is null
        and r.started_at < clock_timestamp() - make_interval(mins => ${silentMinutes})
        and h.heard_at < clock_timestamp() - make_interval(mins => ${silentMinutes})
      for no key update of r skip locked
    ), scopes_failed as (
      update run_scopes s set outcome = 'failed', reason = ${lapsed.error}, finished_at = silent.heard_at
      from silent where s.tenant_id = ${tenant_id} and s.run_id = silent.id and s.finished_at is null
    )
    update collector_runs r set outcome = 'failed', finished_at = silent.heard_at,
      error_code = case when has_lapsed then ${lapsed.error_code} else ${silent.error_code} end,
      error = case when has_lapsed then ${lapsed.error} else ${silent.error} end
    from silent where r.tenant_id = ${tenant_id} and r.id = silent.id`;
}
