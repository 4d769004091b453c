// Which scope may write a record that more than one scope sees.

/**
 * The owner of what somebody only said: seeds, pasted or from a file. No collector has a scope of this name, so that every
 * observation takes a seed over; ingest lets none of them touch what another scope owns.
 */
export const pastedScope = 'seed:pasted';

/** The record as it would be after this sighting, its owner, and the scope that sees it. */
export interface Sighting {
  readonly owner: string;
  /** The root that the owner's first complete run pinned. */
  readonly owner_root: string | null;
  readonly missed_runs: number;
  readonly vanished_at: string | null;
  /** Organization or tenant the record belongs to. */
  readonly home: string | null;
}

/** The scope that sees the record. */
export interface Seer {
  readonly root: string;
  /** The root its first complete run pinned, null before. */
  readonly pinned_root: string | null;
  readonly configured_scopes: readonly string[];
}

/**
 * Whether another scope's record becomes this scope's: its owner has lost it, or it lives in this scope's organization and
 * not in the owner's. At least one of the two roots must be proven (pinned) for that: two new scopes over one
 * organization would otherwise take the same records from each other run by run.
 */
export function takesOver(sighting: Sighting, seer: Seer): boolean {
  if (!seer.configured_scopes.includes(sighting.owner)) return true;
  if (sighting.missed_runs > 0 || sighting.vanished_at !== null) return true;
  const isProven = sighting.owner_root !== null || seer.pinned_root === seer.root;
  return isProven && sighting.home === seer.root && sighting.owner_root !== seer.root;
}
