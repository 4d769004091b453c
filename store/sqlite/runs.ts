// Writes a run's rows: the run, its scopes, its requests, and the scope's own row when the run has ended with it.
import type { DatabaseSync } from 'node:sqlite';
import { countsSchema, type Run } from '#core/run.ts';
import { storableText } from '#core/text.ts';
import type { Settlement } from '../settle.ts';
import { toStorableText } from '../storable.ts';
import type { Lease, LeaseRequest, NewPage, NewRun, RunEnding, ScopeEnding, UnwrittenScope } from '../store.ts';
import { prepare } from './connection.ts';
import { failSilentRuns } from './dead-runs.ts';
import { sqlNow } from './lease.ts';

const setCounts = countsSchema
  .keyof()
  .options.map((name) => `${name} = @${name}`)
  .join(', ');

/** Inserts the run, and fails those of its tenant that died. Repeating it changes nothing. */
export function insertRun(database: DatabaseSync, run: NewRun): void {
  failSilentRuns(database, run.tenant_id);
  database
    .prepare(
      `insert into collector_runs (tenant_id, id, collector, version, image_digest, "trigger", configured_scopes, started_at)
       values (@tenant_id, @id, @collector, @version, @image_digest, @trigger, @configured_scopes, ${sqlNow})
       on conflict do nothing`,
    )
    .run({ ...run, configured_scopes: run.configured_scopes ? JSON.stringify(run.configured_scopes) : null });
}

/** Records how the run ended, and what is not yet told of its scopes. */
export function updateRun(
  database: DatabaseSync,
  run: Pick<Run, 'tenant_id' | 'id'>,
  { unwritten = [], ...ending }: RunEnding,
): void {
  database
    .prepare(
      `update collector_runs set ${setCounts}, outcome = @outcome, principal = @principal, sdk = @sdk,
         error_code = @error_code, error = @error, finished_at = ${sqlNow}
       where tenant_id = @tenant_id and id = @id`,
    )
    .run({
      ...run,
      ...ending,
      principal: cleaned(ending.principal),
      sdk: cleaned(ending.sdk),
      error: cleaned(ending.error),
    });
  for (const scope of unwritten) writeEnding(database, run, scope);
}

function writeEnding(database: DatabaseSync, run: Pick<Run, 'tenant_id' | 'id'>, ended: UnwrittenScope): void {
  database
    .prepare(
      `insert into run_scopes (tenant_id, run_id, scope, started_at) values (?, ?, ?, ${sqlNow}) on conflict do nothing`,
    )
    .run(run.tenant_id, run.id, ended.scope);
  database
    .prepare(
      `update run_scopes set ${setCounts}, outcome = @outcome, reason = @reason, finished_at = ${sqlNow}
       where tenant_id = @tenant_id and run_id = @id and scope = @scope and finished_at is null`,
    )
    .run({ ...run, ...ended, reason: cleaned(ended.reason) });
}

/** Records a scope that the run did not attempt. */
export function insertSkippedScope(database: DatabaseSync, request: LeaseRequest, reason: string): void {
  database
    .prepare(
      `insert into run_scopes (tenant_id, run_id, scope, outcome, reason, started_at, finished_at)
       values (?, ?, ?, 'skipped', ?, ${sqlNow}, ${sqlNow}) on conflict do nothing`,
    )
    .run(request.tenant_id, request.run_id, request.scope, storableText(reason));
}

/** Records requests. A page that is already there stays: its batch was committed and its answer lost. */
export function insertPages(database: DatabaseSync, lease: Lease, pages: readonly NewPage[]): void {
  const insert = database.prepare(
    `insert into run_pages (tenant_id, run_id, scope, seq, operation, page, request_ids, attempts, retry_delay_ms,
       http_status, items, sha256, fetched_at)
     values (@tenant_id, @run_id, @scope, @seq, @operation, @page, @request_ids, @attempts, @retry_delay_ms,
       @http_status, @items, @sha256, @fetched_at)
     on conflict do nothing`,
  );
  const { tenant_id, run_id, scope } = lease;
  for (const page of pages) {
    const operation = storableText(page.operation);
    insert.run({ ...page, operation, tenant_id, run_id, scope, request_ids: toStorableText(page.request_ids) });
  }
}

/** Records how the scope ended in this run, and gives the lease back with what the scope remembers. */
export function updateScope(
  database: DatabaseSync,
  lease: Lease,
  { now, ending, settlement }: { now: string; ending: ScopeEnding; settlement: Settlement },
): void {
  const { tenant_id, run_id, scope } = lease;
  const { outcome, missing, vanished } = settlement;
  database
    .prepare(
      `update run_scopes set ${setCounts}, outcome = @outcome, reason = @reason, skipped = @skipped, finished_at = @now
       where tenant_id = @tenant_id and run_id = @run_id and scope = @scope`,
    )
    .run({
      ...{ ...ending.counts, missing, vanished, outcome, now, tenant_id, run_id, scope },
      reason: cleaned(settlement.reason),
      skipped: toStorableText(ending.skipped),
    });
  const remembers = ending.outcome !== 'failed' && ending.memo !== undefined;
  database
    .prepare(
      `update scopes set holder_run_id = null, lease_expires_at = null, enumerated_at = @enumerated_at, held = @held,
         memo = iif(@remembers, @memo, memo),
         measures = iif(@measured, @measures, measures),
         org_id = iif(@complete, coalesce(@root, org_id), org_id),
         last_complete_at = iif(@complete, @now, last_complete_at),
         last_complete_run_id = iif(@complete, @run_id, last_complete_run_id)
       where tenant_id = @tenant_id and scope = @scope`,
    )
    .run({
      ...{ tenant_id, run_id, scope, now },
      enumerated_at: JSON.stringify(settlement.enumerated_at),
      held: JSON.stringify(settlement.held),
      remembers: Number(remembers),
      memo: ending.memo === null ? null : toStorableText(ending.memo),
      measured: Number(ending.outcome !== 'failed'),
      measures: JSON.stringify(ending.measures),
      complete: Number(outcome === 'complete'),
      root: ending.root,
    });
}

function cleaned(text: string | null): string | null {
  return text === null ? null : storableText(text);
}

/** "collector/version" of a run, or null if there is no such run. */
export function readSource(database: DatabaseSync, run: { tenant_id: string; run_id: string }): string | null {
  const row = prepare<{ source: string }>(
    database,
    `select collector || '/' || version as source from collector_runs where tenant_id = ? and id = ?`,
  ).get(run.tenant_id, run.run_id);
  return row?.source ?? null;
}
