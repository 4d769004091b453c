// The expressions of SQLite that the readers' statements are made of.
import type { Dialect, Member } from '../read/dialect.ts';
import type { ColumnType } from '../records.ts';

/** JSON and arrays are JSON text here, and times are text in the form in which they are sent. */
export const sqliteDialect: Dialect = {
  time: (sql) => sql,
  later: (stored, observed) => `max(coalesce(${stored}, ''), coalesce(${observed}, ''))`,
  object: (members) => `json_object(${members.map(toArguments).join(', ')})`,
  arrayOf: (members, rows) =>
    `(select json_group_array(json(item)) from (select json_object(${members.map(toArguments).join(', ')}) as item ${rows}))`,
  text: (json) => `json(${json})`,
  textOf: (json, name) => `${json} ->> '$.${name}'`,
  sizeOf: (json) => `(select count(*) from json_each(${json}))`,
  seconds: (from, to) => `round(unixepoch(${to}, 'subsec') - unixepoch(${from}, 'subsec'), 3)`,
  holds: (text, part) => `instr(lower_unicode(${text}), lower_unicode(${part})) > 0`,
  overlaps: (array, select) => `exists (select 1 from json_each(${array}) e where e.value in (${select}))`,
  list: (values) => JSON.stringify(values),
  hasTag: (object, tag) => `exists (select 1 from json_each(${object}) e where e.key || ':' || e.value = ${tag})`,
  tag: (text) => text,
  bareId: (id) => `substr(${id}, instr(${id}, '/') + 1)`,
  // One writer at a time: positions are the order of commits.
  log: {
    transaction: `'0'`,
    isSettled: 'true',
    order: 'r.position',
    isAfter: (_transaction, position) => `r.position > cast(${position} as integer)`,
  },
  isIn: (text, list) => `${text} in (select value from json_each(${list}))`,
  recorded: (column, type) =>
    isJson(type) ? `nullif(v.content -> '$.${column}', 'null')` : `v.content ->> '$.${column}'`,
};

// json() marks the text as JSON; without it, it would be sent as a string.
function toArguments({ name, sql, type }: Member): string {
  return `'${name}', ${isJson(type) ? `json(${sql})` : sql}`;
}

function isJson(type: ColumnType): boolean {
  return type === 'json' || type === 'array';
}
