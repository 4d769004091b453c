// A record as the writers hold it: every column under its own name, JSON decoded, times as UTC text with milliseconds.
import type { Json } from '#core/json.ts';
import { forEachKind, type ObservationKind } from '#core/observation.ts';
import type { Provenance } from '#core/provenance.ts';
import type { VanishedReason } from '#core/records.ts';
import { commonColumns, recordTables } from './records.ts';

/** A stored row without its tenant: the attributes of its kind, null where never read, and the common columns. */
export type RecordRow = {
  [attribute: string]: Json;
  raw: Json;
  raw_hash: string;
  content_hash: string;
  known_fields: string[];
  provider_updated_at: string | null;
  provenance: Provenance;
  source: string;
  scope: string;
  run_id: string;
  discovered_at: string;
  valid_from: string;
  missed_runs: number;
  last_seen_at: string | null;
  vanished_at: string | null;
  vanished_reason: VanishedReason | null;
};

/** What suffices to see that a record is unchanged. */
export type RecordHead = Pick<
  RecordRow,
  'content_hash' | 'raw_hash' | 'scope' | 'missed_runs' | 'vanished_at' | 'provider_updated_at'
> & { readonly key: string };

/** A stored row with its key, and the root that its owner's scope has pinned, if any. */
export interface StoredRecord {
  readonly key: string;
  readonly row: RecordRow;
  readonly owner_root: string | null;
}

/** Content that was replaced, and the half-open interval in which it was the truth: a row of `record_versions`. */
export interface RecordVersion {
  readonly kind: ObservationKind;
  readonly key: string;
  readonly valid_from: string;
  readonly valid_to: string;
  readonly content: { readonly [column: string]: Json };
  readonly changed_fields: readonly string[];
  readonly provenance: Provenance;
  readonly run_id: string;
}

const namesOfAttributes = forEachKind((kind): readonly string[] => Object.keys(recordTables[kind].attributes));

/** The names of a kind's attributes, in the order of its columns. */
export function attributeNames(kind: ObservationKind): readonly string[] {
  return namesOfAttributes[kind];
}

const blankRows = forEachKind((kind) => ({
  ...Object.fromEntries([...attributeNames(kind), ...Object.keys(commonColumns)].map((name) => [name, null])),
  missed_runs: 0,
}));

/**
 * A row to be filled, its attributes null. All rows of a kind begin as one, so that they have one shape: they are copied, and
 * read by names that are known only at run time, in half the time.
 */
export function blankRow(kind: ObservationKind): RecordRow {
  // A boundary cast: whoever asks for it fills in what may not be null.
  return { ...blankRows[kind] } as unknown as RecordRow;
}

/** The columns that an update may set; indexes of those it leaves out are not touched. */
export function changeableColumns(kind: ObservationKind): string[] {
  const { primaryKey } = recordTables[kind];
  const names = [...attributeNames(kind), ...Object.keys(commonColumns)];
  return names.filter((name) => name !== 'discovered_at' && !primaryKey.includes(name));
}

/** The observation key of a stored row, as `accountKey` makes it. */
export function keyOf(kind: ObservationKind, row: RecordRow): string {
  return recordTables[kind].primaryKey.map((name) => String(row[name])).join('/');
}

/** The primary key's values, in the order of its columns. */
export function primaryKeyOf(kind: ObservationKind, key: string): string[] {
  if (recordTables[kind].primaryKey.length === 1) return [key];
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
