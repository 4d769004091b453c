// A dump that is restored into another server: what docs/deploy.md has an administrator do makes its event log go on.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { envelopeSchema } from '#contracts/envelope.ts';
import { account, newActor, run } from '../scenario.contract.ts';
import { databases, type TestStore } from '../stores.contract.ts';

// Of a server that has seen a trillion transactions.
const farXid = '1000000000000';
const deployPage = join(import.meta.dirname, '../../docs/deploy.md');
const postgresStore = databases.find(({ dialect }) => dialect === 'postgres');

let store: TestStore;
beforeAll(async () => {
  if (postgresStore === undefined) throw new Error('PostgreSQL is among the databases');
  store = await postgresStore.open();
});
afterAll(() => store?.close());

async function readLog(tenant_id: string): Promise<string[]> {
  const { json } = await store.reader.listEvents({ tenant_id, limit: 1000, after: undefined });
  return z
    .array(envelopeSchema)
    .parse(JSON.parse(json))
    .map(({ event_type }) => event_type);
}

async function asAdministrator(...statements: readonly string[]): Promise<void> {
  const url = new URL(store.url);
  url.username = 'postgres';
  const sql = postgres(url.href, { max: 1, connect_timeout: 10, connection: { search_path: 'inventory' } });
  try {
    for (const statement of statements) await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

test('restored events are read again, in their order, and new ones come after them', async () => {
  const actor = newActor();
  await run(store.writer, actor, [account('1', { name: 'a' })]);
  await run(store.writer, actor, [account('1', { name: 'b' })]);
  await asAdministrator(`update events set xid = '${farXid}'`);
  const [repair = ''] = /(?<=```sql\n)update inventory\.events[^`]+/.exec(await readFile(deployPage, 'utf8')) ?? [];

  const stuck = await readLog(actor.tenant);
  await asAdministrator(repair);
  await run(store.writer, actor, [account('1', { name: 'c' }), account('2')]);
  await store.settle();
  const log = await readLog(actor.tenant);

  expect(stuck).toEqual([]);
  expect(log.slice(0, 2)).toEqual(['account.discovered', 'account.updated']);
  expect(log.slice(2).sort()).toEqual(['account.discovered', 'account.updated']);
});
