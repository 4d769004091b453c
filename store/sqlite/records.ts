// Reads and writes one kind's record table with statements that are prepared once.
import type Database from 'better-sqlite3';
import type { Json } from '#core/json.ts';
import type { ObservationKind } from '#core/observation.ts';
import { type LiveRecord, missesToVanish } from '../absence.ts';
import { type ColumnType, commonColumns, recordTables } from '../records.ts';
import { keyOf, primaryKeyOf, type RecordHead, type RecordRow, type StoredRecord } from '../row.ts';
import { toStorableText } from '../storable.ts';

/** One kind's table. All of it runs inside the caller's transaction. */
export interface RecordsTable {
  head(tenant: string, key: string): RecordHead | undefined;
  find(tenant: string, key: string): StoredRecord | undefined;
  insert(tenant: string, row: RecordRow): void;
  update(tenant: string, row: RecordRow): void;
  /** The scope's records that are not vanished. */
  live(tenant: string, scope: string): Iterable<LiveRecord>;
  /** Keys of the scope's live records that were missed often enough to vanish. */
  held(tenant: string, scope: string): string[];
  /** Counts the first miss; the record was last seen when its kind was last enumerated, or when its content was delivered. */
  miss(tenant: string, key: string, enumerated_at: string | null): void;
  /** Counts the miss that would have made it vanish. */
  holdBack(tenant: string, key: string): void;
  clearMisses(tenant: string, key: string): void;
}

type Parameters = (string | number | null)[];
type LiveRow = Omit<LiveRecord, 'key'> & { readonly provider: string; readonly id: string };

/** Prepares a kind's statements. */
export function prepareRecords(database: Database.Database, kind: ObservationKind): RecordsTable {
  const { table, primaryKey } = recordTables[kind];
  const columns = columnsOf(kind);
  const names = Object.keys(columns);
  const changeable = names.filter((name) => !primaryKey.includes(name));
  const ofKey = `tenant_id = ? and ${primaryKey.map((name) => `${name} = ?`).join(' and ')}`;
  const ofScope = 'tenant_id = ? and scope = ? and vanished_at is null';
  // The type parameters state what our own columns hold; nothing else writes them.
  const selectHead = database.prepare<Parameters, Omit<RecordHead, 'key'>>(
    `select content_hash, raw_hash, scope, missed_runs, vanished_at, provider_updated_at from ${table} where ${ofKey}`,
  );
  const selectRow = database.prepare<Parameters, Record<string, unknown>>(
    `select ${names.map(quote).join(', ')},
       (select org_id from scopes where scopes.tenant_id = ${table}.tenant_id and scopes.scope = ${table}.scope) owner_root
     from ${table} where ${ofKey}`,
  );
  const insert = database.prepare(
    `insert into ${table} (tenant_id, ${names.map(quote).join(', ')}) values (?${', ?'.repeat(names.length)})`,
  );
  const update = database.prepare(
    `update ${table} set ${changeable.map((name) => `${quote(name)} = ?`).join(', ')} where ${ofKey}`,
  );
  const selectLive = database.prepare<Parameters, LiveRow>(
    `select provider, id, missed_runs, lifecycle from ${table} where ${ofScope}`,
  );
  const selectHeld = database.prepare<Parameters, LiveRow>(
    `select provider, id from ${table} where ${ofScope} and missed_runs >= ${missesToVanish}`,
  );
  const miss = database.prepare(
    `update ${table} set missed_runs = 1, last_seen_at = max(coalesce(?, ''), provenance ->> '$.observed_at') where ${ofKey}`,
  );
  const holdBack = database.prepare(
    `update ${table} set missed_runs = ${missesToVanish} where ${ofKey} and missed_runs < ${missesToVanish}`,
  );
  const clear = database.prepare(`update ${table} set missed_runs = 0, last_seen_at = null where ${ofKey}`);
  const parametersOf = (tenant: string, key: string): Parameters => [tenant, ...primaryKeyOf(kind, key)];
  const liveKey = (row: LiveRow) => (kind === 'account' ? `${row.provider}/${row.id}` : row.id);
  return {
    head(tenant, key) {
      const row = selectHead.get(...parametersOf(tenant, key));
      return row && { key, ...row };
    },
    find(tenant, key) {
      const row = selectRow.get(...parametersOf(tenant, key));
      return row && decodeStored(key, row, columns);
    },
    insert: (tenant, row) => void insert.run(tenant, ...encode(row, names, columns)),
    update: (tenant, row) =>
      void update.run(...encode(row, changeable, columns), ...parametersOf(tenant, keyOf(kind, row))),
    *live(tenant, scope) {
      for (const row of selectLive.iterate(tenant, scope)) yield { ...row, key: liveKey(row) };
    },
    held: (tenant, scope) => selectHeld.all(tenant, scope).map(liveKey),
    miss: (tenant, key, enumerated_at) => void miss.run(enumerated_at, ...parametersOf(tenant, key)),
    holdBack: (tenant, key) => void holdBack.run(...parametersOf(tenant, key)),
    clearMisses: (tenant, key) => void clear.run(...parametersOf(tenant, key)),
  };
}

function columnsOf(kind: ObservationKind): Readonly<Record<string, ColumnType>> {
  return { ...recordTables[kind].attributes, ...commonColumns };
}

function quote(name: string): string {
  return `"${name}"`;
}

function encode(row: RecordRow, names: readonly string[], columns: Readonly<Record<string, ColumnType>>): Parameters {
  return names.map((name) => encodeValue(name, columns[name], row[name] ?? null));
}

// `raw` may be JSON's own null; in every other column null is SQL's.
function encodeValue(name: string, type: ColumnType | undefined, value: Json): string | number | null {
  if (value === null) return name === 'raw' ? 'null' : null;
  if (type === 'json' || type === 'array') return toStorableText(value);
  return typeof value === 'number' ? value : String(value);
}

function decodeStored(
  key: string,
  stored: Readonly<Record<string, unknown>>,
  columns: Readonly<Record<string, ColumnType>>,
): StoredRecord {
  const row = Object.fromEntries(
    Object.entries(columns).map(([name, type]) => [name, decodeValue(type, stored[name])]),
  );
  const ownerRoot = stored['owner_root'];
  // A boundary cast: the columns were just named, and only `encode` above writes them.
  return { key, row: row as RecordRow, owner_root: typeof ownerRoot === 'string' ? ownerRoot : null };
}

function decodeValue(type: ColumnType, value: unknown): unknown {
  return (type === 'json' || type === 'array') && typeof value === 'string' ? JSON.parse(value) : value;
}
