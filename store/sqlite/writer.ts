// The Writer on SQLite: every method is one synchronous transaction, so nothing else runs inside it.
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#core/clock.ts';
import { forEachKind } from '#core/observation.ts';
import type { Writer } from '../store.ts';
import { confirmHeld, finishScope } from './absence.ts';
import { transact } from './connection.ts';
import { prepareJournal } from './journal.ts';
import { acquireLease, renewLease } from './lease.ts';
import { prepareRecords } from './records.ts';
import { insertRun, insertSkippedScope, updateRun } from './runs.ts';
import { upsert } from './upsert.ts';

/** What a writer needs beside its connection. */
export interface WriterOptions {
  /** Gives the events their ids. Record times are the database's. */
  readonly clock: Clock;
}

/** Creates the Writer on an open, migrated database. Prepares the statements of records, versions and events once. */
export function createSqliteWriter(database: DatabaseSync, options: WriterOptions): Writer {
  const records = forEachKind((kind) => prepareRecords(database, kind));
  const context = { database, records, journal: prepareJournal(database), clock: options.clock };
  const write = async <Result>(work: () => Result): Promise<Result> => transact(database, work);
  return {
    beginRun: (run) => write(() => insertRun(database, run)),
    acquireLease: (request) => write(() => acquireLease(database, request)),
    renewLease: (lease) => write(() => void renewLease(database, lease)),
    upsert: (lease, batch) => write(() => upsert(context, lease, batch)),
    finishScope: (lease, stamp, ending) => write(() => finishScope(context, { lease, stamp, ending })),
    skipScope: (request, reason) => write(() => insertSkippedScope(database, request, reason)),
    finishRun: (run, ending) => write(() => updateRun(database, run, ending)),
    confirmHeld: (request) => write(() => confirmHeld(context, request)),
  };
}
