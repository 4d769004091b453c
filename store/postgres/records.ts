// The statements of one kind's record table, each taking a whole batch as one JSON parameter.
import type { ObservationKind } from '#core/observation.ts';
import { missesToVanish } from '../absence.ts';
import { type ColumnType, commonColumns, recordTables } from '../records.ts';
import { changeableColumns } from '../row.ts';

/** SQL texts; `$1` is the tenant in each of them. */
export interface RecordStatements {
  /** `$2`: primary keys. */
  readonly heads: string;
  /** `$2`: primary keys. */
  readonly rows: string;
  /** `$2`: rows. */
  readonly insert: string;
  /** `$2`: rows. */
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

const postgresTypes = {
  text: 'text',
  integer: 'integer',
  json: 'jsonb',
  array: 'text[]',
  time: 'timestamptz',
} as const satisfies Readonly<Record<ColumnType, string>>;

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
  const recordset = `jsonb_to_recordset($2::text::jsonb) as x(${names.map((name) => `"${name}" ${typeOf(name, columns)}`).join(', ')})`;
  const same = (row: string) =>
    ['r.tenant_id = $1', ...primaryKey.map((name) => `r.${name} = ${row}.${name}`)].join(' and ');
  // A kind without one never says that it is on its way out.
  const lifecycle = 'lifecycle' in columns ? 'r.lifecycle' : 'null';
  const ofScope = 'r.tenant_id = $1 and r.scope = $2 and r.vanished_at is null';
  return {
    heads: `select ${key('r')} as key, r.content_hash, r.raw_hash, r.scope, r.missed_runs,
        ${sqlTime('r.vanished_at')} as vanished_at, ${sqlTime('r.provider_updated_at')} as provider_updated_at
      from ${keys} join ${table} r on ${same('k')}`,
    rows: `select ${key('r')} as key, s.org_id as owner_root,
        json_build_object(${names.map((name) => `'${name}', ${read(name, columns)}`).join(', ')}) as row
      from ${keys} join ${table} r on ${same('k')}
      left join scopes s on s.tenant_id = r.tenant_id and s.scope = r.scope`,
    insert: `insert into ${table} (tenant_id, ${names.map((name) => `"${name}"`).join(', ')})
      select $1, ${names.map(write).join(', ')} from ${recordset}`,
    update: `update ${table} r set ${changeableColumns(kind)
      .map((name) => `"${name}" = ${write(name)}`)
      .join(', ')}
      from ${recordset} where ${same('x')}`,
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

function typeOf(name: string, columns: Readonly<Record<string, ColumnType>>): string {
  return name === 'run_id' ? 'uuid' : postgresTypes[columns[name] ?? 'text'];
}

function read(name: string, columns: Readonly<Record<string, ColumnType>>): string {
  return columns[name] === 'time' ? sqlTime(`r."${name}"`) : `r."${name}"`;
}

// A recordset turns JSON's null into SQL's, but `raw` may be JSON's own null.
function write(name: string): string {
  return name === 'raw' ? `coalesce(x.raw, 'null')` : `x."${name}"`;
}
