// Writes one batch: reads the heads, then the rows that may differ, and writes what does.
import { forEachKind, type ObservationKind } from '#core/observation.ts';
import { type BatchContext, shareProvenance, sourceOf } from '../decide.ts';
import { toEvents } from '../events.ts';
import { type Observed, readObservations } from '../observed.ts';
import { type BatchPlan, planBatch, sortByHead, toUpsertResult } from '../plan.ts';
import { keyOf } from '../row.ts';
import type { JsonTexts } from '../storable.ts';
import type { Batch, Lease, UpsertResult } from '../store.ts';
import type { WriterContext } from './context.ts';
import { renewLease } from './lease.ts';
import { insertPages } from './runs.ts';
import { takeOverSeeds } from './take-over.ts';

/** One batch, inside the caller's transaction. */
export function upsert(context: WriterContext, lease: Lease, batch: Batch): UpsertResult {
  const { now, org_id } = renewLease(context.database, lease);
  const { stamp, root, configured_scopes } = batch;
  const provenanceOf = shareProvenance(stamp, now);
  const batchContext: BatchContext = { stamp, now, provenanceOf, root, pinned_root: org_id, configured_scopes };
  const texts = new Map<object, string>();
  const observations = Object.groupBy(readObservations(batch.observations, texts), ({ kind }) => kind);
  const plans = forEachKind((kind) =>
    writeKind(context, { kind, observations: observations[kind] ?? [], texts }, batchContext),
  );
  const { tenant_id, run_id } = stamp;
  const endpoints = { tenant_id, observed: observations.monitoring_endpoint ?? [] };
  takeOverSeeds(context, endpoints, { run_id, source: sourceOf(stamp), now });
  insertPages(context.database, lease, batch.pages);
  return toUpsertResult(plans);
}

function writeKind(
  context: WriterContext,
  { kind, observations, texts }: { kind: ObservationKind; observations: readonly Observed[]; texts: JsonTexts },
  batchContext: BatchContext,
): BatchPlan {
  const { tenant_id, run_id } = batchContext.stamp;
  const table = context.records[kind];
  const heads = table.heads(tenant_id, keysOf(observations));
  const sorted = sortByHead(observations, heads, batchContext.stamp.scope);
  const stored = table.find(tenant_id, keysOf(sorted.suspects));
  const plan = planBatch(sorted, stored, batchContext);
  const eventContext = { tenant_id, run_id, source: sourceOf(batchContext.stamp), clock: context.clock };
  const events = toEvents(plan.happenings, eventContext);
  for (const row of plan.inserts) table.insert(tenant_id, row, texts);
  for (const row of plan.updates) {
    const record = stored.get(keyOf(kind, row));
    if (record !== undefined) table.update(row, record, texts);
  }
  context.journal.appendVersions(tenant_id, plan.versions);
  context.journal.appendEvents(events, texts);
  return plan;
}

function keysOf(observations: readonly Observed[]): string[] {
  return observations.map(({ key }) => key);
}
