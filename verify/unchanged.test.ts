// A run over an organization in which nothing changed writes no record, no version and no event, in whatever order it is told.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { renameAccount } from '#testkit/aws/mutations.ts';
import { memberOf, openAws, writeWalkingConfig } from './aws.ts';
import { type CheckedDatabase, databases } from './databases.ts';
import { inventory, summaryOf } from './inventory.ts';

const contentTables = ['cloud_accounts', 'org_nodes', 'record_versions', 'events'] as const;

test.for(databases)('pages, tags and JSON keys in another order are no change, $dialect', async ({ open }) => {
  const aws = await openAws(1000, { shuffle_seed: 1 });
  onTestFinished(() => aws.fake.close());
  const database = await open();
  onTestFinished(() => database.close());
  const folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = await writeWalkingConfig(join(folder, 'inventory.yaml'));
  const variables = { ...aws.addCaller().variables, ...database.collector, ...config };

  const first = summaryOf(await inventory(variables, 'collect', 'aws'));
  await startCounting(database);
  const atFirst = await countWrites(database);
  aws.fake.behaviour.shuffle_seed = 2;
  const second = summaryOf(await inventory(variables, 'collect', 'aws'));
  const written = (await countWrites(database)) - atFirst;
  renameAccount(aws.organization, memberOf(aws, 5), 'renamed');
  const third = summaryOf(await inventory(variables, 'collect', 'aws'));
  const writtenThen = (await countWrites(database)) - atFirst;

  const all = 1000 + Math.ceil(1000 / 12) + 1;
  expect(first).toMatchObject({ outcome: 'complete', counts: { inserted: all } });
  expect(second).toMatchObject({ outcome: 'complete', counts: { seen: all, unchanged: all, inserted: 0, changed: 0 } });
  expect(written).toBe(0);
  // That the counter counts: one record, one version, one event.
  expect(third).toMatchObject({ outcome: 'complete', counts: { changed: 1 } });
  expect(writtenThen).toBe(3);
});

// Postgres counts by itself.
async function startCounting(database: CheckedDatabase): Promise<void> {
  if (database.dialect === 'postgres') return;
  await database.query('create table counted (operation text)');
  for (const table of contentTables) {
    for (const operation of ['insert', 'update', 'delete']) {
      await database.query(
        `create trigger count_${table}_${operation} after ${operation} on ${table} begin insert into counted values ('${operation}'); end`,
      );
    }
  }
}

async function countWrites(database: CheckedDatabase): Promise<number> {
  if (database.dialect === 'postgres') await waitUntilDisconnected(database);
  const [row] = await database.query(
    database.dialect === 'sqlite'
      ? 'select count(*) as n from counted'
      : `select sum(n_tup_ins + n_tup_upd + n_tup_del) as n from pg_stat_user_tables
         where schemaname = 'inventory' and relname in (${contentTables.map((table) => `'${table}'`).join(', ')})`,
  );
  return Number(row?.['n']);
}

// A server process tells its statistics when it ends, which is shortly after its client has.
async function waitUntilDisconnected(database: CheckedDatabase): Promise<void> {
  await vi.waitUntil(
    async () => {
      const sql = `select 1 from pg_stat_activity where datname = current_database() and usename = 'inventory_collector'`;
      return (await database.query(sql)).length === 0;
    },
    { timeout: 10_000, interval: 20 },
  );
}
