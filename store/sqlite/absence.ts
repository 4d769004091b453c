// Ends a scope: counts misses, vanishes records past the shrink guard, or on an operator's word.
import type { ObservationKind } from '#core/observation.ts';
import type { Stamp } from '#core/provenance.ts';
import { decideAbsence } from '../absence.ts';
import { sourceOf } from '../decide.ts';
import { toEvents } from '../events.ts';
import { heldKinds, type KindAbsence, notHeld, provesAbsence, type ScopeState, settleScope } from '../settle.ts';
import type { ConfirmRequest, EnumeratedKind, Lease, ScopeEnding, ScopeResult } from '../store.ts';
import { type Finding, planVanish } from '../vanish.ts';
import type { WriterContext } from './context.ts';
import { readIdleScope, renewLease } from './lease.ts';
import { insertPages, readSource, updateScope } from './runs.ts';

/** Settles the scope and gives its lease back, inside the caller's transaction. */
export function finishScope(
  context: WriterContext,
  { lease, stamp, ending }: { lease: Lease; stamp: Stamp; ending: ScopeEnding },
): ScopeResult {
  const state = renewLease(context.database, lease);
  insertPages(context.database, lease, ending.pages);
  const finding = { run_id: lease.run_id, source: sourceOf(stamp), now: state.now };
  const enumerated = provesAbsence(ending) ? ending.enumerated : [];
  const kinds = enumerated.map((kind) => writeAbsence(context, { lease, state, kind }, finding));
  const settlement = settleScope(state, { run_id: lease.run_id, ending }, kinds);
  updateScope(context.database, lease, { now: state.now, ending, settlement });
  const { outcome, reason, missing, vanished } = settlement;
  return { outcome, reason, missing, vanished };
}

/** Vanishes what the named run held back, inside the caller's transaction. */
export function confirmHeld(context: WriterContext, request: ConfirmRequest): { vanished: number } {
  const { tenant_id, scope, run_id } = request;
  const state = readIdleScope(context.database, request);
  const kinds = heldKinds(state, run_id);
  const source = readSource(context.database, request);
  if (state === null || source === null || kinds.length === 0) {
    throw notHeld(request, state);
  }
  const finding = { run_id, source, now: state.now };
  let vanished = 0;
  for (const kind of kinds) {
    const keys = context.records[kind].held(tenant_id, scope);
    vanish(context, { tenant_id, kind, keys }, finding);
    vanished += keys.length;
  }
  const held = Object.fromEntries(Object.entries(state.held).filter(([, run]) => run !== run_id));
  context.database
    .prepare('update scopes set held = ? where tenant_id = ? and scope = ?')
    .run(JSON.stringify(held), tenant_id, scope);
  return { vanished };
}

function writeAbsence(
  context: WriterContext,
  { lease, state, kind }: { lease: Lease; state: ScopeState; kind: EnumeratedKind },
  finding: Finding,
): KindAbsence {
  const { tenant_id, scope } = lease;
  const table = context.records[kind.kind];
  const absence = decideAbsence(table.tally(tenant_id, scope, kind.seen), kind, state.held[kind.kind] !== undefined);
  const enumeratedAt = state.enumerated_at[kind.kind] ?? null;
  for (const key of absence.cleared) table.clearMisses(tenant_id, key);
  for (const key of absence.missed) table.miss(tenant_id, key, enumeratedAt);
  for (const key of absence.heldBack) table.holdBack(tenant_id, key);
  vanish(context, { tenant_id, kind: kind.kind, keys: absence.vanished }, finding);
  return { kind: kind.kind, restricted: kind.restricted, absence };
}

/** Vanishes records. One at a time: an operator may confirm a whole organization, which must not be held in memory at once. */
export function vanish(
  context: WriterContext,
  { tenant_id, kind, keys }: { tenant_id: string; kind: ObservationKind; keys: readonly string[] },
  finding: Finding,
): void {
  const table = context.records[kind];
  for (const key of keys) {
    const stored = table.find(tenant_id, [key]).get(key);
    if (stored === undefined) continue;
    const plan = planVanish(kind, [stored], finding);
    for (const row of plan.updates) table.update(row, stored);
    context.journal.appendVersions(tenant_id, plan.versions);
    context.journal.appendEvents(toEvents(plan.happenings, { ...finding, tenant_id, clock: context.clock }));
  }
}
