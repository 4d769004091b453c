// A run over an organization in which nothing changed writes no record, no version and no event, in whatever order it is told.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { renameAccount } from '#testkit/aws/mutations.ts';
import { memberOf, openAws, writeWalkingConfig } from './aws.ts';
import { countWrites, startCounting } from './count-writes.ts';
import { databases } from './databases.ts';
import { inventory, summaryOf } from './inventory.ts';

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
