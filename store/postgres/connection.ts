// A pool of connections to Postgres, and the transaction of one tenant that every statement of ours runs in.
import postgres from 'postgres';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import { toStoreError } from './errors.ts';
import { type PostgresTarget, parsePostgresUrl } from './url.ts';

export interface PostgresOptions {
  readonly url: string;
  /** Shown in pg_stat_activity, unless the URL says otherwise. */
  readonly applicationName: string;
  readonly readOnly: boolean;
  readonly maxConnections: number;
  /** How long one statement may take; a transaction may take twice that and the time to connect. */
  readonly statementTimeoutMs: number;
}

// Times stay text, in whatever form the statement asked for, and 64-bit integers (fences, positions) become numbers.
const types: Record<string, postgres.PostgresType> = {
  date: { to: 1184, from: [1082, 1114, 1184], serialize: (time: string) => time, parse: (text: string) => text },
  bigint: { to: 20, from: [20], serialize: (value: number) => String(value), parse: (text: string) => Number(text) },
};

/** The driver's template tag inside one transaction. Arrays and JSON are parsed; `sql.json(x)` sends JSON. */
export type PostgresTransaction = postgres.TransactionSql;

/** What a transaction is begun with: its tenant, or null for the few statements that belong to none. */
export interface TransactionOptions {
  readonly tenant_id: string | null;
  readonly mode: 'read only' | 'isolation level read committed' | 'isolation level repeatable read';
}

export interface PostgresConnection {
  readonly readOnly: boolean;
  /** Host, port, database and user; never the password. */
  readonly target: string;
  /**
   * Runs `work` in a transaction and commits it; rolls back when it throws. What the database says comes as a
   * StoreError, what `work` itself throws as it is. Statements that do not await each other share a round trip.
   */
  transact<T>(options: TransactionOptions, work: (sql: PostgresTransaction) => Promise<T>): Promise<T>;
  /** Lets running statements end, for at most 5 s. */
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;

/** Opens a pool; nothing is connected until the first transaction. */
export function openPostgres(options: PostgresOptions): PostgresConnection {
  const target = parsePostgresUrl(options.url);
  const settings = sessionSettings(options);
  const deadlineMs = connectTimeoutMs + 2 * options.statementTimeoutMs;
  let pool = openPool(target, options);

  // A connection whose peer fell silent would stay in the pool until TCP gives up, a quarter of an hour later.
  function abandon(silent: postgres.Sql): void {
    if (silent !== pool) return;
    pool = openPool(target, options);
    // Its own deadline is 0 s, and what it was still doing fails with the errors of its transactions.
    silent.end({ timeout: 0 }).catch(() => undefined);
  }

  async function transact<T>(how: TransactionOptions, work: (sql: PostgresTransaction) => Promise<T>): Promise<T> {
    const used = pool;
    const deadline = openDeadline(deadlineMs);
    const local = { ...(target.prepare ? {} : settings), ...tenantSetting(how.tenant_id) };
    try {
      return await raceSignal(begin(used, how.mode, { local, work }), deadline.signal);
    } catch (error) {
      if (deadline.signal.aborted) abandon(used);
      throw toStoreError(error, target.shown);
    } finally {
      deadline.clear();
    }
  }

  return { readOnly: options.readOnly, target: target.shown, transact, close: () => pool.end({ timeout: 5 }) };
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

interface Work<T> {
  /** Settings that hold until the transaction ends. */
  readonly local: Readonly<Record<string, string>>;
  readonly work: (sql: PostgresTransaction) => Promise<T>;
}

async function begin<T>(pool: postgres.Sql, mode: string, { local, work }: Work<T>): Promise<T> {
  const { result } = await pool.begin(mode, async (sql) => {
    // Sent before the first statement of `work` but not awaited: it costs no round trip of its own.
    const set = Object.keys(local).length > 0 ? applySettings(sql, local).execute() : undefined;
    const [value] = await Promise.all([work(sql), set]);
    return { result: value };
  });
  return result;
}

function applySettings(sql: PostgresTransaction, local: Readonly<Record<string, string>>) {
  return sql`select set_config(key, value, true) from jsonb_each_text(${sql.json(local)})`;
}

function tenantSetting(tenant_id: string | null): Record<string, string> {
  return tenant_id === null ? {} : { 'inventory.tenant_id': tenant_id };
}

function sessionSettings({ statementTimeoutMs, readOnly }: PostgresOptions): Record<string, string> {
  return {
    search_path: 'inventory',
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: String(Math.min(statementTimeoutMs, 10_000)),
    idle_in_transaction_session_timeout: '30000',
    ...(readOnly ? { default_transaction_read_only: 'on' } : {}),
  };
}

function openPool(target: PostgresTarget, options: PostgresOptions): postgres.Sql {
  return postgres(target.url, {
    types,
    ssl: target.ssl,
    max: options.maxConnections,
    prepare: target.prepare,
    debug: false,
    connect_timeout: connectTimeoutMs / 1000,
    idle_timeout: 60,
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
