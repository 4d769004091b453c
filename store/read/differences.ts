// The statements that compare records at two times: which were touched between them, and what they were at each.
import { forEachKind, type ObservationKind } from '#core/observation.ts';
import { recordTables } from '../records.ts';
import { primaryKeyOf } from '../row.ts';
import type { DifferenceOptions } from '../store.ts';
import type { Dialect, Statement } from './dialect.ts';
import { recordMembers } from './fields.ts';
import { presentRows, replacedRows, validThen } from './recorded.ts';

/** A record's key as text, read from `r`: what `keyOf` makes of a row. */
const keyText = forEachKind(
  (kind) => `(${recordTables[kind].primaryKey.map((name) => `r.${name}`).join(` || '/' || `)})`,
);

/** What counts as content: the attributes, and whether the record is there. */
function comparedFields(kind: ObservationKind): readonly string[] {
  return [...Object.keys(recordTables[kind].attributes), 'vanished_at', 'vanished_reason'];
}

/**
 * One page of keys and a row more, by key: of records first recorded in the interval, and of those whose content was
 * replaced in it. A version that began in it either replaced another, which ended then, or was the first.
 */
export function listTouched(options: DifferenceOptions): Statement {
  const { tenant_id, kind, from, to, after, limit } = options;
  return {
    text: `select r.key from (
        select v.key from record_versions v
        where v.tenant_id = @tenant_id and v.kind = @record_kind and v.valid_to > @from_time and v.valid_to <= @to_time
        union
        select ${keyText[kind]} from ${recordTables[kind].table} r
        where r.tenant_id = @tenant_id and r.discovered_at > @from_time and r.discovered_at <= @to_time) r
      ${after ? 'where r.key > @key_0' : ''}
      order by r.key limit @limit`,
    parameters: {
      ...{ tenant_id, record_kind: kind, from_time: from, to_time: to },
      ...{ key_0: after?.key[0], limit: limit + 1 },
    },
  };
}

/** The content of records at a time, as `key` and `json`; no row for one that was not yet recorded. */
export function contentsAt(
  record: { readonly tenant_id: string; readonly kind: ObservationKind; readonly keys: readonly string[] },
  as_of: string,
  dialect: Dialect,
): Statement {
  const { tenant_id, kind, keys } = record;
  const ids = keys.map((key) => primaryKeyOf(kind, key).at(-1) ?? key);
  const members = recordMembers(kind, comparedFields(kind), { dialect, isPast: true });
  const present = presentRows(kind, { condition: `r.valid_from <= @as_of and ${dialect.isIn('r.id', '@ids')}` });
  const replaced = replacedRows(kind, { dialect, condition: `${dialect.isIn('v.key', '@keys')} and ${validThen}` });
  return {
    text: `select ${keyText[kind]} as key, ${dialect.text(dialect.object(members))} as json
      from (${present} union all ${replaced}) r where ${dialect.isIn(keyText[kind], '@keys')}`,
    parameters: { tenant_id, record_kind: kind, as_of, ids: dialect.list(ids), keys: dialect.list(keys) },
  };
}
