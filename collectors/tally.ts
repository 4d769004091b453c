// What one scope has seen and what happened to it so far; the runner's memory while it observes.
import type { ObservationKind } from '#core/observation.ts';
import { type Counts, type Skipped, zeroCounts } from '#core/run.ts';
import type { EnumeratedKind } from '#store/store.ts';

export interface Tally {
  readonly counts: Counts;
  readonly seen: Readonly<Record<ObservationKind, Set<string>>>;
  readonly inserted: Record<ObservationKind, number>;
  readonly enumerated: Set<ObservationKind>;
  /** Kinds of which a part could not be listed or understood. */
  readonly restricted: Set<ObservationKind>;
  readonly skipped: Skipped[];
  /** What to remember; undefined leaves it as it was. */
  memo: unknown;
  /** The root that answered. */
  root: string | null;
}

/** Nothing seen yet. */
export function createTally(): Tally {
  return {
    counts: zeroCounts(),
    seen: { account: new Set(), org_node: new Set() },
    inserted: { account: 0, org_node: 0 },
    enumerated: new Set(),
    restricted: new Set(),
    skipped: [],
    memo: undefined,
    root: null,
  };
}

/** Counts a key as seen, once. */
export function see(tally: Tally, kind: ObservationKind, key: string): void {
  tally.seen[kind].add(key);
  tally.counts.seen = tally.seen.account.size + tally.seen.org_node.size;
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
