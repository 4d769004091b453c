// Tests of the command line as a user types it: exit codes, messages, and a whole run against the sandbox.
import { execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { configSchema } from '#core/config.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import { statusSchema } from './status.ts';

const main = join(import.meta.dirname, 'main.ts');
const run = promisify(execFile);

let folder: string;
let sandbox: Sandbox;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-cli-'));
  sandbox = await openSandbox({ accounts: 45 });
});
afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function inventory(variables: Record<string, string>, ...command: string[]): Promise<Ended> {
  // What one process has compiled the next need not compile again.
  const NODE_COMPILE_CACHE = join(folder, 'compiled');
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, NODE_COMPILE_CACHE, ...variables };
  try {
    const { stdout, stderr } = await run(process.execPath, [main, ...command], { env, cwd: folder, timeout: 60_000 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const failed = error as Ended; // execFile rejects with the exit code and both outputs
    return { code: failed.code, stdout: failed.stdout, stderr: failed.stderr };
  }
}

function start(stdio: SpawnOptions['stdio'], variables: Record<string, string>, ...command: string[]) {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...variables };
  return spawn(process.execPath, [main, ...command], { env, cwd: folder, stdio });
}

describe('standard output', () => {
  test.skipIf(!existsSync('/dev/full'))('an answer that a full disk does not take exits 1 and says so', async () => {
    const full = await open('/dev/full', 'w');
    const child = start(['ignore', full.fd, 'pipe'], {}, 'permissions', 'aws');
    const told: string[] = [];
    child.stderr?.setEncoding('utf8').on('data', (text) => void told.push(text));
    const [code] = await once(child, 'close');
    await full.close();

    expect(told.join('')).toMatch(/^standard output cannot be written: ENOSPC.*\n$/);
    expect(code).toBe(1);
  });

  test('a reader that leaves ends a command that would go on, and nothing of it stays behind', async () => {
    const TMPDIR = join(folder, 'temporary');
    await mkdir(TMPDIR);
    const child = start(['ignore', 'pipe', 'pipe'], { TMPDIR }, 'sandbox', '--accounts', '10');
    child.stdout?.destroy();
    const told: string[] = [];
    child.stderr?.setEncoding('utf8').on('data', (text) => void told.push(text));
    const [code] = await once(child, 'close');

    expect(told.join('')).toBe('');
    expect(code).toBe(0);
    expect((await readdir(TMPDIR)).filter((name) => name.startsWith('inventory-sandbox'))).toEqual([]);
  });
});

test('status that waits for a database ends at the first Ctrl-C', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const DATABASE_URL = `postgres://inventory_api@127.0.0.1:${port}/inventory`;
  const child = start(['ignore', 'ignore', 'pipe'], { DATABASE_URL }, 'status');
  const told: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text) => void told.push(text));
  const [socket] = await once(silent, 'connection');
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  socket.destroy();
  silent.close();

  expect(told.join('')).toBe('stopped by SIGINT (terminated)\n');
  expect(code).toBe(1);
});

describe('standard error', () => {
  test('a failure that nobody awaits is logged as any other: without secrets, and with exit 1', async () => {
    const failing = join(folder, 'failing.mjs');
    const rejecting = `Promise.reject(Object.assign(new Error('refused token=hunter2hunter2'), { sent: 'hunter2' }))`;
    // As soon as the command listens for signals.
    await writeFile(
      failing,
      `process.on('newListener', (name) => name === 'SIGINT' && setImmediate(() => ${rejecting}));`,
    );

    const waiting = ['collect', 'aws', '--jitter', '9m', '--timeout', '10m'];
    const ended = await inventory({ NODE_OPTIONS: `--import ${failing}` }, ...waiting);

    expect(JSON.parse(ended.stderr)).toMatchObject({
      ...{ level: 'error', event: 'bug', err: { message: 'refused token=[redacted]' } },
    });
    expect(ended.stderr).not.toContain('hunter2');
    expect(ended.code).toBe(1);
  });

  test.skipIf(!existsSync('/dev/full'))('a log that a full disk does not take ends no command', async () => {
    const full = await open('/dev/full', 'w');
    const child = start(['ignore', 'pipe', full.fd], { DB_PATH: join(folder, 'full-log.db') }, 'migrate');
    const told: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (text) => void told.push(text));
    const [code] = await once(child, 'close');
    await full.close();

    expect(told.join('')).toContain('the newest');
    expect(code).toBe(0);
  });
});

