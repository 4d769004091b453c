// Writes a run's rows: the run, its scopes, its requests, and the scope's own row when the run has ended with it.
import type { Counts, Run } from '#core/run.ts';
import { storableText } from '#core/text.ts';
import type { Settlement } from '../settle.ts';
import { toStorableText } from '../storable.ts';
import type { Lease, LeaseRequest, NewPage, NewRun, RunEnding, ScopeEnding, UnwrittenScope } from '../store.ts';
import type { PostgresTransaction } from './connection.ts';
import { failSilentRuns } from './dead-runs.ts';

/** Inserts the run, and fails those of its tenant that died. Repeating it changes nothing. */
export async function insertRun(sql: PostgresTransaction, run: NewRun): Promise<void> {
  await failSilentRuns(sql, run.tenant_id);
  await sql`
    insert into collector_runs (tenant_id, id, collector, version, image_digest, trigger, configured_scopes, started_at)
    values (${run.tenant_id}, ${run.id}, ${run.collector}, ${run.version}, ${run.image_digest}, ${run.trigger},
      ${run.configured_scopes ? [...run.configured_scopes] : null}::text[], date_trunc('milliseconds', clock_timestamp()))
    on conflict do nothing`;
}

/** Records how the run ended, and what is not yet told of its scopes. */
export async function updateRun(
  sql: PostgresTransaction,
  run: Pick<Run, 'tenant_id' | 'id'>,
  ending: RunEnding,
): Promise<void> {
  await sql`
    update collector_runs set ${setCounts(sql, ending)}, outcome = ${ending.outcome},
      principal = ${cleaned(ending.principal)}, sdk = ${cleaned(ending.sdk)},
      error_code = ${ending.error_code}, error = ${cleaned(ending.error)},
      finished_at = date_trunc('milliseconds', clock_timestamp())
    where tenant_id = ${run.tenant_id} and id = ${run.id}`;
  for (const scope of ending.unwritten ?? []) await writeEnding(sql, run, scope);
}

async function writeEnding(
  sql: PostgresTransaction,
  { tenant_id, id }: Pick<Run, 'tenant_id' | 'id'>,
  { scope, outcome, reason, ...counts }: UnwrittenScope,
): Promise<void> {
  await sql`
    insert into run_scopes (tenant_id, run_id, scope, started_at)
    values (${tenant_id}, ${id}, ${scope}, date_trunc('milliseconds', clock_timestamp())) on conflict do nothing`;
  await sql`
    update run_scopes set ${setCounts(sql, counts)}, outcome = ${outcome}, reason = ${cleaned(reason)},
      finished_at = date_trunc('milliseconds', clock_timestamp())
    where tenant_id = ${tenant_id} and run_id = ${id} and scope = ${scope} and finished_at is null`;
}

/** Records a scope that the run did not attempt. */
export async function insertSkippedScope(
  sql: PostgresTransaction,
  request: LeaseRequest,
  reason: string,
): Promise<void> {
  const { tenant_id, run_id, scope } = request;
  await sql`
    insert into run_scopes (tenant_id, run_id, scope, outcome, reason, started_at, finished_at)
    select ${tenant_id}, ${run_id}, ${scope}, 'skipped', ${storableText(reason)}, now, now
    from date_trunc('milliseconds', clock_timestamp()) as now
    on conflict do nothing`;
}

/** Records requests. A page that is already there stays: its batch was committed and its answer lost. */
export async function insertPages(sql: PostgresTransaction, lease: Lease, pages: readonly NewPage[]): Promise<void> {
  if (pages.length === 0) return;
  await sql`
    insert into run_pages (tenant_id, run_id, scope, seq, operation, page, request_ids, attempts, retry_delay_ms,
      http_status, items, sha256, fetched_at)
    select ${lease.tenant_id}, ${lease.run_id}, ${lease.scope}, seq, operation, page, request_ids, attempts, retry_delay_ms,
      http_status, items, sha256, fetched_at
    from jsonb_to_recordset(${toStorableText(pages)}::text::jsonb) as x(
      seq integer, operation text, page integer, request_ids text[], attempts integer, retry_delay_ms integer,
      http_status integer, items integer, sha256 text, fetched_at timestamptz)
    on conflict do nothing`;
}

/** Records how the scope ended in this run, and gives the lease back with what the scope remembers. */
export async function updateScope(
  sql: PostgresTransaction,
  lease: Lease,
  { now, ending, settlement }: { now: string; ending: ScopeEnding; settlement: Settlement },
): Promise<void> {
  const { tenant_id, run_id, scope } = lease;
  const { outcome, missing, vanished } = settlement;
  await sql`
    update run_scopes set ${setCounts(sql, { ...ending.counts, missing, vanished })}, outcome = ${outcome},
      reason = ${cleaned(settlement.reason)}, skipped = ${toStorableText(ending.skipped)}::text::jsonb,
      finished_at = ${now}::text::timestamptz
    where tenant_id = ${tenant_id} and run_id = ${run_id} and scope = ${scope}`;
  const remembers = ending.outcome !== 'failed' && ending.memo !== undefined;
  const isMeasured = ending.outcome !== 'failed';
  const isComplete = outcome === 'complete';
  await sql`
    update scopes set holder_run_id = null, lease_expires_at = null,
      enumerated_at = ${JSON.stringify(settlement.enumerated_at)}::text::jsonb,
      held = ${JSON.stringify(settlement.held)}::text::jsonb
      ${remembers ? sql`, memo = ${ending.memo === null ? null : toStorableText(ending.memo)}::text::jsonb` : sql``}
      ${isMeasured ? sql`, measures = ${JSON.stringify(ending.measures)}::text::jsonb` : sql``}
      ${isComplete ? sql`, org_id = coalesce(${ending.root}, org_id), last_complete_at = ${now}::text::timestamptz, last_complete_run_id = ${run_id}` : sql``}
    where tenant_id = ${tenant_id} and scope = ${scope}`;
}

/** Replaces what the scope holds back. */
export async function updateHeld(
  sql: PostgresTransaction,
  { tenant_id, scope }: Pick<LeaseRequest, 'tenant_id' | 'scope'>,
  held: Readonly<Record<string, string>>,
): Promise<void> {
  await sql`update scopes set held = ${JSON.stringify(held)}::text::jsonb where tenant_id = ${tenant_id} and scope = ${scope}`;
}

/** "collector/version" of a run, or null if there is no such run. */
export async function readSource(
  sql: PostgresTransaction,
  run: { readonly tenant_id: string; readonly run_id: string },
): Promise<string | null> {
  const [row] = await sql<{ source: string }[]>`
    select collector || '/' || version as source from collector_runs
    where tenant_id = ${run.tenant_id} and id = ${run.run_id}`;
  return row?.source ?? null;
}

function setCounts(sql: PostgresTransaction, counts: Counts) {
  const { pages, seen, inserted, changed, unchanged, resurrected, missing, vanished, rejected } = counts;
  return sql`pages = ${pages}, seen = ${seen}, inserted = ${inserted}, changed = ${changed}, unchanged = ${unchanged},
    resurrected = ${resurrected}, missing = ${missing}, vanished = ${vanished}, rejected = ${rejected}`;
}

function cleaned(text: string | null): string | null {
  return text === null ? null : storableText(text);
}
