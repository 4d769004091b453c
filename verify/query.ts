// SQL past the product, as an administrator: whatever a database holds, as plain values.
import { DatabaseSync } from 'node:sqlite';
import postgres from 'postgres';

/** A row of any table: JSON and arrays decoded, times as text. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs SQL that means the same on both databases. */
export type Query = (sql: string) => Promise<Row[]>;

/** On a SQLite file. */
export function querySqlite(path: string, sql: string): Row[] {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  try {
    return database.prepare(sql).all().map(decodeRow);
  } finally {
    // The last one to close moves the write-ahead log into the file, so that the file alone is the database.
    database.close();
  }
}

/** On PostgreSQL, by a connection of its own. */
export async function queryPostgres(url: string, sql: string): Promise<Row[]> {
  const connection = postgres(url, { max: 1, connect_timeout: 10, connection: { search_path: 'inventory' } });
  try {
    return (await connection.unsafe<Row[]>(sql)).map(decodeRow);
  } finally {
    await connection.end({ timeout: 5 });
  }
}

function decodeRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, decodeValue(value)]));
}

// SQLite keeps JSON as text. No plain text of the checks looks like it.
function decodeValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' && /^[[{"]/.test(value) ? JSON.parse(value) : value;
}
