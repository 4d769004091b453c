// A pool of connections that are thrown away whole when they are lost.
//
// The driver's own pool cannot be trusted with a transaction whose connection breaks (postgres 3.4.9): its rollback is
// written to a socket that is gone, an uncaught exception that ends the process, and the connection is never usable
// again. Here each connection is a driver of its own with a pool of one. When it closes it is ended at once, so whatever
// the transaction still sends is refused instead of being run outside of it.
import type { Sql } from 'postgres';
import { raceSignal } from '#core/deadline.ts';
import { StoreError } from '#core/errors.ts';

/** One connection; it connects with its first statement. */
export interface PooledConnection {
  readonly sql: Sql;
  /** By the process's monotonic clock. */
  readonly bornAt: number;
  /** Whether it is of no use any more. */
  isLost(): boolean;
}

export interface Pool {
  /** An idle connection, or a new one, or the next that is given back; rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<PooledConnection>;
  /** Gives a connection back, between transactions. */
  giveBack(connection: PooledConnection): void;
  /** Takes a connection out of the pool, with whatever it is doing. */
  discard(connection: PooledConnection): void;
  /** Lets running statements end, for at most 5 s; `take` then gives connections that refuse. */
  close(): Promise<void>;
}

interface PoolOptions {
  readonly max: number;
  /** Opens a driver of one connection that calls `onClose` when it has closed, for whatever reason. */
  open(onClose: () => void): Sql;
}

// After a failover or a change of address the pool is new within this time.
const lifetimeMs = 30 * 60_000;

/** Creates an empty pool. */
export function createPool({ max, open }: PoolOptions): Pool {
  const members = new Set<PooledConnection>();
  const idle: PooledConnection[] = [];
  let isClosed = false;
  const waiting: ((connection: PooledConnection) => void)[] = [];

  function add(): PooledConnection {
    const sql = open(() => discard(member));
    const member: PooledConnection = { sql, bornAt: performance.now(), isLost: () => !members.has(member) };
    members.add(member);
    return member;
  }

  function discard(connection: PooledConnection): void {
    if (!members.delete(connection)) return;
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
    // What it was still doing fails with the errors of its own statements.
    connection.sql.end({ timeout: 0 }).catch(() => undefined);
    const next = waiting.shift();
    if (next !== undefined) next(add());
  }

  function giveBack(connection: PooledConnection): void {
    if (performance.now() - connection.bornAt > lifetimeMs) discard(connection);
    if (connection.isLost()) return;
    const next = waiting.shift();
    if (next === undefined) idle.push(connection);
    else next(connection);
  }

  async function take(signal: AbortSignal): Promise<PooledConnection> {
    if (isClosed) throw new StoreError('closed', 'the store is closed');
    const last = idle.pop();
    if (last !== undefined) return last;
    if (members.size < max) return add();
    const turn = Promise.withResolvers<PooledConnection>();
    waiting.push(turn.resolve);
    try {
      return await raceSignal(turn.promise, signal);
    } catch (error) {
      const index = waiting.indexOf(turn.resolve);
      // Its turn may have come in the same moment.
      if (index < 0) giveBack(await turn.promise);
      else waiting.splice(index, 1);
      throw error;
    }
  }

  async function close(): Promise<void> {
    isClosed = true;
    const all = [...members];
    members.clear();
    await Promise.all(all.map(({ sql }) => sql.end({ timeout: 5 })));
  }

  return { take, giveBack, discard, close };
}
