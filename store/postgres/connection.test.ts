// The pool and its transactions, against a real server, a proxy that falls silent, and nobody at all.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { StoreError } from '#core/errors.ts';
import { openTestDatabase, type TestDatabase } from '#testkit/postgres-for-tests.ts';
import {
  inTenant,
  openPostgres,
  type PostgresConnection,
  type PostgresOptions,
  type PostgresTransaction,
} from './connection.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const untenanted = { tenant_id: null, mode: 'isolation level read committed' } as const;

describe.for(['', '?prepare=false'])('with %s', (parameters) => {
  test('a transaction has its tenant, our schema and our limits, and the next one on the connection has another', async () => {
    const connection = open({ url: `${database.adminUrl}${parameters}`, statementTimeoutMs: 5000 });
    const readSettings = (tenant: string) =>
      inTenant(
        connection,
        tenant,
        (sql) => sql`
          select inventory.current_tenant_id() as tenant, current_schema as schema,
            current_setting('transaction_isolation') as isolation, current_setting('statement_timeout') as timeout,
            current_setting('idle_in_transaction_session_timeout') as idle, current_setting('timezone') as zone`,
      );

    const limits = { schema: 'inventory', isolation: 'repeatable read', timeout: '5s', idle: '30s', zone: 'UTC' };
    expect(await readSettings('first')).toEqual([{ tenant: 'first', ...limits }]);
    expect(await readSettings('second')).toEqual([{ tenant: 'second', ...limits }]);
    const [row] = await connection.transact(untenanted, (sql) => sql`select inventory.current_tenant_id() as tenant`);
    expect(row).toEqual({ tenant: null });
  });

  test('no statement is compiled: on a server that can, that took a list of some hundred rows from milliseconds to seconds', async () => {
    const connection = open({ url: `${database.adminUrl}${parameters}` });

    const [row] = await inTenant(connection, 'mine', (sql) => sql`select current_setting('jit') as jit`);

    expect(row).toEqual({ jit: 'off' });
  });

  test('a read-only connection refuses to write, also where the transaction did not say so', async () => {
    const connection = open({ url: `${database.adminUrl}${parameters}`, readOnly: true });
    const write = () => inTenant(connection, 'mine', (sql) => sql`delete from cloud_accounts`);
    const writeAnyway = () => connection.transact(untenanted, (sql) => sql`delete from cloud_accounts`);

    await expect(write()).rejects.toMatchObject({ name: 'StoreError', code: '25006', retryable: false });
    if (parameters === '') await expect(writeAnyway()).rejects.toMatchObject({ code: '25006' });
  });

  test('times stay text, JSON and arrays of texts are parsed, 64-bit integers are numbers', async () => {
    const connection = open({ url: `${database.adminUrl}${parameters}` });
    const texts = ['x', '', ' y ', '{"a,b"}', '\\"', 'two\nlines', 'null', 'é'];

    const [row] = await connection.transact(
      untenanted,
      (sql) => sql`
        select ${'2026-01-02T03:04:05.678Z'}::timestamptz as time, 9007199254740991::bigint as big,
          ${sql.json({ a: [1, 'x'] })}::jsonb as json, array['a', 'b,"c'] as list, ${texts}::text[] as sent, ${[]}::text[] as none`,
    );

    expect(row).toEqual({
      time: '2026-01-02 03:04:05.678+00',
      big: 9007199254740991,
      json: { a: [1, 'x'] },
      list: ['a', 'b,"c'],
      sent: texts,
      none: [],
    });
  });
});

test('reading transactions one after the other on one connection each have their own tenant, also after one that failed', async () => {
  const connection = open({ readOnly: true, maxConnections: 1 });
  const readTenant = (tenant: string) =>
    inTenant(
      connection,
      tenant,
      (sql) => sql`select inventory.current_tenant_id() as tenant, 1 / ${tenant.length}::int`,
    );

  const answers = await Promise.allSettled(['first', '', 'third', 'fourth'].map(readTenant));

  expect(answers).toMatchObject([
    { value: [{ tenant: 'first' }] },
    { reason: { code: '22012' } },
    { value: [{ tenant: 'third' }] },
    { value: [{ tenant: 'fourth' }] },
  ]);
});

test('what fails is rolled back, and what the work itself throws comes out as it is', async () => {
  const connection = open({});
  const own = new RangeError('mine');

  const failed = connection.transact(untenanted, async (sql) => {
    await sql`create table half_done (id int)`;
    throw own;
  });

  await expect(failed).rejects.toBe(own);
  const [row] = await connection.transact(untenanted, (sql) => sql`select to_regclass('half_done') as table`);
  expect(row).toEqual({ table: null });
});

test('a statement that takes too long is stopped by the server and may be tried again', async () => {
  const connection = open({ statementTimeoutMs: 50 });

  const slow = connection.transact(untenanted, (sql) => sql`select pg_sleep(30)`);

  await expect(slow).rejects.toMatchObject({ name: 'StoreError', code: '57014', retryable: true });
});