describe('bad input', () => {
  test.for([
    ['an unknown command', ['colect', 'aws'], 'colect'],
    ['an unknown option', ['collect', 'aws', '--scop', 'x'], '--scop'],
    ['an unknown collector', ['collect', 'azzure'], 'there is no collector "azzure"'],
    ['an unknown scope', ['collect', 'aws', '--scope', 'aws:prod'], 'aws:main'],
    ['a bad duration', ['collect', 'aws', '--timeout', 'soon'], '15m'],
    ['no time to collect in', ['collect', 'aws', '--timeout', '0s'], '--timeout: must be more than 0'],
    ['an unknown collector to permit', ['permissions', 'azzure'], 'collector: there is no collector "azzure"'],
    ['a scope that nothing asks for', ['token', 'new', '--name', 'ci', '--scope', 'inventory:reed'], 'inventory:read'],
    ['a token for nobody', ['token', 'new', '--name', ''], 'token.name: must not be empty'],
    ['fewer accounts than a sandbox has', ['sandbox', '--accounts', 'x'], 'sandbox.accounts: must be a number'],
    [
      'a jitter as long as the run',
      ['collect', 'aws', '--timeout', '20s', '--jitter', '20s'],
      'shorter than --timeout',
    ],
    [
      'a tenant that no configuration takes',
      ['token', 'new', '--name', 'ci', '--tenant', 'My Org'],
      'token.tenant: must be lower-case',
    ],
    ['a run that is no id', ['runs', 'confirm', 'last', 'aws:main'], 'must be the id of a run'],
  ] as const)('%s is told and exits 2', async ([, command, message]) => {
    const ended = await inventory({ DB_PATH: join(folder, 'bad-input.db') }, ...command);

    expect(ended.stderr).toContain(message);
    expect(ended.code).toBe(2);
  });

  test('a key of a file that a terminal would obey is told without what it would obey', async () => {
    const path = join(folder, 'escapes.yaml');
    await writeFile(path, '"\\e[2J\\nunknown": 1\ncollectors: { "\\e[2J\\nother": 1 }\n');

    const { stderr } = await inventory({ INVENTORY_CONFIG: path }, 'status');

    expect(stderr.split('\n').sort()).toEqual([
      '',
      'collectors. [2J other: is not the name of a collector',
      expect.stringMatching(/^configuration: there is no "\\u001b\[2J\\nunknown": only tenant, [\w, ]+$/),
    ]);
  });

  test('how a database is named is told whole: nothing of it is taken for a secret', async () => {
    const { stderr } = await inventory({ DATABASE_URL: 'mysql://db.example/inventory' }, 'status');

    expect(stderr).toBe(
      'database.url: must be postgres://<user>@<host>:5432/<database> or the path of a SQLite file\n',
    );
  });

  test('a log level that there is not is told with those there are and exits 2, and an empty one is none', async () => {
    const loud = await inventory({ INVENTORY_LOG_LEVEL: 'loud' }, 'permissions', 'aws');
    const empty = await inventory({ INVENTORY_LOG_LEVEL: '' }, 'permissions', 'aws');

    expect(loud.stderr).toMatch(/^INVENTORY_LOG_LEVEL: must be one of .*info.*\n$/);
    expect([loud.code, empty.code]).toEqual([2, 0]);
  });

  test('a database that does not answer is told with its address, without its password, and exits 1', async () => {
    const DATABASE_URL = 'postgres://inventory_collector:hunter2@127.0.0.1:1/inventory';

    const ended = await inventory({ DATABASE_URL }, 'collect', 'aws');

    expect(ended.stderr).toContain('127.0.0.1:1');
    expect(ended.stderr).not.toContain('hunter2');
    expect(ended.code).toBe(1);
  });

  test('a run that holds nothing cannot be confirmed, is known by its id in any case, and exits 1', async () => {
    const id = '0A1B2C3D-0000-4000-8000-00000000000F';

    const ended = await inventory({ DB_PATH: join(folder, 'confirm.db') }, 'runs', 'confirm', id, 'aws:main');

    expect(ended.stderr).toContain(
      `${id.toLowerCase()} is not the latest run that held aws:main: nothing of it is held`,
    );
    expect(ended.code).toBe(1);
  });

  test('credentials that are nowhere fail the run and say the ways to give them', async () => {
    const variables = { DB_PATH: join(folder, 'no-credentials.db'), AWS_EC2_METADATA_DISABLED: 'true' };

    const ended = await inventory(variables, 'collect', 'aws');

    expect(ended.stderr).toContain('AWS_PROFILE');
    expect(ended.code).toBe(1);
  });
});

