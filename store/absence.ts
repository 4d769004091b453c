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
}

/** Above both of these the guard holds; so it does when nothing would be left. */
const guardShare = 0.2;
const guardCount = 5;

/** A record missing this often in a row vanishes, or belongs to the held set. */
export const missesToVanish = 2;

/** Decides for one kind. `isHeld` says that an earlier run's guard holds it. The live records are read once, in any order. */
export function decideAbsence(
  live: Iterable<LiveRecord>,
  kind: Pick<EnumeratedKind, 'seen' | 'inserted' | 'restricted'>,
  isHeld: boolean,
): Absence {
  const { count, cleared, missed, again, stillHeld } = sortLive(live, kind);
  // Held once, the kind stays held until every record of the held set was seen: the same listing again proves nothing.
  const staysHeld = isHeld && stillHeld > 0;
  const isGuarded = isSuspicious(again.length, count - kind.inserted);
  const holds = staysHeld || isGuarded;
  return { cleared, missed, heldBack: holds ? again : [], vanished: holds ? [] : again, isHeld: holds };
}

/** Whether so many of the live records would vanish at once that lost rights are the likelier cause. */
export function isSuspicious(vanishing: number, before: number): boolean {
  if (vanishing === 0) return false;
  return (vanishing > guardShare * before && vanishing > guardCount) || vanishing >= before;
}

function sortLive(live: Iterable<LiveRecord>, kind: Pick<EnumeratedKind, 'seen' | 'restricted'>) {
  const sorted = { count: 0, cleared: [] as string[], missed: [] as string[], again: [] as string[], stillHeld: 0 };
  for (const record of live) {
    sorted.count += 1;
    if (kind.seen.has(record.key)) {
      if (record.missed_runs > 0) sorted.cleared.push(record.key);
      continue;
    }
    if (record.missed_runs >= missesToVanish) sorted.stillHeld += 1;
    // What could not be listed may be where a living record went; a closing one is not expected back.
    if (kind.restricted && !isEnding(record.lifecycle)) continue;
    if (record.missed_runs + 1 >= missesToVanish) sorted.again.push(record.key);
    else sorted.missed.push(record.key);
  }
  return sorted;
}

/** Whether the provider has said that the record is on its way out, which explains its absence. */
export function isEnding(lifecycle: string | null): boolean {
  return lifecycle === 'closing' || lifecycle === 'closed';
}