test('a server that falls silent costs one deadline, and the next transaction has a fresh connection', async () => {
  const proxy = await openProxy(new URL(database.adminUrl));
  const connection = open({ url: proxy.url, statementTimeoutMs: 100, connectTimeoutMs: 300, maxConnections: 1 });
  await connection.transact(untenanted, (sql) => sql`select 1`);

  proxy.fallSilent();
  const silent = connection.transact(untenanted, (sql) => sql`select 1`);

  await expect(silent).rejects.toMatchObject({ name: 'StoreError', code: 'deadline', retryable: true });
  const [row] = await connection.transact(untenanted, (sql) => sql`select 2 as two`);
  expect(row).toEqual({ two: 2 });
});

test('a connection that is cut in mid-transaction is a StoreError that may be tried again', async () => {
  const connection = open({ maxConnections: 1 });

  const cut = connection.transact(untenanted, async (sql) => {
    await sql`select pg_terminate_backend(pg_backend_pid())`;
  });

  await expect(cut).rejects.toBeInstanceOf(StoreError);
  await expect(cut).rejects.toMatchObject({ retryable: true });
  await expect(connection.transact(untenanted, (sql) => sql`select 1 as one`)).resolves.toEqual([{ one: 1 }]);
});

test.for([
  ['that the server ends', sayFarewell],
  ['that is cut', (client: Socket) => client.destroy()],
] as const)('a session %s over its first statement costs one transaction, and the next one is understood', async ([
  ,
  endFirst,
]) => {
  const proxy = await openProxy(new URL(database.adminUrl), endFirst);
  const connection = open({ url: `${proxy.url}?sslmode=disable`, maxConnections: 1 });
  const echo = () => connection.transact(untenanted, (sql) => sql`select ${['x', 'y']}::text[] as sent`);

  const ended = echo();

  await expect(ended).rejects.toMatchObject({ name: 'StoreError', retryable: true });
  expect(await echo()).toEqual([{ sent: ['x', 'y'] }]);
});

test('a transaction whose connection is cut between two statements runs the second nowhere', async () => {
  const connection = open({ maxConnections: 2 });
  const steps: string[] = [];

  const cut = connection.transact(untenanted, async (sql) => {
    const [row] = await sql`select pg_backend_pid() as pid`;
    await connection.transact(untenanted, (other) => other`select pg_terminate_backend(${row?.pid}, 5000)`);
    steps.push('cut');
    await sql`create table run_outside (id int)`;
    steps.push('went on');
  });

  await expect(cut).rejects.toMatchObject({ name: 'StoreError', retryable: true });
  expect(steps).toEqual(['cut']);
  const [found] = await connection.transact(untenanted, (sql) => sql`select to_regclass('run_outside') as table`);
  expect(found).toEqual({ table: null });
});

test('a transaction that goes on after a failed statement is not taken for committed', async () => {
  const connection = open({});

  const swallowed = connection.transact(untenanted, async (sql) => {
    await sql`select 1 / 0`.catch(() => undefined);
  });

  await expect(swallowed).rejects.toMatchObject({ name: 'StoreError', code: '25P02' });
});

describe('when the server has forgotten what was prepared', () => {
  const statement = (sql: PostgresTransaction, value: number) =>
    sql`select inventory.current_tenant_id() as tenant, ${value}::integer as value`;

  test.for([
    ['one statement', (sql: PostgresTransaction) => statement(sql, 1)],
    [
      'statements that share a round trip',
      (sql: PostgresTransaction) => Promise.all([statement(sql, 1), sql`select 2`]),
    ],
  ] as const)('a transaction of %s is begun again on another connection, and none waits', async ([, work]) => {
    const connection = open({ maxConnections: 1 });
    const before = await inTenant<unknown>(connection, 'mine', work);
    await connection.transact(untenanted, (sql) => sql.unsafe('deallocate all'));

    const after = await inTenant<unknown>(connection, 'mine', work);

    expect(JSON.stringify(after)).toBe(JSON.stringify(before));
  });
});

