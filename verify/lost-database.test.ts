// A database that goes away in the middle of a run: the run says so and fails, and a later one leaves what an undisturbed one would have.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CheckedAws, openAws } from './aws.ts';
import { type CheckedDatabase, databases } from './databases.ts';
import { inventory, summaryOf, type Variables } from './inventory.ts';
import { count, readState, type State } from './state.ts';

let aws: CheckedAws;
let expected: State;
let requests: number;
const [, { open }] = databases;

beforeAll(async () => {
  aws = await openAws(1300, { empty_page_ratio: 0 });
  const database = await open();
  const caller = aws.addCaller();
  expect(await inventory({ ...caller.variables, ...database.collector }, 'collect', 'aws')).toMatchObject({ code: 0 });
  expected = await readState(database);
  requests = aws.fake.requests.filter(caller.made).length;
  await database.close();
});
afterAll(() => aws.fake.close());

describe.concurrent('a database that goes away', () => {
  test('for good ends the run with exit code 1 and the reason', async () => {
    const database = await open();
    const line = await openLine(database);
    const caller = aws.addCaller();
    const nth = Math.floor(requests * 0.8);
    aws.fake.faults.plan({ nth, when: caller.made, effect: { kind: 'mutate', mutate: line.cut } });

    const cut = await inventory({ ...caller.variables, ...line.collector }, 'collect', 'aws');
    const kept = await count(database, 'cloud_accounts');
    const again = await inventory({ ...aws.addCaller().variables, ...database.collector }, 'collect', 'aws');

    expect(cut.code).toBe(1);
    expect(cut.stderr).toContain(`127.0.0.1:${line.port}`);
    expect(summaryOf(cut).outcome).toBe('failed');
    // Whole batches.
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(1300);
    expect(again).toMatchObject({ code: 0 });
    expect(await readState(database)).toEqual(expected);
    await database.close();
  });

  test('for a moment, again and again, costs at most the run', async () => {
    const database = await open();
    const caller = aws.addCaller();
    for (const share of [0.2, 0.5, 0.6, 0.7, 0.9]) {
      const nth = Math.floor(requests * share);
      aws.fake.faults.plan({
        nth,
        when: caller.made,
        effect: { kind: 'mutate', mutate: () => void terminate(database) },
      });
    }

    const ended = await inventory({ ...caller.variables, ...database.collector }, 'collect', 'aws');
    const again = await inventory({ ...aws.addCaller().variables, ...database.collector }, 'collect', 'aws');

    expect(summaryOf(ended).outcome).toBe(ended.code === 0 ? 'complete' : 'failed');
    expect(again).toMatchObject({ code: 0 });
    expect(await readState(database)).toEqual(expected);
    await database.close();
  });
});

function terminate(database: CheckedDatabase) {
  return database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'inventory_collector'`,
  );
}

/** A line to the database that can be cut as a failing host or network cuts it. */
async function openLine(database: CheckedDatabase): Promise<{ collector: Variables; port: number; cut(): void }> {
  const target = new URL(z.string().parse(database.collector['DATABASE_URL']));
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(from);
      from.on('error', () => to.destroy()).pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const line = new URL(target);
  line.port = String(port);
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { collector: { DATABASE_URL: line.href }, port, cut };
}
