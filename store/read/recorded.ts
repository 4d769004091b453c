// Records as they had been recorded at a time: rows that still say so, and versions that were replaced later.
import type { ObservationKind } from '#core/observation.ts';
import { type ColumnType, commonColumns, recordTables } from '../records.ts';
import type { Dialect } from './dialect.ts';

/** The condition that the content of a version `v` was the truth at `@as_of`. */
export const validThen = 'v.valid_from <= @as_of and v.valid_to > @as_of';

/** The columns of a kind's table in the order in which the selects below have them. */
function columnsOf(kind: ObservationKind): [string, ColumnType][] {
  return Object.entries<ColumnType>({ tenant_id: 'text', ...recordTables[kind].attributes, ...commonColumns });
}

/** Selects present rows that meet a condition on `r`. */
export function presentRows(kind: ObservationKind, { condition, extra = [] }: { condition: string; extra?: string[] }) {
  const columns = columnsOf(kind).map(([name]) => `r."${name}"`);
  return `select ${[...columns, ...extra].join(', ')} from ${recordTables[kind].table} r
    where r.tenant_id = @tenant_id and ${condition}`;
}

/** Selects replaced content that meets a condition on `v`, as rows of the same columns. What is no content is null. */
export function replacedRows(
  kind: ObservationKind,
  { dialect, condition, extra = [] }: { dialect: Dialect; condition: string; extra?: string[] },
) {
  const { table, primaryKey } = recordTables[kind];
  const columns = columnsOf(kind).map(([name, type]) => `${recordedColumn(name, type, dialect)} as "${name}"`);
  const same = primaryKey.map((name) => `r.${name} = ${dialect.textOf('v.content', name)}`);
  return `select ${[...columns, ...extra].join(', ')}
    from record_versions v join ${table} r on r.tenant_id = v.tenant_id and ${same.join(' and ')}
    where v.tenant_id = @tenant_id and v.kind = @record_kind and ${condition}`;
}

/** Selects the rows as they had been recorded at `@as_of`; `isOne` keeps to the record with the key. */
export function rowsAt(kind: ObservationKind, { dialect, isOne }: { dialect: Dialect; isOne: boolean }): string {
  return `${presentRows(kind, { condition: `r.valid_from <= @as_of${isOne ? ` and ${hasKey(kind)}` : ''}` })}
    union all
    ${replacedRows(kind, { dialect, condition: `${validThen}${isOne ? ' and v.key = @record_key' : ''}` })}`;
}

/** The condition that `r` is the record whose primary key is bound as `@key_0` and, for accounts, `@key_1`. */
export function hasKey(kind: ObservationKind): string {
  return recordTables[kind].primaryKey.map((name, index) => `r.${name} = @key_${index}`).join(' and ');
}

// Who the record is and since when never changes; its interval and origin are columns of the version.
function recordedColumn(name: string, type: ColumnType, dialect: Dialect): string {
  if (name === 'discovered_at') return 'r.discovered_at';
  if (['tenant_id', 'valid_from', 'provenance', 'run_id'].includes(name)) return `v.${name}`;
  if (name === 'missed_runs') return '0';
  return dialect.recorded(name, type);
}
