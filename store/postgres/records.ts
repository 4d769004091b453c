// The statements of one kind's record table, each taking a whole batch as one JSON parameter.
import type { ObservationKind } from '#core/observation.ts';
import { missesToVanish } from '../absence.ts';
import { type ColumnType, commonColumns, recordTables } from '../records.ts';
import { changeableColumns } from '../row.ts';
import { provenanceOf, recordset } from './recordset.ts';

/** SQL texts; `$1` is the tenant in each of them. */
export interface RecordStatements {
  /** `$2`: primary keys. */
  readonly heads: string;
  /** `$2`: primary keys. */
  readonly rows: string;
  /** `$2` to `$4`: rows as a recordset. */
  readonly insert: string;
  /** `$2` to `$4`: rows that are there, as a recordset. */
  readonly update: string;
  /** `$2`: the scope. */
  readonly live: string;
  /** `$2`: the scope. */
  readonly held: string;
  /** `$2`: primary keys, `$3`: when the kind was last enumerated. The later of that and of the delivery of its content was the last sighting. */
  readonly miss: string;
  /** `$2`: primary keys. */
  readonly holdBack: string;
  /** `$2`: primary keys. */
  readonly clearMisses: string;
}

/** SQL for a time in the one form in which records hold times. */
export function sqlTime(expression: string): string {
  return `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** Builds a kind's statements. */
export function recordStatements(kind: ObservationKind): RecordStatements {
  const { table, primaryKey } = recordTables[kind];
  const columns: Readonly<Record<string, ColumnType>> = { ...recordTables[kind].attributes, ...commonColumns };
  const names = Object.keys(columns);
  const key = (row: string) => primaryKey.map((name) => `${row}.${name}`).join(` || '/' || `);
  const keys = `jsonb_to_recordset($2::text::jsonb) as k(${primaryKey.map((name) => `${name} text`).join(', ')})`;
  const same = (row: string) =>
    ['r.tenant_id = $1', ...primaryKey.map((name) => `r.${name} = ${row}.${name}`)].join(' and ');
  // A kind without one never says that it is on its way out.
  const lifecycle = 'lifecycle' in columns ? 'r.lifecycle' : 'null';
  // One row for each key, for a join would be planned by statistics: of a table that has none, as every first load meets it,
  // each batch would read the whole tenant. Updates find their rows by the primary key for the same reason.
  const stored = `lateral (select * from ${table} r where ${same('k')} limit 1) r`;
  const insert = `insert into ${table} (tenant_id, ${names.map((name) => `"${name}"`).join(', ')})
      select $1, ${names.map(write).join(', ')} from ${recordset(table)}`;
  const ofScope = 'r.tenant_id = $1 and r.scope = $2 and r.vanished_at is null';
  return {
    heads: `select ${key('r')} as key, r.content_hash, r.raw_hash, r.scope, r.missed_runs,
        ${sqlTime('r.vanished_at')} as vanished_at, ${sqlTime('r.provider_updated_at')} as provider_updated_at
      from ${keys} cross join ${stored}`,
    rows: `select ${key('r')} as key, s.org_id as owner_root,
        json_build_object(${names.map((name) => `'${name}', ${read(name, columns)}`).join(', ')}) as row
      from ${keys} cross join ${stored}
      left join scopes s on s.tenant_id = r.tenant_id and s.scope = r.scope`,
    insert,
    update: `${insert} on conflict (tenant_id, ${primaryKey.join(', ')}) do update set ${changeableColumns(kind)
      .map((name) => `"${name}" = excluded."${name}"`)
      .join(', ')}`,
    live: `select ${key('r')} as key, r.missed_runs, ${lifecycle} as lifecycle from ${table} r where ${ofScope}`,
    held: `select ${key('r')} as key from ${table} r where ${ofScope} and r.missed_runs >= ${missesToVanish}`,
    miss: `update ${table} r set missed_runs = 1,
        last_seen_at = greatest($3::text::timestamptz, (r.provenance ->> 'observed_at')::timestamptz)
      from ${keys} where ${same('k')}`,
    holdBack: `update ${table} r set missed_runs = ${missesToVanish}
      from ${keys} where ${same('k')} and r.missed_runs < ${missesToVanish}`,
    clearMisses: `update ${table} r set missed_runs = 0, last_seen_at = null from ${keys} where ${same('k')}`,
  };
}

function read(name: string, columns: Readonly<Record<string, ColumnType>>): string {
  return columns[name] === 'time' ? sqlTime(`r."${name}"`) : `r."${name}"`;
}

// A recordset has no nulls, but `raw` may be JSON's own.
function write(name: string): string {
  if (name === 'provenance') return provenanceOf;
  return name === 'raw' ? `coalesce(x.raw, 'null')` : `x."${name}"`;
}
