// Which records of a kind are missing after its strong listing has ended, which vanish, and when the shrink guard holds them.
import type { EnumeratedKind } from './store.ts';

/** A record that is not vanished, as far as its absence is concerned. */
export interface LiveRecord {
  readonly key: string;
  readonly missed_runs: number;
  readonly lifecycle: string | null;
}

/** What to write. Keys in none of the lists are left alone. */
export interface Absence {
  /** Seen, though rejected or left to an older answer: the miss of an earlier run is cleared. */
  readonly cleared: readonly string[];
  /** Missing for the first time. */
  readonly missed: readonly string[];
  /** Missing again, and held back by the guard. */
  readonly heldBack: readonly string[];
  /** Missing again. */
  readonly vanished: readonly string[];
  /** Whether the kind is held from now on. */
  readonly isHeld: boolean;
  /** How many then vanish on an operator's word: also those of an earlier held set that this run could not look for. */
  readonly confirmable: number;
}

/** Above both of these the guard holds; so it does when nothing would be left. */
const guardShare = 0.2;
const guardCount = 5;

/** A record missing this often in a row vanishes, or belongs to the held set. */
export const missesToVanish = 2;

/** How many live records a scope has of a kind, and those among them that are not plainly there: all that is kept of a large scope. */
export interface LiveTally {
  readonly count: number;
  readonly doubtful: readonly LiveRecord[];
}

/** Whether something has to be decided about a live record. */
export function isDoubtful(record: LiveRecord, seen: ReadonlySet<string>): boolean {
  return record.missed_runs > 0 || !seen.has(record.key);
}

/** Decides for one kind. `isHeld` says that an earlier run's guard holds it. */
export function decideAbsence(
  live: LiveTally,
  kind: Pick<EnumeratedKind, 'seen' | 'inserted' | 'restricted'>,
  isHeld: boolean,
): Absence {
  const { cleared, missed, again, stillHeld, newlyHeld } = sortDoubtful(live.doubtful, kind);
  // Held once, the kind stays held until every record of the held set was seen: the same listing again proves nothing.
  const staysHeld = isHeld && stillHeld > 0;
  const isGuarded = isSuspicious(again.length, live.count - kind.inserted);
  const holds = staysHeld || isGuarded;
  const decided = { cleared, missed, heldBack: holds ? again : [], vanished: holds ? [] : again };
  return { ...decided, isHeld: holds, confirmable: holds ? stillHeld + newlyHeld : 0 };
}

/** Whether so many of the live records would vanish at once that lost rights are the likelier cause. */
export function isSuspicious(vanishing: number, before: number): boolean {
  if (vanishing === 0) return false;
  return (vanishing > guardShare * before && vanishing > guardCount) || vanishing >= before;
}

function sortDoubtful(doubtful: readonly LiveRecord[], kind: Pick<EnumeratedKind, 'seen' | 'restricted'>) {
  const keysOf = (records: readonly LiveRecord[]) => records.map(({ key }) => key);
  const [seen, unseen] = partition(doubtful, ({ key }) => kind.seen.has(key));
  // What could not be listed may be where a living record went; a closing one is not expected back.
  const missing = kind.restricted ? unseen.filter(({ lifecycle }) => isEnding(lifecycle)) : unseen;
  const [again, missed] = partition(missing, ({ missed_runs }) => missed_runs + 1 >= missesToVanish);
  return {
    // Doubtful though seen: it was missed before.
    cleared: keysOf(seen),
    missed: keysOf(missed),
    again: keysOf(again),
    stillHeld: unseen.filter(({ missed_runs }) => missed_runs >= missesToVanish).length,
    newlyHeld: again.filter(({ missed_runs }) => missed_runs < missesToVanish).length,
  };
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** Whether the provider has said that the record is on its way out, which explains its absence. */
export function isEnding(lifecycle: string | null): boolean {
  return lifecycle === 'closing' || lifecycle === 'closed';
}
