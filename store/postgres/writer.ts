// The Writer on Postgres: every method is one transaction, begun again when another one got in its way.
import type { Clock } from '#core/clock.ts';
import { forEachKind } from '#core/observation.ts';
import type { Writer } from '../store.ts';
import { confirmHeld, finishScope } from './absence.ts';
import { inTenant, type PostgresConnection, type PostgresTransaction } from './connection.ts';
import type { WriteContext } from './context.ts';
import { retrySerialization } from './errors.ts';
import { acquireLease, renewLease } from './lease.ts';
import { recordStatements } from './records.ts';
import { insertRun, insertSkippedScope, updateRun } from './runs.ts';
import { upsert } from './upsert.ts';

/** What a writer needs beside its connection. */
export interface WriterOptions {
  /** Gives the events their ids. Record times are the database's. */
  readonly clock: Clock;
}

/** Creates the Writer on an open connection. */
export function createPostgresWriter(connection: PostgresConnection, { clock }: WriterOptions): Writer {
  const statements = forEachKind(recordStatements);
  const write = <T>({ tenant_id }: { readonly tenant_id: string }, work: (context: WriteContext) => Promise<T>) =>
    retrySerialization(() => inTenant(connection, tenant_id, (sql) => work({ sql, statements, clock })));
  // The lease's own statements lock one row and decide by what it is then. At repeatable read each batch that commits while
  // they wait would refuse them, and a scope that writes batch after batch could neither be renewed nor asked for. Nor need
  // runs that begin at once wait for each other to say who died.
  const writeLatest = <T>(tenant_id: string, work: (sql: PostgresTransaction) => Promise<T>) =>
    retrySerialization(() => connection.transact({ tenant_id, mode: 'isolation level read committed' }, work));
  return {
    beginRun: (run) => writeLatest(run.tenant_id, (sql) => insertRun(sql, run)),
    acquireLease: (request) => writeLatest(request.tenant_id, (sql) => acquireLease(sql, request)),
    renewLease: (held) => writeLatest(held.tenant_id, async (sql) => void (await renewLease(sql, held))),
    upsert: (held, batch) => write(held, (context) => upsert(context, held, batch)),
    finishScope: (held, stamp, ending) =>
      write(held, (context) => finishScope(context, { lease: held, stamp, ending })),
    skipScope: (request, reason) => write(request, ({ sql }) => insertSkippedScope(sql, request, reason)),
    finishRun: (run, ending) => write(run, ({ sql }) => updateRun(sql, run, ending)),
    confirmHeld: (request) => write(request, (context) => confirmHeld(context, request)),
  };
}
