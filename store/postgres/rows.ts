// Runs the record tables' statements. Each does nothing for an empty list.
import type { ObservationKind } from '#core/observation.ts';
import { isDoubtful, type LiveRecord, type LiveTally } from '../absence.ts';
import { recordTables } from '../records.ts';
import { primaryKeyOf, type RecordHead, type RecordRow, type StoredRecord } from '../row.ts';
import type { Lease } from '../store.ts';
import type { WriteContext } from './context.ts';
import { toRecordset } from './recordset.ts';

/** Records of one kind, by their observation keys. */
export interface Keys {
  readonly tenant_id: string;
  readonly kind: ObservationKind;
  readonly keys: readonly string[];
}

/** Reads the heads of those that are stored. */
export async function readHeads(
  context: WriteContext,
  { tenant_id, kind, keys }: Keys,
): Promise<Map<string, RecordHead>> {
  if (keys.length === 0) return new Map();
  const { heads } = context.statements[kind];
  // The type parameter states what our own columns hold; nothing else writes them. So below.
  const rows = await context.sql.unsafe<RecordHead[]>(heads, [tenant_id, toKeysParameter(kind, keys)]);
  return new Map(rows.map((row) => [row.key, row]));
}

/** Reads the full rows of those that are stored. */
export async function readRows(
  context: WriteContext,
  { tenant_id, kind, keys }: Keys,
): Promise<Map<string, StoredRecord>> {
  if (keys.length === 0) return new Map();
  const { rows } = context.statements[kind];
  const records = await context.sql.unsafe<StoredRecord[]>(rows, [tenant_id, toKeysParameter(kind, keys)]);
  return new Map(records.map((record) => [record.key, record]));
}

/** Inserts rows, or rewrites them. */
export async function writeRows(
  context: WriteContext,
  statement: 'insert' | 'update',
  { tenant_id, kind, rows }: Omit<Keys, 'keys'> & { readonly rows: readonly RecordRow[] },
): Promise<void> {
  if (rows.length === 0) return;
  await context.sql.unsafe(context.statements[kind][statement], [tenant_id, ...toRecordset(rows)], { prepare: true });
}

/** Counts the scope's records that are not vanished, and keeps those that were not seen or once missed. */
export async function tallyLive(
  context: WriteContext,
  { tenant_id, scope }: Lease,
  { kind, seen }: { readonly kind: ObservationKind; readonly seen: ReadonlySet<string> },
): Promise<LiveTally> {
  const doubtful: LiveRecord[] = [];
  let count = 0;
  const live = context.sql.unsafe<LiveRecord[]>(context.statements[kind].live, [tenant_id, scope]);
  for await (const records of live.cursor(1000)) {
    count += records.length;
    doubtful.push(...records.filter((record) => isDoubtful(record, seen)));
  }
  return { count, doubtful };
}

/** Keys of the scope's live records that were missed often enough to vanish. */
export async function readHeld(
  context: WriteContext,
  { tenant_id, scope }: Pick<Lease, 'tenant_id' | 'scope'>,
  kind: ObservationKind,
): Promise<string[]> {
  const rows = await context.sql.unsafe<{ key: string }[]>(context.statements[kind].held, [tenant_id, scope]);
  return rows.map(({ key }) => key);
}

/** Counts a first miss. */
export async function missRows(
  context: WriteContext,
  { tenant_id, kind, keys }: Keys,
  enumerated_at: string | null,
): Promise<void> {
  if (keys.length === 0) return;
  await context.sql.unsafe(context.statements[kind].miss, [tenant_id, toKeysParameter(kind, keys), enumerated_at]);
}

/** Counts the miss that would have made them vanish, or clears earlier ones. */
export async function markRows(
  context: WriteContext,
  statement: 'holdBack' | 'clearMisses',
  { tenant_id, kind, keys }: Keys,
): Promise<void> {
  if (keys.length === 0) return;
  await context.sql.unsafe(context.statements[kind][statement], [tenant_id, toKeysParameter(kind, keys)]);
}

function toKeysParameter(kind: ObservationKind, keys: readonly string[]): string {
  const names = recordTables[kind].primaryKey;
  return JSON.stringify(
    keys.map((key) => {
      const values = primaryKeyOf(kind, key);
      return Object.fromEntries(names.map((name, index) => [name, values[index]]));
    }),
  );
}
