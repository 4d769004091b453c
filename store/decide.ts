// What one observation does to the stored record: nothing, an update in place, or a new version with its event.
import type { Json } from '#core/json.ts';
import { forEachKind, type ObservationKind } from '#core/observation.ts';
import type { Evidence, Provenance, Stamp } from '#core/provenance.ts';
import { type Change, changedField, contentChanges } from './diff.ts';
import { type Content, hashContent, isWhole, mergeContent } from './merge.ts';
import { isOlder, type Observed } from './observed.ts';
import { pastedScope, takesOver } from './ownership.ts';
import { recordTables } from './records.ts';
import {
  attributeNames,
  blankRow,
  type RecordHead,
  type RecordRow,
  type RecordVersion,
  type StoredRecord,
} from './row.ts';

/** The batch that an observation is part of. `now` is the store's time, one for the whole batch. */
export interface BatchContext {
  readonly stamp: Stamp;
  readonly now: string;
  /** The origin of what these requests delivered in the batch, the same object for the same requests. */
  readonly provenanceOf: (requests: Evidence) => Provenance;
  readonly root: string;
  readonly pinned_root: string | null;
  readonly configured_scopes: readonly string[];
}

/** Makes one provenance of each evidence. */
export function shareProvenance(stamp: Stamp, observed_at: string): BatchContext['provenanceOf'] {
  const provenances = new Map<Evidence, Provenance>();
  return (requests) => {
    const known = provenances.get(requests);
    if (known !== undefined) return known;
    const provenance = { ...stamp, observed_at, requests };
    provenances.set(requests, provenance);
    return provenance;
  };
}

/** What happened to a record, as its event names it; null where only its path changed, for then an ancestor has the event. */
export type Happening = 'discovered' | 'updated' | 'moved' | 'vanished' | 'returned';

/** What to do. `in_place` rewrites the row and nothing else; `change` closes the replaced content as a version. */
export type Decision =
  | { readonly action: 'none' }
  | { readonly action: 'conflict'; readonly reason: string }
  | { readonly action: 'in_place'; readonly row: RecordRow }
  | {
      readonly action: 'change';
      readonly row: RecordRow;
      readonly version: RecordVersion;
      readonly happening: Happening | null;
      readonly changes: readonly Change[];
    };

/** Whether the head alone tells that the observation changes nothing, so that the full row need not be read. */
export function isUnchanged(head: RecordHead, observed: Observed, scope: string): boolean {
  return (
    head.content_hash === observed.content_hash &&
    head.raw_hash === observed.raw_hash &&
    head.scope === scope &&
    head.missed_runs === 0 &&
    head.vanished_at === null &&
    !isNewer(observed, head)
  );
}

// What is known before anything was read.
const unread = forEachKind(
  (kind): Content => ({
    attributes: Object.fromEntries(attributeNames(kind).map((name) => [name, null])),
    known_fields: [],
  }),
);

/** The row of a record seen for the first time; what could not be read is null. */
export function newRow(observed: Observed, context: BatchContext): RecordRow {
  const row = blankRow(observed.kind);
  for (const name of observed.known_fields) row[name] = observed.attributes[name] ?? null;
  row.known_fields = observed.known_fields;
  row.content_hash = observed.content_hash;
  row.provider_updated_at = observed.provider_updated_at;
  row.discovered_at = context.now;
  row.valid_from = context.now;
  deliver(row, observed, context);
  return row;
}

/** Decides about a record that is already stored. */
export function decide(stored: StoredRecord, observed: Observed, context: BatchContext): Decision {
  const { row } = stored;
  const isSeed = row.scope === pastedScope;
  const conflict = isSeed ? null : identityConflict(row, observed);
  if (conflict !== null) return { action: 'conflict', reason: conflict };
  // An older answer says that the record is there, but nothing about what it is now.
  const isStale = isOlder(observed, row);
  const before = { attributes: row, known_fields: row.known_fields };
  const isHandOver = row.scope !== context.stamp.scope;
  // Nothing that was only said is left beside what was seen.
  const kept = isSeed && isHandOver ? unread[observed.kind] : before;
  const after = isStale ? before : mergeContent(kept, observed);
  if (isHandOver && (isStale || !mayTakeOver(stored, after, context))) return { action: 'none' };
  const changes = contentChanges(before, after);
  const isChange = changes.length > 0 || row.vanished_at !== null;
  const valid_from = isChange ? nextValidFrom(row, context.now) : row.valid_from;
  const next = nextRow(row, { observed, after, isStale, valid_from }, context);
  if (isChange) return toChange(observed, { row, next, changes });
  const isRewritten =
    isHandOver || next.content_hash !== row.content_hash || next.raw_hash !== row.raw_hash || isNewer(observed, row);
  if (isRewritten) return { action: 'in_place', row: next };
  // Seen again after one miss: nothing else of the row is touched, its provenance still tells who delivered the content.
  return row.missed_runs > 0 ? { action: 'in_place', row: presentRow(row) } : { action: 'none' };
}

/** `valid_from` of content that replaces the row's: never before it and never at the same millisecond, whatever the clock did. */
export function nextValidFrom(row: RecordRow, now: string): string {
  return now > row.valid_from ? now : new Date(Date.parse(row.valid_from) + 1).toISOString();
}

