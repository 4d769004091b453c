// The bundle alone, far from the repository and its node_modules, is the product.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openAws } from './aws.ts';
import { openPostgresDatabase } from './databases.ts';
import { root, serveApi, startProgram, type Variables } from './inventory.ts';

test('the bundle migrates, collects and serves, copied to a folder of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-bundle-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const aws = await openAws(60);
  onTestFinished(() => aws.fake.close());
  const postgres = await openPostgresDatabase('template1');
  onTestFinished(() => postgres.close());
  const sqlite = { DB_PATH: join(folder, 'inventory.db') };

  expect(await startProgram({}, ['npm', 'run', '-s', 'build']).ended).toMatchObject({ code: 0 });
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  const bundle = [process.execPath, join(folder, 'dist/cli/main.mjs')];
  const run = async (variables: Variables, ...command: string[]) => {
    const ended = await startProgram(variables, [...bundle, ...command]).ended;
    expect(ended).toMatchObject({ code: 0 });
  };

  await run(postgres.admin, 'migrate', '--roles');
  for (const { migrate, collector, api: reader } of [postgres, { migrate: sqlite, collector: sqlite, api: sqlite }]) {
    await run(migrate, 'migrate');
    await run({ ...aws.addCaller().variables, ...collector }, 'collect', 'aws');
    await run(reader, 'status');
    const api = await serveApi(reader, { folder, command: bundle });
    onTestFinished(async () => void (await api.stop()));
    const health = await fetch(`${api.url}/healthz`);

    expect(await health.json()).toEqual({ ok: true });
    expect(await api.list('/api/v1/accounts')).toHaveLength(60);
    expect(await api.stop()).toBe(0);
  }
  expect(await startProgram({}, [...bundle, 'sandbox']).ended).toMatchObject({ code: 2 });
});
