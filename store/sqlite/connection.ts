// A connection to a SQLite file, its transactions, and what SQLite says as a StoreError.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from '#core/errors.ts';
import { describeError } from '#core/redact.ts';

export interface SqliteOptions {
  readonly path: string;
  readonly readOnly: boolean;
}

/** How long a statement waits for another process's transaction. */
const busyTimeoutMs = 10_000;

/** Opens the file. For writing it is created, with its folder; for reading it must exist. Throws StoreError. */
export function openSqlite({ path, readOnly }: SqliteOptions): Database.Database {
  return attempt(path, () => {
    if (!readOnly) mkdirSync(dirname(path), { recursive: true });
    const database = new Database(path, { readonly: readOnly, fileMustExist: readOnly, timeout: busyTimeoutMs });
    try {
      database.pragma('foreign_keys = on');
      if (!readOnly) prepareForWriting(database);
      // SQLite's own lower() knows ASCII only.
      database.function('lower_unicode', { deterministic: true }, lowerUnicode);
      // Opening reads nothing; this finds a file that is no database.
      database.pragma('schema_version');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepareForWriting(database: Database.Database): void {
  // Of a new file only: rows of one to two kilobytes leave less of a page unused than with 4096 bytes.
  database.pragma('page_size = 8192');
  // The driver's own is 16 MB, more than a collector's pod has to spare; rows are written no slower with less.
  database.pragma('cache_size = -1000');
  keepWriteAheadLog(database);
  // Pages, so 32 MiB of log: every checkpoint waits for the disk twice and copies each changed page once.
  database.pragma('wal_autocheckpoint = 4000');
}

// A write-ahead log lets readers read while a collector writes. With it `normal` loses at most the last transactions to a
// power cut, never the file; the next run observes them again.
function keepWriteAheadLog(database: Database.Database): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      database.pragma('journal_mode = wal');
      database.pragma('synchronous = normal');
      return;
    } catch (error) {
      if (attempt === 10 || !(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY'))
        throw error;
      // The busy timeout does not apply to a change of journal mode, but it does to this.
      database.exec('begin immediate; commit');
    }
  }
}

/**
 * Runs `work` in a transaction that holds the write lock from its start, so that it cannot fail half-way for having read
 * first. Synchronous on purpose: a transaction that spans an await would take in other callers' statements.
 */
export function transact<T>(database: Database.Database, work: () => T): T {
  return attempt(database.name, () => database.transaction(work).immediate());
}

/** Runs statements and throws what SQLite says about them as a StoreError; any other error passes as it is. */
export function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(error, path);
  }
}

function toStoreError(error: unknown, path: string): unknown {
  const code = readCode(error);
  if (code === undefined) return error;
  const remedy = remedies.find(([prefix]) => code.startsWith(prefix))?.[1];
  const message = `SQLite ${path}: ${describeError(error)}${remedy === undefined ? '' : `; ${remedy}`}`;
  return new StoreError(code, message, { retryable: /^SQLITE_(BUSY|LOCKED)/.test(code), cause: error });
}

function readCode(error: unknown): string | undefined {
  if (error instanceof Database.SqliteError) return error.code;
  if (!(error instanceof Error)) return undefined;
  // better-sqlite3 finds a missing folder itself and says so with a TypeError; making the folder fails in Node.
  const isMissingFolder = error instanceof TypeError && error.message.includes('directory does not exist');
  return isMissingFolder || ('syscall' in error && error.syscall === 'mkdir') ? 'SQLITE_CANTOPEN' : undefined;
}

const remedies: readonly (readonly [string, string])[] = [
  ['SQLITE_BUSY', 'another process has been writing for too long'],
  ['SQLITE_CANTOPEN', 'does the file exist, and may this user read and write its folder?'],
  ['SQLITE_READONLY', 'the file was opened for reading, or this user may not write it'],
  ['SQLITE_NOTADB', 'the file is not a SQLite database: is the path right?'],
  ['SQLITE_CORRUPT', 'restore it from a copy, or move it away and collect again'],
  ['SQLITE_FULL', 'make room on the disk'],
];

function lowerUnicode(text: unknown): unknown {
  return typeof text === 'string' ? text.toLowerCase() : text;
}
