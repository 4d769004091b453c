// Says of runs that ended without a word that they failed. What a run still says of itself replaces it.
import type { DatabaseSync } from 'node:sqlite';
import { type DeadRun, lapsed, silent, silentMinutes, takenOver } from '../dead-runs.ts';
import { prepare } from './connection.ts';

/** Fails a run in the scope that it let lapse, unless it has ended. */
export function failLapsedRun(database: DatabaseSync, { tenant_id, run_id, scope, lapsed_at }: DeadRun): void {
  database
    .prepare(
      `update run_scopes set outcome = 'failed', reason = ?, finished_at = max(started_at, ?)
       where tenant_id = ? and run_id = ? and scope = ? and finished_at is null`,
    )
    .run(takenOver.error, lapsed_at, tenant_id, run_id, scope);
  database
    .prepare(
      `update collector_runs set outcome = 'failed', error_code = ?, error = ?, finished_at = max(started_at, ?)
       where tenant_id = ? and id = ? and finished_at is null`,
    )
    .run(takenOver.error_code, takenOver.error, lapsed_at, tenant_id, run_id);
}

/** Fails the runs of a tenant that have no end and were not heard of for long, with the scopes that they left open. */
export function failSilentRuns(database: DatabaseSync, tenant_id: string): void {
  const before = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-${silentMinutes} minutes')`;
  const runs = prepare<{ id: string; lapsed_at: string; heard_at: string }>(
    database,
    `select id, lapsed_at, max(started_at, lapsed_at, scope_at) as heard_at from (
       select r.id, r.started_at,
         (select coalesce(max(s.lease_expires_at), '') from scopes s
           where s.tenant_id = r.tenant_id and s.holder_run_id = r.id) as lapsed_at,
         (select coalesce(max(max(s.started_at, coalesce(s.finished_at, ''))), '') from run_scopes s
           where s.tenant_id = r.tenant_id and s.run_id = r.id) as scope_at
       from collector_runs r
       where r.tenant_id = ? and r.finished_at is null and r.started_at < ${before})
     where heard_at < ${before}`,
  ).all(tenant_id);
  if (runs.length === 0) return;
  const failScopes = database.prepare(
    `update run_scopes set outcome = 'failed', reason = ?, finished_at = ?
     where tenant_id = ? and run_id = ? and finished_at is null`,
  );
  const failRun = database.prepare(
    `update collector_runs set outcome = 'failed', error_code = ?, error = ?, finished_at = ? where tenant_id = ? and id = ?`,
  );
  for (const { id, lapsed_at, heard_at } of runs) {
    failScopes.run(lapsed.error, heard_at, tenant_id, id);
    const { error_code, error } = lapsed_at === '' ? silent : lapsed;
    failRun.run(error_code, error, heard_at, tenant_id, id);
  }
}
