// How a scope ends: its outcome after the shrink guard had its say, and what its row remembers.
import { RequestError } from '#core/errors.ts';
import { type ObservationKind, observationKinds } from '#core/observation.ts';
import type { Outcome } from '#core/run.ts';
import type { Absence } from './absence.ts';
import type { ConfirmRequest, ScopeEnding, ScopeResult } from './store.ts';

/** A scope's row as a run finds it under its lease. */
export interface ScopeState {
  /** The store's time, one for the whole transaction. */
  readonly now: string;
  /** The pinned root. */
  readonly org_id: string | null;
  /** When each kind's strong listing last ended. */
  readonly enumerated_at: Readonly<Record<string, string>>;
  /** The latest run that held each kind. */
  readonly held: Readonly<Record<string, string>>;
}

/** What was decided about one enumerated kind. */
export interface KindAbsence {
  readonly kind: ObservationKind;
  readonly restricted: boolean;
  readonly absence: Absence;
}

/** How the scope ended, and its row's next values. */
export interface Settlement extends ScopeResult {
  readonly enumerated_at: Readonly<Record<string, string>>;
  readonly held: Readonly<Record<string, string>>;
}

/** Whether a scope that ended so can prove that something is absent. */
export function provesAbsence(ending: ScopeEnding): boolean {
  return ending.outcome === 'complete' || ending.outcome === 'partial';
}

/** Settles the scope. Of the outcomes the worst counts: failed, held, partial, complete. */
export function settleScope(
  state: ScopeState,
  run: { readonly run_id: string; readonly ending: ScopeEnding },
  kinds: readonly KindAbsence[],
): Settlement {
  const { run_id, ending } = run;
  const enumeratedAt = { ...state.enumerated_at };
  const held = { ...state.held };
  for (const { kind, restricted, absence } of kinds) {
    // Not every living record of a restricted kind was seen, so its time would be a lie as their `last_seen_at`.
    if (!restricted) enumeratedAt[kind] = state.now;
    if (absence.isHeld) held[kind] = run_id;
    else delete held[kind];
  }
  const heldKinds = kinds.filter(({ absence }) => absence.isHeld);
  const outcome: Outcome = heldKinds.length > 0 ? 'held' : ending.outcome;
  const reasons = [ending.reason, ...heldKinds.map(heldReason)].filter((reason) => reason !== null);
  const missing = kinds.reduce((sum, { absence }) => sum + absence.missed.length + absence.heldBack.length, 0);
  const vanished = kinds.reduce((sum, { absence }) => sum + absence.vanished.length, 0);
  const reason = reasons.length > 0 ? reasons.join('; ') : null;
  return { outcome, reason, missing, vanished, enumerated_at: enumeratedAt, held };
}

function heldReason({ kind, absence }: KindAbsence): string {
  return `held: ${absence.confirmable} records of kind ${kind} would vanish`;
}

/** The answer to a confirmation that names another run than the one that holds the scope: which it is, to be looked at. */
export function notHeld({ run_id, scope }: ConfirmRequest, state: ScopeState | null): RequestError {
  const holders = Object.entries(state?.held ?? {}).map(
    ([kind, holder]) => `its records of kind ${kind} are held by ${holder}`,
  );
  const how = holders.length > 0 ? holders.join(', ') : 'nothing of it is held';
  return new RequestError(409, 'not_held', `${run_id} is not the latest run that held ${scope}: ${how}`);
}

/** The kinds that this run, and no later one, holds. */
export function heldKinds(state: ScopeState | null, run_id: string): ObservationKind[] {
  return observationKinds.filter((kind) => state?.held[kind] === run_id);
}
