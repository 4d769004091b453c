// What a batch writes, decided from what is stored: rows, versions, events and the counts for the run.
import { forEachKind, type ObservationKind } from '#core/observation.ts';
import { type BatchContext, type Decision, decide, type Happening, isUnchanged, newRow } from './decide.ts';
import type { Change } from './diff.ts';
import type { Content } from './merge.ts';
import type { Observed } from './observed.ts';
import type { RecordHead, RecordRow, RecordVersion, StoredRecord } from './row.ts';
import type { Conflict, UpsertResult } from './store.ts';

/** Something that happened to a record, and the record as it is after it. */
export interface RecordHappening {
  readonly kind: ObservationKind;
  readonly happening: Happening;
  readonly row: RecordRow;
  /** What was read of it; nothing of what is gone. */
  readonly attributes: Content['attributes'];
  /** The content before it; empty for a record that was not there. */
  readonly replaced: RecordVersion['content'];
  readonly changes: readonly Change[];
}

/** The rows to write are of one kind; only their tables differ. */
export interface BatchPlan {
  readonly inserts: readonly RecordRow[];
  readonly updates: readonly RecordRow[];
  readonly versions: readonly RecordVersion[];
  readonly happenings: readonly RecordHappening[];
  readonly conflicts: readonly Conflict[];
  /** Keys of what is inserted or gets a version. */
  readonly touched: readonly string[];
  readonly unchanged: number;
  readonly resurrected: number;
}

/** Splits a kind's observations by their heads: those not stored yet, those that may differ, and how many do not. */
export function sortByHead(
  observations: readonly Observed[],
  heads: ReadonlyMap<string, RecordHead>,
  scope: string,
): { readonly fresh: readonly Observed[]; readonly suspects: readonly Observed[]; readonly unchanged: number } {
  const fresh: Observed[] = [];
  const suspects: Observed[] = [];
  for (const observed of observations) {
    const head = heads.get(observed.key);
    if (head === undefined) fresh.push(observed);
    else if (!isUnchanged(head, observed, scope)) suspects.push(observed);
  }
  return { fresh, suspects, unchanged: observations.length - fresh.length - suspects.length };
}

/** Plans one kind of a batch. */
export function planBatch(
  sorted: ReturnType<typeof sortByHead>,
  stored: ReadonlyMap<string, StoredRecord>,
  context: BatchContext,
): BatchPlan {
  const inserts: RecordRow[] = [];
  const updates: RecordRow[] = [];
  const versions: RecordVersion[] = [];
  const happenings: RecordHappening[] = [];
  const conflicts: Conflict[] = [];
  for (const observed of sorted.fresh) {
    const row = newRow(observed, context);
    inserts.push(row);
    happenings.push(toHappening(observed, { happening: 'discovered', row, replaced: {}, changes: [] }));
  }
  for (const observed of sorted.suspects) {
    const decision = decideStored(observed, stored, context);
    if ('row' in decision) updates.push(decision.row);
    if (decision.action === 'conflict') conflicts.push(toConflict(observed, decision.reason));
    if (decision.action !== 'change') continue;
    const { happening, row, version, changes } = decision;
    versions.push(version);
    if (happening !== null)
      happenings.push(toHappening(observed, { happening, row, replaced: version.content, changes }));
  }
  return {
    ...{ inserts, updates, versions, happenings, conflicts },
    touched: [...sorted.fresh, ...versions].map(({ key }) => key),
    unchanged: sorted.unchanged + sorted.suspects.length - versions.length - conflicts.length,
    resurrected: happenings.filter(({ happening }) => happening === 'returned').length,
  };
}

/** What the run is told of a batch. */
export function toUpsertResult(plans: Readonly<Record<ObservationKind, BatchPlan>>): UpsertResult {
  const all = Object.values(plans);
  const sum = (count: (plan: BatchPlan) => number) => all.reduce((total, plan) => total + count(plan), 0);
  return {
    inserted: sum((plan) => plan.inserts.length),
    changed: sum((plan) => plan.versions.length),
    unchanged: sum((plan) => plan.unchanged),
    resurrected: sum((plan) => plan.resurrected),
    inserted_by_kind: forEachKind((kind) => plans[kind].inserts.length),
    touched: forEachKind((kind) => plans[kind].touched),
    conflicts: all.flatMap((plan) => plan.conflicts),
  };
}

// The heads were read in the same transaction, so the row is there; should it be gone, leaving it to the next run is right.
function decideStored(observed: Observed, stored: ReadonlyMap<string, StoredRecord>, context: BatchContext): Decision {
  const record = stored.get(observed.key);
  return record === undefined ? { action: 'none' } : decide(record, observed, context);
}

function toConflict({ kind, key }: Observed, reason: string): Conflict {
  return { kind, key, reason };
}

function toHappening(
  { kind, attributes }: Observed,
  { happening, row, replaced, changes }: Omit<RecordHappening, 'kind' | 'attributes'>,
): RecordHappening {
  return { kind, happening, row, attributes, replaced, changes };
}
