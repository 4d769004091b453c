// Writes one batch: reads the heads, then the rows that may differ, and writes what does.
import { forEachKind, type ObservationKind, observationKinds } from '#core/observation.ts';
import type { Stamp } from '#core/provenance.ts';
import { type BatchContext, shareProvenance, sourceOf } from '../decide.ts';
import { toEvents } from '../events.ts';
import { type Observed, readObservations } from '../observed.ts';
import { type BatchPlan, planBatch, sortByHead, toUpsertResult } from '../plan.ts';
import type { Batch, Lease, UpsertResult } from '../store.ts';
import type { WriteContext } from './context.ts';
import { insertEvents, insertVersions } from './journal.ts';
import { renewLease } from './lease.ts';
import { type Keys, readHeads, readRows, writeRows } from './rows.ts';
import { insertPages } from './runs.ts';
import { takeOverSeeds } from './take-over.ts';

/** One batch, inside the caller's transaction. What needs no answer of each other is sent together, in one round trip. */
export async function upsert(context: WriteContext, lease: Lease, batch: Batch): Promise<UpsertResult> {
  const { stamp, root, configured_scopes } = batch;
  const observations = Object.groupBy(readObservations(batch.observations), ({ kind }) => kind);
  const observed = forEachKind((kind) => observations[kind] ?? []);
  // The lease comes first: its row lock keeps whatever follows in one hand.
  const [{ now, org_id }, heads] = await Promise.all([
    renewLease(context.sql, lease),
    ofEachKind((kind) => readHeads(context, toKeys(lease, kind, observed[kind]))),
  ]);
  const sorted = forEachKind((kind) => sortByHead(observed[kind], heads[kind], lease.scope));
  const rows = await ofEachKind((kind) => readRows(context, toKeys(lease, kind, sorted[kind].suspects)));
  const provenanceOf = shareProvenance(stamp, now);
  const batchContext: BatchContext = { stamp, now, provenanceOf, root, pinned_root: org_id, configured_scopes };
  const plans = forEachKind((kind) => planBatch(sorted[kind], rows[kind], batchContext));
  // One kind after the other; any order would do, but it must always be the same.
  await Promise.all([
    ...observationKinds.flatMap((kind) => writePlan(context, { lease, stamp, kind, plan: plans[kind] })),
    insertPages(context.sql, lease, batch.pages),
  ]);
  const { tenant_id, run_id } = stamp;
  const endpoints = { tenant_id, observed: observed.monitoring_endpoint };
  await takeOverSeeds(context, endpoints, { run_id, source: sourceOf(stamp), now });
  return toUpsertResult(plans);
}

// All at once: what is sent without waiting shares a round trip.
async function ofEachKind<Value>(read: (kind: ObservationKind) => Promise<Value>) {
  const { account, org_node, monitoring_endpoint, relation } = forEachKind(read);
  const values = await Promise.all([account, org_node, monitoring_endpoint, relation]);
  return { account: values[0], org_node: values[1], monitoring_endpoint: values[2], relation: values[3] };
}

function toKeys({ tenant_id }: Lease, kind: ObservationKind, observed: readonly Observed[]): Keys {
  return { tenant_id, kind, keys: observed.map(({ key }) => key) };
}

interface KindPlan {
  readonly lease: Lease;
  readonly stamp: Stamp;
  readonly kind: ObservationKind;
  readonly plan: BatchPlan;
}

// One after the other without waiting: the database writes the rows while the events are still being made.
function writePlan(context: WriteContext, { lease, stamp, kind, plan }: KindPlan): Promise<void>[] {
  const { tenant_id } = lease;
  return [
    writeRows(context, 'insert', { tenant_id, kind, rows: plan.inserts }),
    writeRows(context, 'update', { tenant_id, kind, rows: plan.updates }),
    insertVersions(context.sql, tenant_id, plan.versions),
    writeEvents(context, { lease, stamp, kind, plan }),
  ];
}

async function writeEvents({ sql, clock }: WriteContext, { lease, stamp, plan }: KindPlan): Promise<void> {
  const { tenant_id, run_id } = lease;
  await insertEvents(sql, tenant_id, toEvents(plan.happenings, { tenant_id, run_id, source: sourceOf(stamp), clock }));
}
