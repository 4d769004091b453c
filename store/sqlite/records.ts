// Reads and writes one kind's record table with statements that are prepared once.
import type { DatabaseSync } from 'node:sqlite';
import { isEqualJson, type Json } from '#core/json.ts';
import type { ObservationKind } from '#core/observation.ts';
import { isDoubtful, type LiveRecord, type LiveTally, missesToVanish } from '../absence.ts';
import { type ColumnType, commonColumns, recordTables } from '../records.ts';
import { blankRow, primaryKeyOf, type RecordHead, type RecordRow, type StoredRecord } from '../row.ts';
import { type JsonTexts, noTexts, rememberText, toStorableText } from '../storable.ts';
import { prepare, prepareArrays, type SqliteValue, type Statement } from './connection.ts';

/** A stored record, and where it is as long as the transaction lasts. */
export interface FoundRecord extends StoredRecord {
  readonly rowid: number;
}

/** One kind's table. All of it runs inside the caller's transaction. */
export interface RecordsTable {
  /** The heads of those that are stored, by their keys. */
  heads(tenant: string, keys: readonly string[]): Map<string, RecordHead>;
  /** Those that are stored, by their keys. */
  find(tenant: string, keys: readonly string[]): Map<string, FoundRecord>;
  insert(tenant: string, row: RecordRow, texts?: JsonTexts): void;
  /** Writes what differs from the stored row: indexes of other columns are not touched. */
  update(row: RecordRow, found: FoundRecord, texts?: JsonTexts): void;
  /** Counts the scope's records that are not vanished, and keeps those that were not seen or once missed. */
  tally(tenant: string, scope: string, seen: ReadonlySet<string>): LiveTally;
  /** Keys of the scope's live records that were missed often enough to vanish. */
  held(tenant: string, scope: string): string[];
  /** Counts the first miss; the record was last seen when its kind was last enumerated, or when its content was delivered. */
  miss(tenant: string, key: string, enumerated_at: string | null): void;
  /** Counts the miss that would have made it vanish. */
  holdBack(tenant: string, key: string): void;
  clearMisses(tenant: string, key: string): void;
}

type HeadRow = readonly [
  key: string,
  content_hash: string,
  raw_hash: string,
  scope: string,
  missed_runs: number,
  vanished_at: string | null,
  provider_updated_at: string | null,
];
type StoredRow = readonly [key: string, rowid: number, owner_root: string | null, ...values: unknown[]];
type LiveRow = readonly [key: string, missed_runs: number, lifecycle: string | null];

// More sets of columns than a run meets.
const maxUpdates = 100;

/** Prepares a kind's statements. */
export function prepareRecords(database: DatabaseSync, kind: ObservationKind): RecordsTable {
  const columns = Object.entries<ColumnType>({ ...recordTables[kind].attributes, ...commonColumns }).map(toColumn);
  const statements = prepareStatements(
    database,
    kind,
    columns.map(({ name }) => name),
  );
  const updateOf = prepareUpdates(database, kind);
  const parametersOf = (tenant: string, key: string): SqliteValue[] => [tenant, ...primaryKeyOf(kind, key)];
  return {
    heads(tenant, keys) {
      const rows = keys.length === 0 ? [] : statements.heads.all(tenant, JSON.stringify(keys));
      return new Map(rows.map((row) => [row[0], toHead(row)]));
    },
    find(tenant, keys) {
      const rows = keys.length === 0 ? [] : statements.find.all(tenant, JSON.stringify(keys));
      return new Map(rows.map((row) => [row[0], decodeStored(row, kind, columns)]));
    },
    insert: (tenant, row, texts) => void statements.insert.run(tenant, ...encode(row, columns, texts)),
    update(row, { rowid, row: before }, texts) {
      const changed = columns.filter(({ name }) => !isEqualJson(row[name], before[name]));
      if (changed.length === 0) return;
      updateOf(changed).run(...encode(row, changed, texts), rowid);
    },
    tally(tenant, scope, seen) {
      const doubtful: LiveRecord[] = [];
      let count = 0;
      for (const [key, missed_runs, lifecycle] of statements.live.iterate(tenant, scope)) {
        const record = { key, missed_runs, lifecycle };
        if (isDoubtful(record, seen)) doubtful.push(record);
        count += 1;
      }
      return { count, doubtful };
    },
    held: (tenant, scope) => statements.held.all(tenant, scope).map(([key]) => key),
    miss: (tenant, key, enumerated_at) => void statements.miss.run(enumerated_at, ...parametersOf(tenant, key)),
    holdBack: (tenant, key) => void statements.holdBack.run(...parametersOf(tenant, key)),
    clearMisses: (tenant, key) => void statements.clear.run(...parametersOf(tenant, key)),
  };
}

