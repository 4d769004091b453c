// Tests of `inventory prune`: what it prints, its exit codes, and under whose role it works, on both databases.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { account, newActor, run } from '#store/scenario.contract.ts';
import { databases, type TestStore } from '#store/stores.contract.ts';
import { openTestEnvironment } from './environment.contract.ts';
import { pruneCommand } from './prune.ts';
import { statusCommand, statusSchema } from './status.ts';

describe.for(databases)('inventory prune on $dialect', ({ dialect, open }) => {
  let folder: string;
  let store: TestStore;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inventory-prune-'));
    store = await open();
  });
  afterAll(async () => {
    await store?.close();
    await rm(folder, { recursive: true, force: true });
  });

  function urlOf(role: string): string {
    if (dialect === 'sqlite') return store.url;
    const url = new URL(store.url);
    url.username = role;
    return url.href;
  }

  /** Two versions of an account, one of which ended two years ago. */
  async function age(): Promise<string> {
    const actor = newActor();
    for (const name of ['a', 'b', 'c']) await run(store.writer, actor, [account('1', { name })]);
    const old = new Date(Date.now() - 730 * 86_400_000).toISOString();
    await store.query(
      `update record_versions set valid_from = '2001-01-01T00:00:00.000Z', valid_to = '${old}'
       where tenant_id = '${actor.tenant}' and valid_from = (select min(valid_from) from record_versions where tenant_id = '${actor.tenant}')`,
    );
    return actor.tenant;
  }

  async function prune(
    options: Parameters<typeof pruneCommand>[1] = {},
    { role = 'inventory_prune', retention = {}, signal = new AbortController().signal, clock = systemClock } = {},
  ) {
    const INVENTORY_CONFIG = join(folder, 'inventory.yaml');
    await writeFile(INVENTORY_CONFIG, JSON.stringify({ database: { url: urlOf(role) }, retention }));
    const { environment, printed, logged } = openTestEnvironment({ INVENTORY_CONFIG }, { signal });
    const code = await pruneCommand({ ...environment, clock }, options);
    return { code, printed: printed.join('\n'), logged: logged.map((line): unknown => JSON.parse(line)) };
  }

  async function versionsOf(tenant: string): Promise<number> {
    return (await store.query(`select 1 from record_versions where tenant_id = '${tenant}'`)).length;
  }

  test('by default what is older than 400 days goes; a table and one line in the log tell it', async () => {
    const tenant = await age();

    const { code, printed, logged } = await prune();

    expect(code).toBe(0);
    expect(await versionsOf(tenant)).toBe(1);
    expect(printed).toMatch(
      /^HISTORY +OLDER THAN +PRUNED\nversions +\d{4}-\S+Z +1\nevents +\S+ +0\npages +\S+ +0\nruns +\S+ +0\nkeys +\S+ +0$/,
    );
    expect(logged).toMatchObject([{ event: 'prune', dry_run: false, stopped: false, counts: { versions: 1 } }]);
  });

  test('a dry run tells what would go, as JSON when asked, and deletes nothing', async () => {
    const tenant = await age();

    const { code, printed } = await prune({ dryRun: true, json: true });

    expect(code).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      dry_run: true,
      counts: { versions: 1, events: 0, pages: 0, runs: 0, keys: 0 },
    });
    expect(await versionsOf(tenant)).toBe(2);
  });

  test('each kind has a keep time of its own', async () => {
    const tenant = await age();

    const kept = await prune({ json: true }, { retention: { versions: '1000d', events: '7d', pages: '12h' } });

    expect(await versionsOf(tenant)).toBe(2);
    const { before } = z.object({ before: z.record(z.string(), z.iso.datetime()) }).parse(JSON.parse(kept.printed));
    const days = Object.entries(before).map(([what, time]) => [
      what,
      Math.round((Date.now() - Date.parse(time)) / 43_200_000) / 2,
    ]);
    expect(Object.fromEntries(days)).toEqual({ versions: 1000, events: 7, pages: 0.5, runs: 400, keys: 1 });
  });

  test('a keep time without a unit is bad configuration, told with its key', async () => {
    await expect(prune({}, { retention: { versions: '400' } })).rejects.toThrow(
      'retention.versions: must be a number and a unit',
    );
  });

  test('stopped by a signal it exits 1 and says so', async () => {
    const tenant = await age();

    const { code, logged } = await prune({}, { signal: AbortSignal.abort() });

    expect(code).toBe(1);
    expect(logged).toMatchObject([{ stopped: true, counts: { versions: 0 } }]);
    expect(await versionsOf(tenant)).toBe(2);
  });

  test('status tells how it went', async () => {
    const tenant = await age();
    await prune();
    const INVENTORY_CONFIG = join(folder, 'status.yaml');
    await writeFile(
      INVENTORY_CONFIG,
      JSON.stringify({ tenant, database: { url: urlOf('inventory_api') }, prune: { freshness_budget: '26h' } }),
    );
    const { environment, printed } = openTestEnvironment({ INVENTORY_CONFIG });

    await statusCommand(environment, { json: true });

    expect(statusSchema.parse(JSON.parse(printed.join('')))).toMatchObject({
      pruning: [
        {
          ...{ tenant_id: tenant, last_run_status: 'complete', freshness: 'fresh', freshness_budget_seconds: 93_600 },
          versions: 1,
        },
      ],
    });
  });

  test('a deadline without a unit is a bad option, told before anything is opened', async () => {
    await expect(prune({ timeout: 'soon' })).rejects.toThrow('--timeout: must be a number and a unit');
  });

  test('at its deadline it stops, as for a signal', async () => {
    const tenant = await age();

    const { code, logged } = await prune({ timeout: '0s' });

    expect(code).toBe(1);
    expect(logged).toMatchObject([{ stopped: true }]);
    expect(await versionsOf(tenant)).toBe(2);
  });

  test.runIf(dialect === 'postgres')('under the role of a collector it may not', async () => {
    await expect(prune({}, { role: 'inventory_collector' })).rejects.toMatchObject({ code: '42501' });
  });

  test.runIf(dialect === 'sqlite')('as a process it prints the table and exits 0', async () => {
    const main = join(import.meta.dirname, 'main.ts');
    const env = { PATH: process.env['PATH'] ?? '', DB_PATH: store.url };

    const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, 'prune', '--dry-run'], {
      env,
      timeout: 60_000,
    });

    expect(stdout).toContain('WOULD BE PRUNED');
    expect(stderr).toContain('"event":"prune"');
  });

  test('how long it took is no less than nothing, also when the clock goes back meanwhile', async () => {
    let timeMs = Date.now();
    const now = () => {
      timeMs -= 3_600_000;
      return new Date(timeMs);
    };

    const { logged } = await prune({}, { clock: { ...systemClock, now } });

    const { seconds } = z.object({ seconds: z.number() }).parse(logged.at(-1));
    expect(seconds).toBeGreaterThanOrEqual(0);
  });
});
