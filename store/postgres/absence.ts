// Ends a scope: counts misses, vanishes records past the shrink guard, or on an operator's word.
import type { Stamp } from '#core/provenance.ts';
import { decideAbsence } from '../absence.ts';
import { sourceOf } from '../decide.ts';
import { toEvents } from '../events.ts';
import { heldKinds, type KindAbsence, notHeld, provesAbsence, type ScopeState, settleScope } from '../settle.ts';
import type { ConfirmRequest, EnumeratedKind, Lease, ScopeEnding, ScopeResult } from '../store.ts';
import { type Finding, planVanish } from '../vanish.ts';
import type { WriteContext } from './context.ts';
import { insertEvents, insertVersions } from './journal.ts';
import { lockIdleScope, renewLease } from './lease.ts';
import { type Keys, markRows, missRows, readHeld, readRows, tallyLive, writeRows } from './rows.ts';
import { insertPages, readSource, updateHeld, updateScope } from './runs.ts';

/** Settles the scope and gives its lease back, inside the caller's transaction. */
export async function finishScope(
  context: WriteContext,
  { lease, stamp, ending }: { lease: Lease; stamp: Stamp; ending: ScopeEnding },
): Promise<ScopeResult> {
  const state = await renewLease(context.sql, lease);
  await insertPages(context.sql, lease, ending.pages);
  const finding = { run_id: lease.run_id, source: sourceOf(stamp), now: state.now };
  const kinds: KindAbsence[] = [];
  for (const kind of provesAbsence(ending) ? ending.enumerated : []) {
    kinds.push(await writeAbsence(context, { lease, state, kind }, finding));
  }
  const settlement = settleScope(state, { run_id: lease.run_id, ending }, kinds);
  await updateScope(context.sql, lease, { now: state.now, ending, settlement });
  const { outcome, reason, missing, vanished } = settlement;
  return { outcome, reason, missing, vanished };
}

/** Vanishes what the named run held back, inside the caller's transaction. */
export async function confirmHeld(context: WriteContext, request: ConfirmRequest): Promise<{ vanished: number }> {
  const { tenant_id, run_id } = request;
  const state = await lockIdleScope(context.sql, request);
  const kinds = heldKinds(state, run_id);
  const source = await readSource(context.sql, request);
  if (state === null || source === null || kinds.length === 0) {
    throw notHeld(request, state);
  }
  let vanished = 0;
  for (const kind of kinds) {
    const keys = await readHeld(context, request, kind);
    await vanish(context, { tenant_id, kind, keys }, { run_id, source, now: state.now });
    vanished += keys.length;
  }
  const held = Object.fromEntries(Object.entries(state.held).filter(([, run]) => run !== run_id));
  await updateHeld(context.sql, request, held);
  return { vanished };
}

async function writeAbsence(
  context: WriteContext,
  { lease, state, kind: enumerated }: { lease: Lease; state: ScopeState; kind: EnumeratedKind },
  finding: Finding,
): Promise<KindAbsence> {
  const { tenant_id } = lease;
  const { kind, restricted } = enumerated;
  const live = await tallyLive(context, lease, enumerated);
  const absence = decideAbsence(live, enumerated, state.held[kind] !== undefined);
  await markRows(context, 'clearMisses', { tenant_id, kind, keys: absence.cleared });
  await missRows(context, { tenant_id, kind, keys: absence.missed }, state.enumerated_at[kind] ?? null);
  await markRows(context, 'holdBack', { tenant_id, kind, keys: absence.heldBack });
  await vanish(context, { tenant_id, kind, keys: absence.vanished }, finding);
  return { kind, restricted, absence };
}

const chunkSize = 500;

/** Vanishes records. In chunks: an operator may confirm a whole organization, which must not be held in memory at once. */
export async function vanish(context: WriteContext, { tenant_id, kind, keys }: Keys, finding: Finding): Promise<void> {
  for (let start = 0; start < keys.length; start += chunkSize) {
    const chunk = keys.slice(start, start + chunkSize);
    const stored = await readRows(context, { tenant_id, kind, keys: chunk });
    const plan = planVanish(kind, [...stored.values()], finding);
    const events = toEvents(plan.happenings, { ...finding, tenant_id, clock: context.clock });
    await Promise.all([
      writeRows(context, 'update', { tenant_id, kind, rows: plan.updates }),
      insertVersions(context.sql, tenant_id, plan.versions),
      insertEvents(context.sql, tenant_id, events),
    ]);
  }
}