// The type parameters state what our own columns hold; nothing else writes them.
function prepareStatements(database: DatabaseSync, kind: ObservationKind, names: readonly string[]) {
  const { table, primaryKey } = recordTables[kind];
  const ofKey = hasKey(kind);
  // A batch at once, as a call for each key takes twice as long; key by key, whatever the planner believes.
  const ofKeys = `from json_each(?2) k cross join ${table} r
    where r.tenant_id = ?1 and ${primaryKeyParts(kind)
      .map(([name, part]) => `r.${name} = ${part}`)
      .join(' and ')}`;
  const ofRow = primaryKey.join(` || '/' || `);
  const ofScope = 'tenant_id = ? and scope = ? and vanished_at is null';
  // A kind without one never says that it is on its way out.
  const lifecycle = names.includes('lifecycle') ? 'lifecycle' : 'null';
  const quoted = names.map((name) => `"${name}"`);
  return {
    heads: prepareArrays<HeadRow>(
      database,
      `select k.value, r.content_hash, r.raw_hash, r.scope, r.missed_runs, r.vanished_at, r.provider_updated_at ${ofKeys}`,
    ),
    find: prepareArrays<StoredRow>(
      database,
      `select k.value, r.rowid, (select org_id from scopes s where s.tenant_id = r.tenant_id and s.scope = r.scope),
           ${quoted.map((name) => `r.${name}`).join(', ')}
         ${ofKeys}`,
    ),
    insert: prepare(
      database,
      `insert into ${table} (tenant_id, ${quoted.join(', ')}) values (?${', ?'.repeat(names.length)})`,
    ),
    // A row for each record of the scope: arrays are made faster than objects.
    live: prepareArrays<LiveRow>(database, `select ${ofRow}, missed_runs, ${lifecycle} from ${table} where ${ofScope}`),
    held: prepareArrays<readonly [string]>(
      database,
      `select ${ofRow} from ${table} where ${ofScope} and missed_runs >= ${missesToVanish}`,
    ),
    miss: prepare(
      database,
      `update ${table} set missed_runs = 1, last_seen_at = max(coalesce(?, ''), provenance ->> '$.observed_at')
       where ${ofKey}`,
    ),
    holdBack: prepare(
      database,
      `update ${table} set missed_runs = ${missesToVanish} where ${ofKey} and missed_runs < ${missesToVanish}`,
    ),
    clear: prepare(database, `update ${table} set missed_runs = 0, last_seen_at = null where ${ofKey}`),
  };
}

function hasKey(kind: ObservationKind): string {
  return `tenant_id = ? and ${recordTables[kind].primaryKey.map((name) => `${name} = ?`).join(' and ')}`;
}

// The primary key's columns and their parts of a key, as `primaryKeyOf` splits it.
function primaryKeyParts(kind: ObservationKind): (readonly [column: string, part: string])[] {
  const { primaryKey } = recordTables[kind];
  const slash = "instr(k.value, '/')";
  const parts = [`substr(k.value, 1, ${slash} - 1)`, `substr(k.value, ${slash} + 1)`];
  return primaryKey.map((name, index) => [name, primaryKey.length === 1 ? 'k.value' : (parts[index] ?? '')]);
}

// One statement for each set of columns; of one run's records most change the same.
function prepareUpdates(
  database: DatabaseSync,
  kind: ObservationKind,
): (columns: readonly Column[]) => Statement<never> {
  const statements = new Map<string, Statement<never>>();
  return (columns) => {
    const assignments = columns.map(({ name }) => `"${name}" = ?`).join(', ');
    const known = statements.get(assignments);
    if (known !== undefined) return known;
    const statement = prepare(database, `update ${recordTables[kind].table} set ${assignments} where rowid = ?`);
    if (statements.size >= maxUpdates) statements.clear();
    statements.set(assignments, statement);
    return statement;
  };
}

// A column, and how its values become what is stored and back. JSON keeps the last pair: neighbours often have the same.
interface Column {
  readonly name: string;
  encode(value: Json, texts: JsonTexts): SqliteValue;
  decode(stored: unknown): unknown;
}

function toColumn([name, type]: readonly [string, ColumnType]): Column {
  if (type !== 'json' && type !== 'array') return { name, encode: encodeScalar, decode: (stored) => stored };
  // `raw` may be JSON's own null; in every other column null is SQL's.
  const none = name === 'raw' ? 'null' : null;
  const textOf = rememberText();
  let last: { readonly text: string; readonly value: unknown } = { text: 'null', value: null };
  return {
    name,
    encode(value, texts) {
      if (typeof value !== 'object') return toStorableText(value);
      return value === null ? none : (texts.get(value) ?? textOf(value));
    },
    decode(stored) {
      if (typeof stored !== 'string') return stored;
      if (stored !== last.text) last = { text: stored, value: JSON.parse(stored) };
      return last.value;
    },
  };
}

function encodeScalar(value: Json): SqliteValue {
  return value === null || typeof value === 'number' ? value : String(value);
}

function encode(row: RecordRow, columns: readonly Column[], texts = noTexts): SqliteValue[] {
  return columns.map((column) => column.encode(row[column.name] ?? null, texts));
}

function toHead(row: HeadRow): RecordHead {
  const [key, content_hash, raw_hash, scope, missed_runs, vanished_at, provider_updated_at] = row;
  return { key, content_hash, raw_hash, scope, missed_runs, vanished_at, provider_updated_at };
}

function decodeStored(stored: StoredRow, kind: ObservationKind, columns: readonly Column[]): FoundRecord {
  const [key, rowid, owner_root] = stored;
  const row = blankRow(kind);
  let place = 3;
  for (const column of columns) {
    // A boundary cast: the columns were just named, and only `encode` above writes them.
    row[column.name] = column.decode(stored[place]) as Json;
    place += 1;
  }
  return { key, rowid, row, owner_root };
}
