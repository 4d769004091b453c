// A pool of connections to Postgres, and the transaction of one tenant that every statement of ours runs in.
import { setImmediate as immediate } from 'node:timers/promises';
import postgres from 'postgres';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import { StoreError } from '#core/errors.ts';
import { toStoreError } from './errors.ts';
import { createPool, type PooledConnection } from './pool.ts';
import { textArray } from './text-array.ts';
import { type PostgresTarget, parsePostgresUrl } from './url.ts';

export interface PostgresOptions {
  readonly url: string;
  /** Shown in pg_stat_activity, unless the URL says otherwise. */
  readonly applicationName: string;
  readonly readOnly: boolean;
  readonly maxConnections: number;
  /** How long one statement may take; a transaction may take twice that and the time to connect. */
  readonly statementTimeoutMs: number;
  /** How long to wait for a connection; 10 s when absent. */
  readonly connectTimeoutMs?: number;
}

// Times stay text, in whatever form the statement asked for, and 64-bit integers (fences, positions) become numbers.
const types: Record<string, postgres.PostgresType> = {
  date: { to: 1184, from: [1082, 1114, 1184], serialize: (time: string) => time, parse: (text: string) => text },
  bigint: { to: 20, from: [20], serialize: (value: number) => String(value), parse: (text: string) => Number(text) },
  texts: textArray,
};

/** The driver's template tag inside one transaction. Arrays of texts and JSON are parsed; `sql.json(x)` sends JSON. */
export type PostgresTransaction = postgres.ISql;

/** What a transaction is begun with: its tenant, or null for the few statements that belong to none. */
export interface TransactionOptions {
  readonly tenant_id: string | null;
  readonly mode: 'read only' | 'isolation level read committed' | 'isolation level repeatable read';
  /** Further settings of the database that hold until its end. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** A statement whose parameters are numbered. */
export interface PositionalStatement {
  readonly text: string;
  readonly values: postgres.ParameterOrJSON<never>[];
}

export interface PostgresConnection {
  readonly readOnly: boolean;
  /** Host, port, database and user; never the password. */
  readonly target: string;
  /**
   * Runs `work` in a transaction and commits it; rolls back when it throws. What the database says comes as a StoreError,
   * what `work` itself throws as it is. Statements that do not await each other share a round trip. Begun again when the server
   * has forgotten a prepared statement, so `work` must begin from nothing each time.
   */
  transact<T>(options: TransactionOptions, work: (sql: PostgresTransaction) => Promise<T>): Promise<T>;
  /** Runs prepared statements in a transaction that only reads, all in one round trip, and answers the rows of each. */
  read<Row extends object>(
    options: Omit<TransactionOptions, 'mode'>,
    statements: readonly PositionalStatement[],
  ): Promise<readonly (readonly Row[])[]>;
  /** Lets running statements end, for at most 5 s. */
  close(): Promise<void>;
}

/** Opens a pool; nothing is connected until the first transaction. */
export function openPostgres(options: PostgresOptions): PostgresConnection {
  const target = parsePostgresUrl(options.url);
  const pool = createPool({
    max: options.maxConnections,
    open: (onClose) => openDriver(target, { ...options, onClose }),
  });
  const session = target.prepare ? {} : sessionSettings(options);
  const deadlineMs = connectTimeout(options) + 2 * options.statementTimeoutMs;
  // Once on every connection there may be, and once on a new one.
  const attempts = options.maxConnections + 1;

  const settingsOf = ({ tenant_id, settings }: Omit<TransactionOptions, 'mode'>) => ({
    ...{ ...session, ...settings },
    ...(tenant_id === null ? {} : { 'inventory.tenant_id': tenant_id }),
  });

  async function onConnection<T>(run: (connection: PooledConnection) => Promise<T>): Promise<T> {
    const deadline = openDeadline(deadlineMs);
    try {
      const connection = await pool.take(deadline.signal);
      try {
        return await raceSignal(run(connection), deadline.signal);
      } catch (error) {
        // A peer that fell silent would keep the connection until TCP gives up, a quarter of an hour later.
        if (deadline.signal.aborted) pool.discard(connection);
        throw error;
      } finally {
        pool.giveBack(connection);
      }
    } catch (error) {
      throw toStoreError(error, target.shown);
    } finally {
      deadline.clear();
    }
  }

  const transactOnce: PostgresConnection['transact'] = ({ mode, ...rest }, work) =>
    onConnection(async (connection) => {
      try {
        return await runTransaction(connection, { mode, settings: settingsOf(rest), work });
      } catch (error) {
        if (!isForgotten(error)) throw error;
        // The driver runs the statement again, and the server passes over what was sent behind it: only its end ends this transaction.
        pool.discard(connection);
        throw forgotten(error);
      }
    });

  const readOnce: PostgresConnection['read'] = (rest, statements) =>
    onConnection(async (connection) => {
      try {
        return await runReading(connection.sql, settingsOf(rest), statements);
      } catch (error) {
        pool.discard(connection);
        throw isForgotten(error) ? forgotten(error) : error;
      }
    });

  return {
    readOnly: options.readOnly,
    target: target.shown,
    transact: (begin, work) => retryAborted(() => transactOnce(begin, work), attempts),
    read: (rest, statements) => retryAborted(() => readOnce(rest, statements), attempts),
    close: pool.close,
  };
}

/**
 * Runs `work` with the tenant set for the transaction only, so that row-level security lets its rows through and a pooled
 * connection does not keep it. Read only on a read-only connection, else at repeatable read: wrap it in `retrySerialization`.
 */
export function inTenant<T>(
  connection: PostgresConnection,
  tenant_id: string,
  work: (sql: PostgresTransaction) => Promise<T>,
): Promise<T> {
  const mode = connection.readOnly ? 'read only' : 'isolation level repeatable read';
  return connection.transact({ tenant_id, mode }, work);
}

type Work<T> = (sql: PostgresTransaction) => Promise<T>;

interface Transaction<T> {
  readonly mode: TransactionOptions['mode'];
  /** Settings that hold until the transaction ends. */
  readonly settings: Readonly<Record<string, string>>;
  readonly work: Work<T>;
}

// SQLSTATE in_failed_sql_transaction.
const aborted = '25P02';

async function runTransaction<T>(
  { sql, isLost }: PooledConnection,
  { mode, settings, work }: Transaction<T>,
): Promise<T> {
  try {
    const begun = begin(sql, mode, settings);
    const [result] = await Promise.all([work(sql), begun]);
    const { command } = await sql.unsafe('commit');
    // What the server answers when a statement failed and `work` went on regardless.
    if (command !== 'COMMIT') throw new StoreError(aborted, 'a statement failed, so the transaction was rolled back');
    return result;
  } catch (error) {
    if (!isLost() && !isForgotten(error)) await sql.unsafe('rollback').catch(() => undefined);
    throw error;
  }
}

async function runReading<Row extends object>(
  sql: PostgresTransaction,
  settings: Transaction<never>['settings'],
  statements: readonly PositionalStatement[],
): Promise<readonly (readonly Row[])[]> {
  const begun = begin(sql, 'read only', settings);
  // The driver types parameters by the database's description of the statement; each value is one it can serialize.
  const results = statements.map(({ text, values }) => sql.unsafe<Row[]>(text, values, { prepare: true }).execute());
  // Sent with them, for it does no harm after a statement that failed: then it rolls back.
  const ended = requireCommit(sql.unsafe('commit').execute());
  const [all] = await Promise.all([Promise.all(results), begun, ended]);
  // Taken out of the driver's results: each of its queries holds on to the next, so what one has answered, once V8 has
  // moved it in with its old objects, would drag all later answers along, until a full collection.
  return all.map((rows) => rows.splice(0));
}

// A statement whose plan the server has dropped (after a migration, or by a pooler) is run again by the driver: behind the commit,
// so of no tenant, and row-level security then shows it nothing.
async function requireCommit(ended: PromiseLike<{ readonly command: string }>): Promise<void> {
  const { command } = await ended;
  if (command === 'COMMIT') return;
  // A statement that simply failed has said so by then.
  await immediate();
  throw forgotten();
}

// Where PostgreSQL misses a prepared statement or finds that it answers otherwise now, as the driver knows it; or what a statement
// behind that one was told.
function isForgotten(error: unknown): boolean {
  if (!(error instanceof postgres.PostgresError)) return false;
  return error.code === aborted || /^(FetchPreparedStatement|RevalidateCachedQuery)$/.test(error.routine ?? '');
}

function forgotten(cause?: unknown): StoreError {
  const message = 'the server has dropped a prepared statement; behind PgBouncer, database.url needs prepare=false';
  return new StoreError(aborted, message, { retryable: true, cause });
}

/** Runs a transaction again on other connections: on the one of each failure something may still be under way. */
async function retryAborted<T>(transaction: () => Promise<T>, attempts: number): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt >= attempts || !(error instanceof StoreError) || error.code !== aborted || !error.retryable)
        throw error;
    }
  }
}