/** The row's content as the version that ends at `valid_to`: all that a reader needs to show the record as it was. */
export function toVersion(
  record: { readonly kind: ObservationKind; readonly key: string; readonly row: RecordRow },
  valid_to: string,
  changed_fields: readonly string[],
): RecordVersion {
  const { kind, key, row } = record;
  const content = { ...blankVersions[kind] };
  for (const column of versionColumns[kind]) content[column] = row[column] ?? null;
  const { valid_from, provenance, run_id } = row;
  return { kind, key, valid_from, valid_to, content, changed_fields, provenance, run_id };
}

const versionColumns = forEachKind((kind): readonly string[] => [
  ...attributeNames(kind),
  ...['known_fields', 'content_hash', 'provider_updated_at', 'source', 'scope', 'vanished_at', 'vanished_reason'],
]);
const blankVersions = forEachKind((kind): { [column: string]: Json } =>
  Object.fromEntries(versionColumns[kind].map((column) => [column, null])),
);

// What an ancestor's rename or move does to every record below it. A move of the record itself shows in parent_id.
const pathFields: ReadonlySet<string> = new Set(['org_path', 'org_path_ids', 'org_path_names', 'depth']);

function toChange(
  observed: Observed,
  { row, next, changes }: { row: RecordRow; next: RecordRow; changes: readonly Change[] },
): Decision {
  const isReturn = row.vanished_at !== null;
  const changedAttributes = new Set(changes.map(changedField));
  const changedFields = [...changedAttributes, ...(isReturn ? ['vanished_at', 'vanished_reason'] : [])].sort();
  return {
    action: 'change',
    row: next,
    version: toVersion({ kind: observed.kind, key: observed.key, row }, next.valid_from, changedFields),
    happening: isReturn ? 'returned' : happeningOf(observed.kind, changedAttributes),
    changes,
  };
}

function happeningOf(kind: ObservationKind, changedAttributes: ReadonlySet<string>): Happening | null {
  if (recordTables[kind].moves.some((name) => changedAttributes.has(name))) return 'moved';
  return changedAttributes.isSubsetOf(pathFields) ? null : 'updated';
}

interface Next {
  readonly observed: Observed;
  readonly after: Content;
  readonly isStale: boolean;
  readonly valid_from: string;
}

function nextRow(row: RecordRow, { observed, after, isStale, valid_from }: Next, context: BatchContext): RecordRow {
  const next = presentRow(row);
  next.valid_from = valid_from;
  if (isStale) {
    // The content stays what another run delivered; only that it returned is this run's finding.
    next.run_id = context.stamp.run_id;
    next.source = sourceOf(context.stamp);
    return next;
  }
  for (const name of attributeNames(observed.kind)) next[name] = after.attributes[name] ?? null;
  next.known_fields = after.known_fields;
  next.content_hash = isWhole(after, observed) ? observed.content_hash : hashContent(after);
  next.provider_updated_at = observed.provider_updated_at ?? row.provider_updated_at;
  deliver(next, observed, context);
  return next;
}

// A copy of the row, the record being there.
function presentRow(row: RecordRow): RecordRow {
  const copy = { ...row };
  copy.missed_runs = 0;
  copy.last_seen_at = null;
  copy.vanished_at = null;
  copy.vanished_reason = null;
  return copy;
}

// Sets what comes with the content from the request that delivered it.
function deliver(row: RecordRow, observed: Observed, { stamp, provenanceOf }: BatchContext): void {
  row.raw = observed.raw;
  row.raw_hash = observed.raw_hash;
  row.provenance = provenanceOf(observed.evidence);
  row.source = sourceOf(stamp);
  row.scope = stamp.scope;
  row.run_id = stamp.run_id;
}

/** "collector/version", the source of rows and events. */
export function sourceOf(stamp: Pick<Stamp, 'collector' | 'collector_version'>): string {
  return `${stamp.collector}/${stamp.collector_version}`;
}

function mayTakeOver(stored: StoredRecord, after: Content, context: BatchContext): boolean {
  const home = after.attributes['org_id'];
  return takesOver(
    {
      owner: stored.row.scope,
      owner_root: stored.owner_root,
      missed_runs: stored.row.missed_runs,
      vanished_at: stored.row.vanished_at,
      home: typeof home === 'string' ? home : null,
    },
    context,
  );
}

// Two partitions (or providers) may use one id for different things, and two endpoints of different kinds be given one.
function identityConflict(row: RecordRow, observed: Observed): string | null {
  for (const name of recordTables[observed.kind].identity) {
    const stored = row[name];
    const seen = observed.attributes[name];
    if (stored !== seen) return `${name} is ${String(seen)}, but the stored record's is ${String(stored)}`;
  }
  return null;
}

function isNewer(
  observed: { readonly provider_updated_at: string | null },
  stored: { readonly provider_updated_at: string | null },
): boolean {
  if (observed.provider_updated_at === null) return false;
  return stored.provider_updated_at === null || stored.provider_updated_at < observed.provider_updated_at;
}