describe('a laptop', () => {
  test('collects an organization into SQLite, and status tells how fresh it is', async () => {
    const variables = { ...sandbox.variables, DB_PATH: join(folder, 'laptop.db') };

    const collected = await inventory(variables, 'collect', 'aws');
    const status = await inventory(variables, 'status');

    expect(collected).toMatchObject({ code: 0, stdout: '' });
    expect(collected.stderr).toContain('"outcome":"complete"');
    expect(status.stdout).toMatch(/aws:main +2\d{3}-.* complete +\d+/);
    expect(status.stdout).toMatch(/^aws +yes +2\d{3}-\S+ .* complete$/m);
    for (const secret of Object.entries(sandbox.variables).filter(([name]) => name.includes('KEY'))) {
      expect(collected.stderr).not.toContain(secret[1]);
    }
  });

  test('status as JSON tells the same of collectors and scopes, against the budget that is configured', async () => {
    const INVENTORY_CONFIG = join(folder, 'status.yaml');
    const { collectors: configured } = configSchema.parse(
      parse(await readFile(sandbox.variables['INVENTORY_CONFIG'] ?? '', 'utf8')),
    );
    const aws = { ...configured['aws']?.own, freshness_budget: '1d' };
    await writeFile(INVENTORY_CONFIG, stringify({ collectors: { aws, gcp: null } }));
    const variables = { ...sandbox.variables, INVENTORY_CONFIG, DB_PATH: join(folder, 'status.db') };

    await inventory(variables, 'collect', 'aws');
    const { code, stdout } = await inventory(variables, 'status', '--json');

    const { collectors, scopes } = statusSchema.parse(JSON.parse(stdout));
    expect(code).toBe(0);
    expect(collectors).toMatchObject([
      { collector: 'aws', freshness: 'fresh', freshness_budget_seconds: 86_400, stalest_scope: 'aws:main' },
      { collector: 'gcp', freshness: 'never', freshness_budget_seconds: 1200, last_attempt_at: null },
    ]);
    expect(scopes).toMatchObject([{ scope: 'aws:main', measures: {} }]);
  });

  test('a dry run reads and writes nothing', async () => {
    const variables = { ...sandbox.variables, DB_PATH: join(folder, 'dry.db') };

    const dry = await inventory(variables, 'collect', 'aws', '--dry-run');

    expect(dry.code).toBe(0);
    expect(dry.stderr).toContain('"dry_run":true');
    expect(await readdir(folder)).not.toContain('dry.db');
  });

  test('the permissions are a policy document for each identity of a scope', async () => {
    const { code, stdout } = await inventory({}, 'permissions', 'aws');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ scope: 'aws:main', policy: { Version: '2012-10-17' } }]);
  });
});
