// The statements that read records, as they are or as they had been recorded at a time, and their history.
import type { ObservationKind } from '#core/observation.ts';
import { recordTables } from '../records.ts';
import { primaryKeyOf } from '../row.ts';
import type { Position, SortField } from '../store.ts';
import { isUnfiltered, type RecordListOptions, toConditions } from './conditions.ts';
import type { Dialect, Member, Statement } from './dialect.ts';
import { chooseFields, contentFields, detailFields, listFields, recordMembers } from './fields.ts';
import { hasKey, presentRows, replacedRows, rowsAt } from './recorded.ts';

/** A record by its observation key. */
export interface RecordKey {
  readonly tenant_id: string;
  readonly kind: ObservationKind;
  readonly key: string;
}

/** One page of a list and a row more, each with `json`, `value` (what it is sorted by) and the columns of its key. */
export function listRecords(kind: ObservationKind, options: RecordListOptions, dialect: Dialect): Statement {
  const { sort, as_of, after, limit } = options;
  const fields = options.fields === undefined ? listFields(kind) : chooseFields(kind, options.fields);
  const members = recordMembers(kind, fields, { dialect, isPast: as_of !== undefined });
  const conditions = toConditions(kind, options, dialect);
  const source = as_of === undefined ? recordTables[kind].table : 'recorded';
  const direction = sort.descending ? 'desc' : 'asc';
  const order = orderOf(kind, sort.field)
    .map((name) => `r.${name} ${direction}`)
    .join(', ');
  const parts = partsOf(kind, sort, after).map(
    (part) => `select * from (
      select r.* from ${source} r where ${[conditions.text, ...part].join(' and ')}
      order by ${order} limit @limit) part`,
  );
  const key = recordTables[kind].primaryKey;
  const value = isTime(sort.field) ? dialect.time(`r.${sort.field}`) : `r.${sort.field}`;
  return {
    text: `${as_of === undefined ? '' : `with recorded as (${rowsAt(kind, { dialect, isOne: false })})`}
      select ${dialect.text(dialect.object(members))} as json, ${value} as sorted_by, ${columnsOf(key)}
      from (${parts.join(' union all ')}) r
      order by ${parts.length > 1 ? `r.${sort.field} is null, ` : ''}${order} limit @limit`,
    parameters: { ...conditions.parameters, ...bind(after), record_kind: kind, as_of, limit: limit + 1 },
    inOrder: isUnfiltered(options),
  };
}

/** The record with everything that is known of it, as `json`. */
export function getRecord(
  { tenant_id, kind, key, as_of }: RecordKey & { readonly as_of?: string | undefined },
  dialect: Dialect,
): Statement {
  const isPast = as_of !== undefined;
  const members = recordMembers(kind, detailFields(kind), { dialect, isPast });
  const source = isPast ? `(${rowsAt(kind, { dialect, isOne: true })})` : recordTables[kind].table;
  return {
    text: `select ${dialect.text(dialect.object(members))} as json from ${source} r
      where r.tenant_id = @tenant_id and ${hasKey(kind)}`,
    parameters: { tenant_id, ...bindKey(kind, key), record_kind: kind, record_key: key, as_of },
  };
}

/** Where the record's present content comes from, as `json`; no row when there is no such record. */
export function getProvenance({ tenant_id, kind, key }: RecordKey, dialect: Dialect): Statement {
  return {
    text: `select ${dialect.text('r.provenance')} as json from ${recordTables[kind].table} r
      where r.tenant_id = @tenant_id and ${hasKey(kind)}`,
    parameters: { tenant_id, ...bindKey(kind, key) },
  };
}

/** One page of a record's history and a row more: `json` and `sorted_by`, the newest first. */
export function listHistory(
  { tenant_id, kind, key, after, limit }: RecordKey & { readonly after?: Position | undefined; readonly limit: number },
  dialect: Dialect,
): Statement {
  const content = dialect.object(recordMembers(kind, contentFields(kind), { dialect, isPast: true }));
  const members: Member[] = [
    { name: 'valid_from', sql: 'r.valid_from', type: 'time' },
    { name: 'valid_to', sql: 'r.valid_to', type: 'time' },
    { name: 'content', sql: content, type: 'json' },
    { name: 'changed_fields', sql: 'r.changed_fields', type: 'array' },
    { name: 'provenance', sql: 'r.provenance', type: 'json' },
    { name: 'run_id', sql: 'r.run_id', type: 'text' },
  ];
  const present = presentRows(kind, {
    condition: hasKey(kind),
    extra: ['null as valid_to', '@no_fields as changed_fields'],
  });
  const condition = 'v.key = @record_key';
  const replaced = replacedRows(kind, { dialect, condition, extra: ['v.valid_to', 'v.changed_fields'] });
  return {
    text: `select ${dialect.text(dialect.object(members))} as json, ${dialect.time('r.valid_from')} as sorted_by
      from (${replaced} union all ${present}) r
      ${after ? 'where r.valid_from < @after_value' : ''}
      order by r.valid_from desc limit @limit`,
    parameters: {
      ...{ tenant_id, ...bindKey(kind, key), record_kind: kind, record_key: key },
      ...{ no_fields: dialect.list([]), after_value: after?.value, limit: limit + 1 },
    },
  };
}

// The key breaks ties in the sort's direction, so that one index serves both, forwards and backwards. Rows without a value
// come last in either, which no index gives; so they are a part of their own that begins where the others end. The texts are
// the conditions of each part.
function partsOf(kind: ObservationKind, sort: { field: SortField; descending: boolean }, after?: Position): string[][] {
  const { field } = sort;
  const key = recordTables[kind].primaryKey;
  const order = orderOf(kind, field);
  const beyond = (columns: readonly string[]) => {
    const bound = columns.map((name) => (name === field ? '@after_value' : `@key_${key.indexOf(name)}`));
    return `(${columnsOf(columns)}) ${sort.descending ? '<' : '>'} (${bound.join(', ')})`;
  };
  const isNullable = field === 'name';
  const isAmongNulls = after !== undefined && after.value === null;
  const valued = [...(isNullable ? [`r.${field} is not null`] : []), ...(after ? [beyond(order)] : [])];
  const unvalued = [`r.${field} is null`, ...(isAmongNulls ? [beyond(key)] : [])];
  return [...(isAmongNulls ? [] : [valued]), ...(isNullable ? [unvalued] : [])];
}

function orderOf(kind: ObservationKind, field: SortField): string[] {
  return [...new Set([field, ...recordTables[kind].primaryKey])];
}

function columnsOf(names: readonly string[]): string {
  return names.map((name) => `r.${name}`).join(', ');
}

function isTime(field: SortField): boolean {
  return field === 'discovered_at' || field === 'valid_from';
}

function bind(after: Position | undefined): Statement['parameters'] {
  if (after === undefined) return {};
  return { after_value: after.value, ...Object.fromEntries(after.key.map((value, index) => [`key_${index}`, value])) };
}

function bindKey(kind: ObservationKind, key: string): Statement['parameters'] {
  return Object.fromEntries(primaryKeyOf(kind, key).map((value, index) => [`key_${index}`, value]));
}
