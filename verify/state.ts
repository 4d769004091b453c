// What a database holds, without what two runs over the same organization may differ in: run ids, event ids and times.
import { canonicalJson, jsonSchema } from '#core/json.ts';
import type { CheckedDatabase } from './databases.ts';
import type { Row } from './query.ts';

const recordTables = ['cloud_accounts', 'org_nodes', 'monitoring_endpoints', 'relations'] as const;

/** Every table of the product. */
export const tables = [
  ...recordTables,
  'scopes',
  'collector_runs',
  'run_scopes',
  'run_pages',
  'record_versions',
  'events',
] as const;

// Provenance names requests and runs; the hashes, kept, show that the content is the same to the last byte.
const passing = ['run_id', 'discovered_at', 'valid_from', 'valid_to', 'provenance', 'last_seen_at', 'vanished_at'];

/** Records, versions and events, each as sorted text so that a difference is one line. */
export interface State {
  readonly records: readonly string[];
  readonly versions: readonly string[];
  readonly events: readonly string[];
}

/** Reads the state. */
export async function readState(database: Pick<CheckedDatabase, 'query'>): Promise<State> {
  const records = await Promise.all(recordTables.map((table) => database.query(`select * from ${table}`)));
  const versions = await database.query('select * from record_versions');
  const events = await database.query('select event_type, payload from events');
  return {
    records: toLines(records.flat().map((row) => ({ ...row, is_vanished: row['vanished_at'] !== null }))),
    versions: toLines(versions),
    events: toLines(events),
  };
}

function toLines(rows: readonly Row[]): string[] {
  return rows.map((row) => canonicalJson(jsonSchema.parse(JSON.parse(JSON.stringify(row, withoutPassing))))).sort();
}

// Times are inside of contents and payloads too: what vanished, and when it was last seen.
function withoutPassing(name: string, value: unknown): unknown {
  return passing.includes(name) ? undefined : value;
}

/** Everything in every table as one text, to search for what must not be there. */
export async function dumpTables(database: CheckedDatabase): Promise<string> {
  const rows = await Promise.all(tables.map((table) => database.query(`select * from ${table}`)));
  return JSON.stringify(rows);
}

/** How many rows of a table answer to a condition. */
export async function count(database: CheckedDatabase, table: (typeof tables)[number], condition = '1 = 1') {
  const [row] = await database.query(`select count(*) as n from ${table} where ${condition}`);
  return Number(row?.['n']);
}
