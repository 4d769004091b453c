// `make dev` as a newcomer meets it: nothing configured, three clouds and what watches them, the curls of the README, Ctrl-C, and once more.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { secretMarker } from '#testkit/secrets.ts';

const dev = join(import.meta.dirname, 'dev.ts');

let folder: string;
let compiled: string;
let origin: string;
let ingestOrigin: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-dev-'));
  // What one of the many processes has compiled the next need not compile again.
  compiled = await mkdtemp(join(tmpdir(), 'inventory-dev-compiled-'));
  origin = `127.0.0.1:${await findFreePort()}`;
  ingestOrigin = `127.0.0.1:${await findFreePort()}`;
  // Ports of its own are all that tells this newcomer from others.
  await writeFile(join(folder, 'port.yaml'), `api: { listen: '${origin}' }\ningest: { listen: '${ingestOrigin}' }\n`);
});
afterAll(() => Promise.all([folder, compiled].map((path) => rm(path, { recursive: true }))));

interface Started {
  /** Everything printed so far. */
  readonly lines: readonly string[];
  /** Ctrl-C, as a terminal sends it: to the whole group; answers the exit code. */
  interrupt(): Promise<number>;
  /** Whether a process of the group is left. */
  isAlive(): boolean;
}

/** In a group of its own. */
function spawnDev(config: string, variables: Readonly<Record<string, string>> = {}) {
  const env = {
    ...variables,
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: folder,
    NODE_COMPILE_CACHE: compiled,
    INVENTORY_CONFIG: join(folder, config),
    HTTPS_PROXY: 'http://127.0.0.1:9',
    HTTP_PROXY: 'http://127.0.0.1:9',
  };
  const child = spawn(process.execPath, [dev], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void signalGroup(child, 'SIGKILL'));
  return child;
}

/** Starts one that cannot go on, and waits for its end. */
async function failDev(config: string): Promise<{ code: number; errors: readonly string[] }> {
  const child = spawnDev(config);
  const ended = once(child, 'close');
  child.stdout.resume();
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const [code] = await ended;
  return { code: z.int().parse(code), errors };
}

/** Starts it, and waits until it says how to stop it. */
async function startDev(variables: Readonly<Record<string, string>> = {}): Promise<Started> {
  const child = spawnDev('port.yaml', variables);
  const exited = once(child, 'exit');
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line.includes('Ctrl-C')) resolve();
    });
    child.once('exit', () => reject(new Error(`it ended by itself:\n${lines.join('\n')}`)));
  });
  return {
    lines,
    interrupt: async () => {
      signalGroup(child, 'SIGINT');
      const [code] = await exited;
      return z.int().parse(code);
    },
    isAlive: () => signalGroup(child, 0),
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-(child.pid ?? 0), signal);
  } catch {
    return false;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.int() }).parse(server.address());
  server.close();
  await once(server, 'close');
  return port;
}

const rowSchema = z.record(z.string(), z.unknown());
type Rows = readonly z.infer<typeof rowSchema>[];

async function getRows(path: string): Promise<Rows> {
  const response = await fetch(`http://${origin}${path}`);
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
  return z.array(rowSchema).parse(await response.json());
}

function countBy(rows: Rows, field: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[String(row[field])] = (counts[String(row[field])] ?? 0) + 1;
  return counts;
}

/** What the README's section on `make dev` has its reader type. */
async function listCurls(): Promise<readonly string[]> {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  return readme.match(/^curl .*127\.0\.0\.1:8080.*$/gm) ?? [];
}

const clouds = ['aws', 'azure', 'gcp'];

