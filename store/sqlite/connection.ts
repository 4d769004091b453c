// A connection to a SQLite file, its statements and transactions, and what SQLite says as a StoreError.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '#core/errors.ts';
import { describeError } from '#core/redact.ts';

export interface SqliteOptions {
  readonly path: string;
  readonly readOnly: boolean;
}

/** What a column holds here. */
export type SqliteValue = string | number | null;

/** Values by place, or one object of them by name; names that the statement does not have are passed over. */
export type SqliteValues = readonly SqliteValue[] | readonly [Readonly<Record<string, unknown>>];

/** A prepared statement whose rows are what its writer says they are: nothing else writes our columns. */
export interface Statement<Row> {
  get(...values: SqliteValues): Row | undefined;
  all(...values: SqliteValues): Row[];
  iterate(...values: SqliteValues): Iterable<Row>;
  run(...values: SqliteValues): { readonly changes: number };
}

/** How long a statement waits for another process's transaction. */
const busyTimeoutMs = 10_000;

/** Opens the file. For writing it is created, with its folder; for reading it must exist. Throws StoreError. */
export function openSqlite({ path, readOnly }: SqliteOptions): DatabaseSync {
  return attempt(path, () => {
    if (!readOnly) mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs, allowUnknownNamedParameters: true });
    try {
      // A collector writes no faster with more, and its pod has little to spare.
      database.exec(`pragma cache_size = -${readOnly ? 16_000 : 1000}`);
      if (!readOnly) prepareForWriting(database);
      // SQLite's own lower() knows ASCII only.
      database.function('lower_unicode', { deterministic: true }, lowerUnicode);
      // Opening reads nothing; this finds a file that is no database.
      database.exec('pragma schema_version');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Prepares a statement whose rows are objects. */
export function prepare<Row = never>(database: DatabaseSync, sql: string): Statement<Row> {
  // A boundary cast, here and below: what SQL selects no type can tell.
  return database.prepare(sql) as unknown as Statement<Row>;
}

/** Prepares a statement whose rows are arrays, which are made faster. */
export function prepareArrays<Row extends readonly unknown[]>(database: DatabaseSync, sql: string): Statement<Row> {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement as unknown as Statement<Row>;
}

/** The first column of every row. */
export function readTexts(database: DatabaseSync, sql: string, ...values: SqliteValues): string[] {
  return prepareArrays<readonly [string]>(database, sql)
    .all(...values)
    .map(([text]) => text);
}

function prepareForWriting(database: DatabaseSync): void {
  // Of a new file only: rows of one to two kilobytes leave less of a page unused than with 4096 bytes.
  database.exec('pragma page_size = 8192');
  // A migration needs temporary files; a container that is read-only has no folder for them.
  database.exec('pragma temp_store = memory');
  keepWriteAheadLog(database);
  // Pages, so 32 MiB of log: every checkpoint waits for the disk twice and copies each changed page once.
  database.exec('pragma wal_autocheckpoint = 4000');
}

// A write-ahead log lets readers read while a collector writes. With it `normal` loses at most the last transactions to a
// power cut, never the file; the next run observes them again.
function keepWriteAheadLog(database: DatabaseSync): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      database.exec('pragma journal_mode = wal; pragma synchronous = normal');
      return;
    } catch (error) {
      if (attempt === 10 || readCode(error) !== 'SQLITE_BUSY') throw error;
      // The busy timeout does not apply to a change of journal mode, but it does to this.
      database.exec('begin immediate; commit');
    }
  }
}

/**
 * Runs `work` in a transaction that holds the write lock from its start, so that it cannot fail half-way for having read
 * first. Synchronous on purpose: a transaction that spans an await would take in other callers' statements.
 */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  return attempt(database, () => {
    database.exec('begin immediate');
    try {
      const result = work();
      database.exec('commit');
      return result;
    } catch (error) {
      // A full disk, for one, has ended it already.
      if (database.isTransaction) database.exec('rollback');
      throw error;
    }
  });
}

/** Runs statements and throws what SQLite says about them, with its place, as a StoreError; any other error passes as it is. */
export function attempt<T>(place: DatabaseSync | string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(error, place);
  }
}

function toStoreError(error: unknown, place: DatabaseSync | string): unknown {
  const code = readCode(error);
  if (code === undefined) return error;
  const remedy = remedies[code];
  const path = typeof place === 'string' ? place : (place.location() ?? 'in memory');
  const message = `SQLite ${path}: ${describeError(error)}${remedy === undefined ? '' : `; ${remedy}`}`;
  return new StoreError(code, message, { retryable: code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED', cause: error });
}

// SQLite's primary result code by its name (https://www.sqlite.org/rescode.html); its extended ones say where it happened.
function readCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number')
    return resultCodes[error.errcode & 0xff] ?? 'SQLITE_ERROR';
  // The folder could not be made.
  return 'syscall' in error && error.syscall === 'mkdir' ? 'SQLITE_CANTOPEN' : undefined;
}

const resultCodes: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  17: 'SQLITE_SCHEMA',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
};

const remedies: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'another process has been writing for too long',
  SQLITE_CANTOPEN: 'does the file exist, and may this user read and write its folder?',
  SQLITE_READONLY: 'the file was opened for reading, or this user may not write it',
  SQLITE_NOTADB: 'the file is not a SQLite database: is the path right?',
  SQLITE_CORRUPT: 'restore it from a copy, or move it away and collect again',
  SQLITE_FULL: 'make room on the disk',
};

function lowerUnicode(text: unknown): string | null {
  return typeof text === 'string' ? text.toLowerCase() : null;
}
