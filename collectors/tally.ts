// What one scope has seen and what happened to it so far; the runner's memory while it observes.
import { forEachKind, type ObservationKind, observationKinds } from '#core/observation.ts';
import { toTold } from '#core/redact.ts';
import { type Counts, type Measures, type Skipped, zeroCounts } from '#core/run.ts';
import { storableText } from '#core/text.ts';
import type { EnumeratedKind, UpsertResult } from '#store/store.ts';

/** Keys by their kind, as they are stored. */
export type Keys = Readonly<Record<ObservationKind, Set<string>>>;

export interface Tally {
  readonly counts: Counts;
  readonly seen: Keys;
  /** Keys among them of which the store has no observation of this run: kept without being read, rejected or refused. */
  readonly unread: Keys;
  /** Keys whose records this run has inserted or changed. */
  readonly touched: Keys;
  readonly inserted: Record<ObservationKind, number>;
  readonly enumerated: Set<ObservationKind>;
  /** Kinds of which a part could not be listed or understood. */
  readonly restricted: Set<ObservationKind>;
  /** The first ones by name; `unnamed` counts the others. */
  readonly skipped: Skipped[];
  unnamed: number;
  /** What to remember; undefined leaves it as it was. */
  memo: unknown;
  measures: Measures;
  /** The root that answered. */
  root: string | null;
}

/** How many parts and rejections a scope names, in its row and in the log: enough to act on, whatever a provider sends. */
export const maxNamed = 50;
// Names come from providers.
const maxNameLength = 300;

/** None of any kind. */
export function noKeys(): Keys {
  return forEachKind(() => new Set());
}

/** Nothing seen yet. */
export function createTally(): Tally {
  return {
    counts: zeroCounts(),
    seen: noKeys(),
    unread: noKeys(),
    touched: noKeys(),
    inserted: forEachKind(() => 0),
    enumerated: new Set(),
    restricted: new Set(),
    skipped: [],
    unnamed: 0,
    memo: undefined,
    measures: {},
    root: null,
  };
}

/**
 * Counts a key as seen, once, in the form in which it is stored and will be missed. Answers whether the store has been given an
 * observation of it before.
 */
export function see(tally: Tally, kind: ObservationKind, key: string): boolean {
  const stored = storableText(key);
  const isNew = add(tally, kind, stored);
  return !tally.unread[kind].delete(stored) && !isNew;
}

/** Counts a key as seen that the store is not given. */
export function seeUnread(tally: Tally, kind: ObservationKind, key: string): void {
  const stored = storableText(key);
  if (add(tally, kind, stored)) tally.unread[kind].add(stored);
}

function add(tally: Tally, kind: ObservationKind, key: string): boolean {
  const keys = tally.seen[kind];
  const before = keys.size;
  keys.add(key);
  tally.counts.seen += keys.size - before;
  return keys.size > before;
}

/** Notes what could not be read, by a name that a row can hold. Undefined when it is only counted, for there have been too many already. */
export function noteSkipped(tally: Tally, { what, kinds, cause }: Skipped): Skipped | undefined {
  for (const kind of kinds) tally.restricted.add(kind);
  if (tally.skipped.length >= maxNamed) {
    tally.unnamed += 1;
    return undefined;
  }
  const noted = { what: toTold(what).slice(0, maxNameLength), kinds, cause };
  tally.skipped.push(noted);
  return noted;
}

/** Counts what a batch came to: each record once, and `repeated` are the keys of which an earlier batch had one. */
export function countBatch(tally: Tally, result: UpsertResult, repeated: Keys): void {
  for (const name of ['inserted', 'changed', 'unchanged', 'resurrected'] as const) tally.counts[name] += result[name];
  for (const kind of observationKinds) {
    tally.inserted[kind] += result.inserted_by_kind[kind];
    const touched = new Set(result.touched[kind]);
    const refused = new Set(result.conflicts.filter((conflict) => conflict.kind === kind).map(({ key }) => key));
    for (const key of repeated[kind].difference(refused)) {
      // It was unchanged until now, or it has been counted for what it is.
      const isCountedTwice = touched.has(key) && tally.touched[kind].has(key);
      tally.counts[isCountedTwice ? 'changed' : 'unchanged'] -= 1;
    }
    for (const key of touched) tally.touched[kind].add(key);
  }
  for (const { kind, key, reason } of result.conflicts) {
    tally.counts.rejected += 1;
    if (!repeated[kind].has(key)) tally.unread[kind].add(key);
    noteSkipped(tally, { what: key, kinds: [kind], cause: reason });
  }
}

/** The kinds whose absence the writer may judge. */
export function listEnumerated(tally: Tally): EnumeratedKind[] {
  return [...tally.enumerated].map((kind) => ({
    kind,
    seen: tally.seen[kind],
    inserted: tally.inserted[kind],
    restricted: tally.restricted.has(kind),
  }));
}