describe('with nothing configured', () => {
  test('three clouds with hierarchy and a night of changes, and every curl of the README is true', async () => {
    const started = await startDev();

    await expectThreeClouds();
    await expectMonitoring([]);
    await expectPrintedCurls(started.lines);
    await expectReadmeCurls();
    await expectPrintedSeed(started.lines);
    await expectPrivateCredentials();
    // A page of it is of one kind.
    const night = started.lines.map(toPrintedPath).find((path) => path?.includes('/diff')) ?? '';
    expect(countBy(await getRows(night), 'change')).toEqual({ moved: 3, updated: 6 });
    expect(countBy(await getRows(`${night}&kind=monitoring_endpoint`), 'change')).toEqual({
      discovered: 1,
      updated: 1,
    });
    expect(await started.interrupt()).toBe(0);
    await expectNothingLeft(started);
  });

  test('the second start goes on where the first one was, and writes nothing', async () => {
    const started = await startDev();

    await expectThreeClouds();
    await expectPrintedCurls(started.lines);
    await expectMonitoring([['prod-eu', 'unknown']]);
    const runs = await getRows('/api/v1/runs');
    expect(countBy(runs, 'outcome')).toEqual({ complete: 15 });
    // Where another process has their usual ports, Prometheus and Grafana have moved.
    const latest = runs.slice(0, 5).filter(({ collector }) => clouds.includes(String(collector)));
    expect(countBy(latest, 'changed')).toEqual({ 0: 3 });
    expect(countBy(latest, 'inserted')).toEqual({ 0: 3 });
    await expectNoneBeside();
    expect(await started.interrupt()).toBe(0);
    await expectNothingLeft(started);
  });

  test('what is wrong in its configuration is told in words', async () => {
    const config = join(folder, 'wrong.yaml');
    await writeFile(config, 'api: { lissten: 1 }\ningest: { listen: 5 }\n');
    onTestFinished(() => rm(config));

    const { code, errors } = await failDev('wrong.yaml');

    expect(code).toBe(2);
    expect(errors.map((line) => line.split(':')[0])).toEqual(['api', 'ingest.listen']);
  });
}, 120_000);

test('with a Prometheus named by its variable it collects that one alone, and what it prints to be typed is answered at once', async () => {
  const started = await startDev({ PROM_URL: 'http://127.0.0.1:9', DB_PATH: join(folder, 'data', 'named.db') });

  const health = await Promise.all([origin, ingestOrigin].map((service) => fetch(`http://${service}/healthz`)));
  const endpoints = await getRows('/api/v1/monitoring?kind=prometheus');

  expect(health.map(({ status }) => status)).toEqual([200, 200]);
  expect(endpoints).toMatchObject([{ url: 'http://127.0.0.1:9', status: 'unreachable' }]);
  expect(started.lines.join('\n')).not.toContain('SANDBOX');
  expect(countBy(await getRows('/api/v1/runs'), 'collector')).toEqual({ prometheus: 1 });
  expect(await started.interrupt()).toBe(0);
}, 60_000);

/** No process, no credential; and what was printed held no secret. */
async function expectNothingLeft(started: Started): Promise<void> {
  expect(started.isAlive()).toBe(false);
  expect((await readdir(folder)).sort()).toEqual(['data', 'port.yaml']);
  expect(started.lines.join('\n')).not.toContain(secretMarker);
}

/** One more beside it finds its ports taken, says so of both, and writes nothing into its database. */
async function expectNoneBeside(): Promise<void> {
  const runs = await getRows('/api/v1/runs');

  const { code, errors } = await failDev('port.yaml');

  expect(code).toBe(2);
  expect(errors).toEqual([
    expect.stringContaining(`api.listen: cannot listen on ${origin} (listen EADDRINUSE`),
    expect.stringContaining(`ingest.listen: cannot listen on ${ingestOrigin} (listen EADDRINUSE`),
  ]);
  expect(await getRows('/api/v1/runs')).toEqual(runs);
}

async function expectThreeClouds(): Promise<void> {
  const accounts = await getRows('/api/v1/accounts?limit=1000');
  const nodes = await getRows('/api/v1/org-nodes?limit=1000');
  expect(countBy(accounts, 'provider')).toEqual({ aws: 60, azure: 60, gcp: 60 });
  expect(Object.keys(countBy(nodes, 'provider')).sort()).toEqual(clouds);
  for (const provider of clouds) {
    const own = nodes.filter((node) => node['provider'] === provider);
    expect(Math.max(...own.map(({ depth }) => Number(depth)))).toBeGreaterThan(1);
    const [top] = own.filter(({ depth }) => depth === 1);
    const below = await getRows(`/api/v1/accounts?limit=1000&under=${encodeURIComponent(String(top?.['id']))}`);
    expect(below.every((account) => account['provider'] === provider)).toBe(true);
  }
  const happened = await getRows('/api/v1/events?limit=1000');
  for (const provider of clouds) {
    const own = happened.filter(({ payload }) => rowSchema.parse(payload)['provider'] === provider);
    expect(countBy(own, 'event_type')).toMatchObject({
      'account.discovered': 60,
      'account.updated': 2,
      'account.moved': 1,
    });
    expect(own.filter(({ event_type }) => String(event_type).endsWith('vanished'))).toEqual([]);
  }
}