describe('what only reads', () => {
  const text =
    "select inventory.current_tenant_id() as tenant, current_setting('enable_sort') as sort, $1::int as value";

  test('is one transaction of its tenant and settings, each statement after the one before it', async () => {
    const connection = open({ maxConnections: 1 });
    const read = (tenant_id: string | null, settings = {}) =>
      connection.read({ tenant_id, settings }, [
        { text, values: [1] },
        {
          text: 'select pg_current_xact_id_if_assigned()::text as xid, statement_timestamp() = now() as first',
          values: [],
        },
        { text, values: [2] },
      ]);

    const unwritten = [{ xid: null, first: false }];
    expect(await read('mine', { enable_sort: 'off' })).toEqual([
      [{ tenant: 'mine', sort: 'off', value: 1 }],
      unwritten,
      [{ tenant: 'mine', sort: 'off', value: 2 }],
    ]);
    expect(await read(null)).toEqual([
      [{ tenant: null, sort: 'on', value: 1 }],
      unwritten,
      [{ tenant: null, sort: 'on', value: 2 }],
    ]);
  });

  test('writes nothing, fails with the error of the first statement that fails, and leaves the connection as it was', async () => {
    const connection = open({ maxConnections: 1 });
    const written = { text: 'delete from cloud_accounts where tenant_id = $1', values: ['mine'] };

    const refused = connection.read({ tenant_id: 'mine' }, [{ text, values: [1] }, written, { text, values: [2] }]);

    await expect(refused).rejects.toMatchObject({ name: 'StoreError', code: '25006' });
    const [rows] = await connection.read({ tenant_id: null }, [{ text, values: [3] }]);
    expect(rows).toEqual([{ tenant: null, sort: 'on', value: 3 }]);
  });

  test('is answered from inside its transaction, also when the server has forgotten what was prepared', async () => {
    const connection = open({ maxConnections: 1 });
    const read = (tenant_id: string) =>
      connection.read({ tenant_id }, [
        { text, values: [1] },
        { text, values: [2] },
      ]);
    const answer = (tenant: string) => [[{ tenant, sort: 'on', value: 1 }], [{ tenant, sort: 'on', value: 2 }]];
    expect(await read('first')).toEqual(answer('first'));

    await connection.transact(untenanted, (sql) => sql.unsafe('deallocate all'));

    expect(await read('second')).toEqual(answer('second'));
    expect(await read('third')).toEqual(answer('third'));
  });

  test('is answered from inside its transaction, also when a migration has changed what it answers', async () => {
    const connection = open({ maxConnections: 1 });
    const migrate = (text: string) => connection.transact(untenanted, (sql) => sql.unsafe(text));
    await migrate('create table grown (one int)');
    const statements = [
      { text: 'select *, inventory.current_tenant_id() as tenant from grown where one = $1', values: [1] },
    ];
    await migrate('insert into grown values (1)');
    expect(await connection.read({ tenant_id: 'mine' }, statements)).toEqual([[{ one: 1, tenant: 'mine' }]]);

    await migrate('alter table grown add column two int');

    const grown = [[{ one: 1, two: null, tenant: 'mine' }]];
    expect(await connection.read({ tenant_id: 'mine' }, statements)).toEqual(grown);
    expect(await connection.read({ tenant_id: 'mine' }, statements)).toEqual(grown);
  });
});

test('more transactions than connections wait for their turn', async () => {
  const connection = open({ maxConnections: 2 });

  const rows = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      connection.transact(untenanted, (sql) => sql`select ${index}::integer as index, pg_backend_pid() as pid`),
    ),
  );

  expect(rows.map(([row]) => row?.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(new Set(rows.map(([row]) => row?.pid)).size).toBe(2);
});

test('an address where nobody listens is named, without the password', async () => {
  const connection = open({ url: `postgres://someone:hunter2@127.0.0.1:${await findClosedPort()}/inventory` });

  const refused = connection.transact(untenanted, (sql) => sql`select 1`);

  await expect(refused).rejects.toMatchObject({ name: 'StoreError', code: 'ECONNREFUSED', retryable: true });
  await expect(refused).rejects.toThrow(/cannot reach Postgres at 127\.0\.0\.1:\d+\/inventory as someone/);
  await expect(refused).rejects.not.toThrow('hunter2');
});

test('a pool closes while nothing runs, and then takes no more work', async () => {
  const connection = open({});
  await connection.transact(untenanted, (sql) => sql`select 1`);

  await connection.close();

  const late = connection.transact(untenanted, (sql) => sql`select 1`);
  await expect(late).rejects.toMatchObject({ name: 'StoreError', code: 'closed' });
});

function open(options: Partial<PostgresOptions>): PostgresConnection {
  const connection = openPostgres({
    url: database.adminUrl,
    applicationName: 'test',
    readOnly: false,
    maxConnections: 2,
    statementTimeoutMs: 10_000,
    ...options,
  });
  onTestFinished(() => connection.close());
  return connection;
}

// Field by field (https://www.postgresql.org/docs/current/protocol-error-fields.html), each ended by a NUL.
const farewell = Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');

/** What a server says to a session that it ends. */
function sayFarewell(client: Socket): void {
  const head = Buffer.alloc(5, 'E');
  head.writeInt32BE(farewell.length + 4, 1);
  client.end(Buffer.concat([head, farewell]));
}

/** A proxy whose present connections can fall silent while new ones go through. */
async function openProxy(target: URL, endFirst?: (client: Socket) => void) {
  const pairs: [Socket, Socket][] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const isFirst = pairs.length === 0;
    pairs.push([client, upstream]);
    if (endFirst && isFirst) {
      upstream.pipe(client, { end: false });
      // What follows the greeting.
      client.once('data', (greeting) => {
        upstream.write(greeting);
        client.once('data', () => {
          upstream.unpipe();
          endFirst(client);
        });
      });
    } else client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of pairs.flat()) socket.destroy();
    server.close();
  });
  const url = new URL(target);
  url.port = String(portOf(server.address()));
  return {
    url: url.href,
    fallSilent() {
      for (const [client, upstream] of pairs) {
        client.unpipe();
        client.resume();
        upstream.unpipe();
      }
    },
  };
}

async function findClosedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  server.close();
  await once(server, 'close');
  return port;
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a numeric port');
  return address.port;
}
