// What one scope has seen and what happened to it so far; the runner's memory while it observes.
import { forEachKind, type ObservationKind, observationKinds } from '#core/observation.ts';
import { toTold } from '#core/redact.ts';
import { type Counts, type Measures, type Skipped, zeroCounts } from '#core/run.ts';
import { storableText } from '#core/text.ts';
import type { EnumeratedKind, UpsertResult } from '#store/store.ts';

export interface Tally {
  readonly counts: Counts;
  readonly seen: Readonly<Record<ObservationKind, Set<string>>>;
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

/** Nothing seen yet. */
export function createTally(): Tally {
  return {
    counts: zeroCounts(),
    seen: forEachKind(() => new Set()),
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

/** Counts a key as seen, once, in the form in which it is stored and will be missed. */
export function see(tally: Tally, kind: ObservationKind, key: string): void {
  const keys = tally.seen[kind];
  const before = keys.size;
  keys.add(storableText(key));
  tally.counts.seen += keys.size - before;
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

/** Counts what a batch came to. */
export function countBatch(tally: Tally, result: UpsertResult): void {
  for (const name of ['inserted', 'changed', 'unchanged', 'resurrected'] as const) tally.counts[name] += result[name];
  for (const kind of observationKinds) tally.inserted[kind] += result.inserted_by_kind[kind];
  for (const { kind, key, reason } of result.conflicts) {
    tally.counts.rejected += 1;
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
