// Writes one batch: reads the heads, then the rows that may differ, and writes what does.
import type { ObservationKind } from '#core/observation.ts';
import { type BatchContext, sourceOf } from '../decide.ts';
import { toEvents } from '../events.ts';
import { type Observed, readObservations } from '../observed.ts';
import { type BatchPlan, planBatch, sortByHead, toUpsertResult } from '../plan.ts';
import type { Batch, Lease, UpsertResult } from '../store.ts';
import type { WriteContext } from './context.ts';
import { insertEvents, insertVersions } from './journal.ts';
import { renewLease } from './lease.ts';
import { readHeads, readRows, writeRows } from './rows.ts';
import { insertPages } from './runs.ts';
import { takeOverSeeds } from './take-over.ts';

/** One batch, inside the caller's transaction. */
export async function upsert(context: WriteContext, lease: Lease, batch: Batch): Promise<UpsertResult> {
  const { now, org_id } = await renewLease(context.sql, lease);
  const { stamp, root, configured_scopes } = batch;
  const batchContext: BatchContext = { stamp, now, root, pinned_root: org_id, configured_scopes };
  const observations = Object.groupBy(readObservations(batch.observations), ({ kind }) => kind);
  const write = (kind: ObservationKind) =>
    writeKind(context, { kind, observations: observations[kind] ?? [] }, batchContext);
  // One after the other; any order would do, but it must always be the same.
  const plans = {
    org_node: await write('org_node'),
    account: await write('account'),
    monitoring_endpoint: await write('monitoring_endpoint'),
    relation: await write('relation'),
  };
  const { tenant_id, run_id } = stamp;
  const endpoints = { tenant_id, observed: observations.monitoring_endpoint ?? [] };
  await takeOverSeeds(context, endpoints, { run_id, source: sourceOf(stamp), now });
  await insertPages(context.sql, lease, batch.pages);
  return toUpsertResult(plans);
}

async function writeKind(
  context: WriteContext,
  { kind, observations }: { kind: ObservationKind; observations: readonly Observed[] },
  batchContext: BatchContext,
): Promise<BatchPlan> {
  const { tenant_id, run_id, scope } = batchContext.stamp;
  const keysOf = (list: readonly Observed[]) => list.map(({ key }) => key);
  const heads = await readHeads(context, { tenant_id, kind, keys: keysOf(observations) });
  const sorted = sortByHead(observations, heads, scope);
  const stored = await readRows(context, { tenant_id, kind, keys: keysOf(sorted.suspects) });
  const plan = planBatch(sorted, stored, batchContext);
  const eventContext = { tenant_id, run_id, source: sourceOf(batchContext.stamp), clock: context.clock };
  const events = toEvents(plan.happenings, eventContext);
  // Sent one after the other without waiting: they depend on nothing but their order, and share a round trip.
  await Promise.all([
    writeRows(context, 'insert', { tenant_id, kind, rows: plan.inserts }),
    writeRows(context, 'update', { tenant_id, kind, rows: plan.updates }),
    insertVersions(context.sql, tenant_id, plan.versions),
    insertEvents(context.sql, events),
  ]);
  return plan;
}
