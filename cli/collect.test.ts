// Tests of what `inventory collect` does before its run: the wait by chance, as part of the run's time, and a signal in it.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError } from '#core/errors.ts';
import { collectCommand } from './collect.ts';
import { openTestEnvironment } from './environment.contract.ts';

// It takes requests and answers none.
const server = createServer();
let folder: string;
let PROM_URL: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-collect-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A boundary cast: an address of a TCP server that listens.
  PROM_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

function openEnvironment(name: string, chance: number, signal?: AbortSignal) {
  const DB_PATH = join(folder, `${name}.db`);
  const others = { random: () => chance, ...(signal && { signal }) };
  return { ...openTestEnvironment({ DB_PATH, PROM_URL }, others), DB_PATH };
}

test('what was waited before is taken from the time of the run', async () => {
  const { environment, logged } = openEnvironment('timeout', 0.5);

  const code = await collectCommand(environment, 'prometheus', { scope: [], timeout: '2s', jitter: '1s' });

  expect(code).toBe(1);
  expect(logged.join('')).toContain('the run was not done within 1.5 s');
});

test('by default nothing is waited', async () => {
  const { environment, logged } = openEnvironment('default', 0.99);

  await collectCommand(environment, 'prometheus', { scope: [], timeout: '1s' });

  expect(logged.join('')).toContain('the run was not done within 1 s');
});

test('a signal ends the wait for its reason, before a database is opened', async () => {
  const controller = new AbortController();
  const { environment, DB_PATH } = openEnvironment('signal', 0.99, controller.signal);

  const running = collectCommand(environment, 'prometheus', { scope: [], timeout: '10m', jitter: '9m' });
  const refused = expect(running).rejects.toThrow('stopped by SIGTERM');
  controller.abort(new Error('stopped by SIGTERM'));

  await refused;
  expect(existsSync(DB_PATH)).toBe(false);
});

test.for<readonly [string, Record<string, string>, string[]]>([
  ['a scope that is not configured', {}, ['prometheus:other']],
  ['a database that is none', { DB_PATH: 'mysql://db.example/inventory' }, []],
  ['a proxy that is none', { HTTPS_PROXY: 'proxy.example:3128' }, []],
])('%s is told before anything is waited for or written', async ([, variables, scope]) => {
  const { environment, DB_PATH } = openEnvironment('early', 0.99);
  const wrong = { ...environment, variables: { ...environment.variables, ...variables } };

  const running = collectCommand(wrong, 'prometheus', { scope, timeout: '10m', jitter: '9m' });

  await expect(running).rejects.toThrow(ConfigError);
  expect(existsSync(DB_PATH)).toBe(false);
});
