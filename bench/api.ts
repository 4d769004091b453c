// The read API: pages a second beside a handler that answers the same bytes from memory, and `under=` beside its bare query.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { openReader } from '#store/open.ts';
import type { BenchDatabase, BenchDatabases } from './databases.ts';
import { type Load, load } from './load.ts';
import { type Figure, percentile, printFigures, whole } from './report.ts';
import { programs } from './run.ts';
import { fill } from './writer.ts';

const how = { seconds: 4, connections: 8 };
const page = '/api/v1/accounts?limit=100';
const under = '/api/v1/accounts?limit=100&under=ou-1';
const migrationsDir = join(import.meta.dirname, '../migrations');

/** Twenty thousand accounts on both databases. */
export async function benchApi(databases: BenchDatabases, folder: string): Promise<void> {
  for (const dialect of ['sqlite', 'postgres'] as const) {
    const database = await databases.open(dialect, `api_${dialect}`);
    await fill(database);
    const config = join(folder, 'bench-api.yaml');
    await writeFile(config, 'tenant: bench\napi: { listen: 127.0.0.1:0 }\n');
    const variables = { INVENTORY_CONFIG: config, DATABASE_URL: database.readerUrl };
    await withServer([programs.source, 'serve', 'api'], variables, async (api) => {
      const file = join(folder, 'page.json');
      await writeFile(file, await (await fetch(api + page)).text());
      await withServer([join(import.meta.dirname, 'bare-server.ts'), file], {}, async (bare) => {
        printFigures(`the read API on ${dialect}: 100 of 20,000 accounts, ${how.connections} connections`, [
          ...compare('a page', await load(api + page, how), await load(bare, how)),
          ...(await compareUnder(database, api)),
        ]);
      });
    });
  }
}

function compare(what: string, measured: Load, bare: Load): Figure[] {
  return [
    {
      what,
      figure: `${whole(measured.perSecond)}/s`,
      beside: `bytes from memory ${whole(bare.perSecond)}/s, ratio ${(measured.perSecond / bare.perSecond).toFixed(2)}`,
    },
    { what: '  p50, p99', figure: toTimes(measured), beside: `bytes from memory ${toTimes(bare)}` },
  ];
}

// One at a time on both sides, so that the difference is the service and not the queue.
async function compareUnder(database: BenchDatabase, api: string): Promise<Figure[]> {
  const served = await load(api + under, { ...how, connections: 1 });
  const reader = await openReader({ url: database.readerUrl, migrationsDir });
  const times: number[] = [];
  for (const ends = performance.now() + how.seconds * 1000; performance.now() < ends; ) {
    const started = performance.now();
    const sort = { field: 'id', descending: false } as const;
    await reader.listAccounts({ tenant_id: 'bench', limit: 100, sort, vanished: 'exclude', tags: [], under: 'ou-1' });
    times.push(performance.now() - started);
  }
  await reader.close();
  const bare = { perSecond: 0, p50Ms: percentile(times, 50), p99Ms: percentile(times, 99) };
  return [
    { what: 'under=, p50, p99, one at a time', figure: toTimes(served), beside: `the bare query ${toTimes(bare)}` },
  ];
}

function toTimes({ p50Ms, p99Ms }: Load): string {
  return `${p50Ms.toFixed(1)}, ${p99Ms.toFixed(1)} ms`;
}

async function withServer(
  program: readonly string[],
  variables: Readonly<Record<string, string>>,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const env = { PATH: process.env['PATH'], INVENTORY_LOG_LEVEL: 'info', ...variables };
  const child = spawn(process.execPath, program, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    await work(await readUrl(child));
  } finally {
    child.kill('SIGTERM');
  }
}

const listeningSchema = z.object({ event: z.literal('listening'), url: z.url() });

async function readUrl(child: ChildProcess): Promise<string> {
  const { stderr } = child;
  if (stderr === null) throw new TypeError('standard error is a pipe');
  return await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    // The lines are read to the end, or the pipe would fill and stop the server.
    createInterface(stderr).on('line', (line) => {
      const parsed = listeningSchema.safeParse(line.startsWith('{') ? JSON.parse(line) : undefined);
      if (parsed.success) resolve(parsed.data.url);
    });
  });
}
