// `inventory serve ingest` as a process: where it may listen, what it answers there, and how it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { hashText } from '#core/json.ts';
import { secretMarker } from '#testkit/secrets.ts';

const main = join(import.meta.dirname, 'main.ts');
const token = `${secretMarker}-token`;
const auth = { mode: 'token', tokens: [{ name: 'ci', sha256: hashText(token), scopes: ['inventory:seed'] }] };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-ingest-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Served {
  readonly child: ChildProcess;
  readonly output: Promise<string>;
  /** Resolves with the URL, or rejects when it ends before. */
  readonly url: Promise<string>;
}

async function serve(ingest: object): Promise<Served> {
  const INVENTORY_CONFIG = join(folder, 'inventory.yaml');
  await writeFile(INVENTORY_CONFIG, JSON.stringify({ database: { url: join(folder, 'inventory.db') }, ingest }));
  const env = { PATH: process.env['PATH'] ?? '', INVENTORY_CONFIG };
  const child = spawn(process.execPath, [main, 'serve', 'ingest'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const listening = Promise.withResolvers<string>();
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    told += chunk;
    const url = /"event":"listening","url":"([^"]+)"/.exec(told)?.[1];
    if (url !== undefined) listening.resolve(url);
  });
  const output = once(child, 'close').then(() => told);
  output.then(() => listening.reject(new Error(told)), listening.reject);
  listening.promise.catch(() => undefined);
  return { child, output, url: listening.promise };
}

test('a request under way when SIGTERM comes is answered, and the process exits 0', async () => {
  const { child, output, url } = await serve({ listen: '127.0.0.1:0', auth });
  const body = JSON.stringify({ id: 'late', kind: 'prometheus', url: 'https://late.example' });
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
    'content-length': body.length,
    expect: '100-continue',
  };
  const sending = request(`${await url}/api/v1/monitoring`, { method: 'POST', headers });
  const answered = once(sending, 'response');
  sending.flushHeaders();
  // The server has the request, and waits for its body.
  await once(sending, 'continue');

  child.kill('SIGTERM');
  sending.end(body);
  const [response] = await answered;

  expect({ status: response.statusCode, body: await text(response) }).toEqual({ status: 200, body: '{"ok":true}' });
  const ended = await output;
  expect(child.exitCode).toBe(0);
  expect(ended).toContain('"status":200');
  expect(ended).not.toContain(secretMarker);
});

test('without authentication it listens on loopback alone', async () => {
  const { child, output } = await serve({ listen: '0.0.0.0:0' });

  expect(await output).toContain('ingest.auth.mode: none is for loopback alone');
  expect(child.exitCode).toBe(2);
});

test('what is wrong with its configuration is told by key', async () => {
  const { child, output } = await serve({ requests_per_minute: 0, allow_hosts: ['http://x'], auth: { mode: 'some' } });

  const told = await output;
  for (const key of ['ingest.requests_per_minute', 'ingest.allow_hosts.0', 'ingest.auth.mode'])
    expect(told).toContain(key);
  expect(child.exitCode).toBe(2);
});