/** Prometheus watches an account, Grafana queries Prometheus, and overnight a reload has failed; and what was named as printed. */
async function expectMonitoring(named: readonly [id: string, status: string][]): Promise<void> {
  const endpoints = await getRows('/api/v1/monitoring');
  const relations = await getRows('/api/v1/relations');
  const account = relations.find(({ to_kind }) => to_kind === 'account')?.['to_ref'];
  expect(endpoints.map(({ id, status }) => [id, status])).toEqual([
    ['grafana', 'up'],
    ...named,
    ['prometheus', 'degraded'],
  ]);
  expect(await getRows(`/api/v1/accounts?q=${String(account).replace('aws/', '')}`)).toHaveLength(1);
  const leading = await getRows('/api/v1/monitoring/prometheus/relations');
  expect(new Set(leading.map(({ from_key }) => from_key))).toEqual(new Set(['grafana', 'prometheus']));
}

/** Credentials lie in a folder, and files, that only their owner may read. */
async function expectPrivateCredentials(): Promise<void> {
  const [sandbox = ''] = (await readdir(folder)).filter((name) => name.startsWith('inventory-sandbox-'));
  const names = await readdir(join(folder, sandbox));
  expect(names.sort()).toEqual(['azure-client-secret', 'gcp-key.json', 'grafana-token', 'inventory.yaml']);
  for (const name of ['', ...names]) expect((await stat(join(folder, sandbox, name))).mode & 0o077).toBe(0);
}

/** What it prints to be typed is answered with rows. */
async function expectPrintedCurls(lines: readonly string[]): Promise<void> {
  const paths = lines.map(toPrintedPath).filter((path) => path !== undefined);
  expect(paths.filter((path) => path.includes('under='))).toHaveLength(3);
  for (const path of paths) expect(await getRows(path), path).not.toEqual([]);
}

/** So is the endpoint that it prints to be named. */
async function expectPrintedSeed(lines: readonly string[]): Promise<void> {
  const line = lines.find((printed) => printed.includes(ingestOrigin) && printed.includes('curl')) ?? '';
  const [, path = '', body = ''] =
    /^ {2}curl '[^/]+(\/[^']+)' -H 'content-type: application\/json' -d '([^']+)'$/.exec(line) ?? [];

  const response = await fetch(`http://${ingestOrigin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });

  expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: { ok: true } });
  expect(await getRows('/api/v1/monitoring?status=unknown')).toMatchObject([rowSchema.parse(JSON.parse(body))]);
}

function toPrintedPath(line: string): string | undefined {
  return /^ {2}curl '[^/]+(\/[^']+)'$/.exec(line)?.[1];
}

async function expectReadmeCurls(): Promise<void> {
  const curls = await listCurls();
  expect(curls.length).toBeGreaterThan(5);
  for (const curl of curls) {
    const url = /'127\.0\.0\.1:8080([^']+)'/.exec(curl)?.[1] ?? '';
    if (curl.includes('event-stream')) await expectStream(url);
    else expect(await getRows(url), curl).not.toEqual([]);
  }
}

/** The first event comes, and the stream is left. */
async function expectStream(path: string): Promise<void> {
  const leaving = new AbortController();
  const response = await fetch(`http://${origin}${path}`, {
    headers: { accept: 'text/event-stream' },
    signal: leaving.signal,
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk);
    if (text.includes('data:')) break;
  }
  leaving.abort();
  expect(text).toContain('account.discovered');
}