// Sent at once: the connection runs these and what is sent next in this order, and one round trip serves them all.
function begin(
  sql: PostgresTransaction,
  mode: TransactionOptions['mode'],
  settings: Transaction<never>['settings'],
): Promise<unknown> {
  const begun = sql.unsafe(`begin ${mode}`).execute();
  const entries = Object.entries(settings);
  if (entries.length === 0) return begun;
  const calls = entries.map((_entry, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`);
  return Promise.all([begun, sql.unsafe(`select ${calls.join(', ')}`, entries.flat(), { prepare: true }).execute()]);
}

function sessionSettings({ statementTimeoutMs, readOnly }: PostgresOptions): Record<string, string> {
  return {
    search_path: 'inventory',
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: String(Math.min(statementTimeoutMs, 10_000)),
    idle_in_transaction_session_timeout: '30000',
    // Our statements are many and short: a server with LLVM would spend seconds on compiling what runs for milliseconds.
    jit: 'off',
    ...(readOnly ? { default_transaction_read_only: 'on' } : {}),
  };
}

function connectTimeout({ connectTimeoutMs = 10_000 }: PostgresOptions): number {
  return connectTimeoutMs;
}

function openDriver(target: PostgresTarget, options: PostgresOptions & { readonly onClose: () => void }): postgres.Sql {
  return postgres(target.url, {
    types,
    fetch_types: false,
    ssl: target.ssl,
    max: 1,
    prepare: target.prepare,
    debug: false,
    connect_timeout: connectTimeout(options) / 1000,
    // Longer than the server lets a transaction idle, for the driver does not know when one is open; so no lifetime either.
    idle_timeout: 60,
    max_lifetime: null,
    onclose: options.onClose,
    keep_alive: 30,
    // PgBouncer refuses settings it does not know at connection start; there each transaction brings its own.
    connection: {
      application_name: target.applicationName ?? options.applicationName,
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      ...(target.prepare ? sessionSettings(options) : {}),
    },
    // The driver prints notices to standard output otherwise.
    onnotice: () => undefined,
  });
}
