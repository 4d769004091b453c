// Writes one batch: reads the heads, then the rows that may differ, and writes what does.
import type { ObservationKind } from '#core/observation.ts';
import type { Stamp } from '#core/provenance.ts';
import { type BatchContext, sourceOf } from '../decide.ts';
import { toEvents } from '../events.ts';
import { type Observed, readObservations } from '../observed.ts';
import { type BatchPlan, planBatch, sortByHead, toUpsertResult } from '../plan.ts';
import type { Batch, Lease, UpsertResult } from '../store.ts';
import type { WriteContext } from './context.ts';
import { insertEvents, insertVersions } from './journal.ts';
import { renewLease } from './lease.ts';
import { type Keys, readHeads, readRows, writeRows } from './rows.ts';
import { insertPages } from './runs.ts';

/** One batch, inside the caller's transaction. What needs no answer of each other is sent together, in one round trip. */
export async function upsert(context: WriteContext, lease: Lease, batch: Batch): Promise<UpsertResult> {
  const { stamp, root, configured_scopes } = batch;
  const observations = Object.groupBy(readObservations(batch.observations), ({ kind }) => kind);
  const observed = { org_node: observations.org_node ?? [], account: observations.account ?? [] };
  const heads = (kind: ObservationKind) => readHeads(context, toKeys(lease, kind, observed[kind]));
  // The lease comes first: its row lock keeps whatever follows in one hand.
  const [{ now, org_id }, nodeHeads, accountHeads] = await Promise.all([
    renewLease(context.sql, lease),
    heads('org_node'),
    heads('account'),
  ]);
  const sorted = {
    org_node: sortByHead(observed.org_node, nodeHeads, lease.scope),
    account: sortByHead(observed.account, accountHeads, lease.scope),
  };
  const rows = (kind: ObservationKind) => readRows(context, toKeys(lease, kind, sorted[kind].suspects));
  const [nodes, accounts] = await Promise.all([rows('org_node'), rows('account')]);
  const batchContext: BatchContext = { stamp, now, root, pinned_root: org_id, configured_scopes };
  const plans = {
    org_node: planBatch(sorted.org_node, nodes, batchContext),
    account: planBatch(sorted.account, accounts, batchContext),
  };
  // Nodes first, as they are above the accounts; any order would do, but it must always be the same.
  await Promise.all([
    ...writePlan(context, { lease, stamp, kind: 'org_node', plan: plans.org_node }),
    ...writePlan(context, { lease, stamp, kind: 'account', plan: plans.account }),
    insertPages(context.sql, lease, batch.pages),
  ]);
  return toUpsertResult(plans);
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
