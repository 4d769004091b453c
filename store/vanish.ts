// How a record vanishes: its content so far becomes a version, the row stays and says when and why.
import type { ObservationKind } from '#core/observation.ts';
import type { VanishedReason } from '#core/records.ts';
import { isEnding, missesToVanish } from './absence.ts';
import { nextValidFrom, toVersion } from './decide.ts';
import type { RecordHappening } from './plan.ts';
import type { RecordRow, RecordVersion, StoredRecord } from './row.ts';

/** The run that found the records gone. */
export interface Finding {
  readonly run_id: string;
  /** "collector/version" */
  readonly source: string;
  readonly now: string;
  /** Why, where the records themselves do not tell. */
  readonly reason?: VanishedReason;
}

/** What vanishing writes. */
export interface VanishPlan {
  readonly updates: readonly RecordRow[];
  readonly versions: readonly RecordVersion[];
  readonly happenings: readonly RecordHappening[];
}

/**
 * Plans the vanishing of records of one kind. Their provenance stays: absence has no request of its own, and what is kept
 * of the record was delivered by the one it names.
 */
export function planVanish(kind: ObservationKind, records: readonly StoredRecord[], finding: Finding): VanishPlan {
  const planned = records.map(({ key, row }) => {
    const valid_from = nextValidFrom(row, finding.now);
    const { run_id, source } = finding;
    const vanished: RecordRow = {
      ...row,
      ...{ run_id, source, valid_from, vanished_at: valid_from, vanished_reason: finding.reason ?? reasonOf(row) },
      missed_runs: missesToVanish,
    };
    const version = toVersion({ kind, key, row }, valid_from, ['vanished_at', 'vanished_reason']);
    const happening: RecordHappening = {
      ...{ kind, happening: 'vanished', row: vanished },
      ...{ attributes: {}, replaced: version.content, changes: [] },
    };
    return { vanished, version, happening };
  });
  return {
    updates: planned.map(({ vanished }) => vanished),
    versions: planned.map(({ version }) => version),
    happenings: planned.map(({ happening }) => happening),
  };
}

function reasonOf(row: RecordRow): VanishedReason {
  const lifecycle = row['lifecycle'];
  return typeof lifecycle === 'string' && isEnding(lifecycle) ? 'closed' : 'unknown';
}
