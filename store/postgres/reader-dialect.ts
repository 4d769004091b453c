// The expressions of Postgres that the readers' statements are made of.
import { type Dialect, type Member, toFindable } from '../read/dialect.ts';
import type { ColumnType } from '../records.ts';
import { sqlTime } from './records.ts';

// Keys sort by bytes (collate "C"), in which only ASCII has cases. ICU lower-cases as JavaScript, and so SQLite, does.
const anyCase = (text: string) => `lower(${text} collate "und-x-icu")`;

// Evaluated before the rows are read, and not for each of them.
const once = (expression: string) => `(select ${expression})`;

/** Postgres builds JSON itself: `row_to_json` keeps the order of the columns and adds no spaces. */
export const postgresDialect: Dialect = {
  time: sqlTime,
  later: (stored, observed) => sqlTime(`greatest((${stored})::timestamptz, (${observed})::timestamptz)`),
  object: (members) => `(select row_to_json(item) from (select ${columns(members)}) item)`,
  arrayOf: (members, rows) => `(select coalesce(json_agg(item), '[]') from (select ${columns(members)} ${rows}) item)`,
  text: (json) => `${json}::text`,
  textOf: (json, name) => `${json} ->> '${name}'`,
  sizeOf: (json) => `(select count(*)::integer from jsonb_object_keys(${json}))`,
  seconds: (from, to) => `extract(epoch from ${to} - ${from})::double precision`,
  holds: (text, part) => `strpos(${anyCase(text)}, ${once(anyCase(`${part}::text`))}) > 0`,
  // Neither this nor `@>` is leakproof, so under row-level security they filter the tenant's rows and search no index.
  overlaps: (array, select) => `${array} collate "C" && array(${select})`,
  list: (values) => values,
  // Writing out every member of every row would take several times as long.
  hasTag: (object, tag) => `${object} @> any (${once(`${tag}::text[]::jsonb[]`)}::jsonb[])`,
  tag: toMembers,
  bareId: (id) => `substr(${id}, strpos(${id}, '/') + 1)`,
  log: {
    transaction: 'r.xid::text',
    isSettled: 'r.xid < pg_snapshot_xmin(pg_current_snapshot())',
    order: 'r.xid, r.position',
    isAfter: (transaction, position) => `(r.xid, r.position) > (${transaction}::text::xid8, ${position}::bigint)`,
  },
  isIn: (text, list) => `${text} = any(${list}::text[])`,
  recorded: (column, type) => recordedTypes[type](`v.content -> '${column}'`, `v.content ->> '${column}'`),
};

// No tag's name has more colons, and each way to read a text is looked for in every row.
const maxColons = 16;

// Each way to read `name:value`, as the text of an object with that one member.
function toMembers(tag: string): string[] {
  const parts = toFindable(tag).split(':');
  return parts.slice(1, maxColons + 1).map((_part, index) => {
    const [name, value] = [parts.slice(0, index + 1), parts.slice(index + 1)];
    return JSON.stringify({ [name.join(':')]: value.join(':') });
  });
}

function columns(members: readonly Member[]): string {
  return members.map(({ name, sql, type }) => `${type === 'time' ? sqlTime(sql) : sql} as "${name}"`).join(', ');
}

const recordedTypes: Readonly<Record<ColumnType, (json: string, text: string) => string>> = {
  text: (_json, text) => text,
  integer: (_json, text) => `(${text})::integer`,
  time: (_json, text) => `(${text})::timestamptz`,
  json: (json) => `nullif(${json}, 'null')`,
  array: (json) => `case jsonb_typeof(${json}) when 'array' then array(select jsonb_array_elements_text(${json})) end`,
};
