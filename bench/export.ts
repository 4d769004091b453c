// Exports of the read API: the memory of `serve api` while it sends many rows, beside that for a tenth of them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import type { BenchDatabase, BenchDatabases } from './databases.ts';
import { fillWithTree } from './many-accounts.ts';
import { type Figure, printFigures, whole } from './report.ts';
import { programs } from './run.ts';
import { readPeakMib, withServer } from './server.ts';

const few = 10_000;
const many = 100_000;
const limitMib = 32;
const types = ['text/csv', 'application/x-ndjson'] as const;

/** All accounts as CSV and NDJSON, from the bundle, on both databases. Each export has a server of its own. */
export async function benchExport(databases: BenchDatabases, folder: string): Promise<void> {
  const config = join(folder, 'bench-export.yaml');
  await writeFile(config, 'tenant: bench\napi: { listen: 127.0.0.1:0 }\n');
  for (const dialect of ['sqlite', 'postgres'] as const) {
    const small = await openFilled(databases, dialect, few);
    const large = await openFilled(databases, dialect, many);
    const figures: Figure[] = [];
    for (const type of types) {
      const least = await exportOnce(small, { config, type, rows: few });
      const most = await exportOnce(large, { config, type, rows: many });
      figures.push({
        what: type,
        figure: `${most.seconds.toFixed(1)} s, ${whole(most.peakMib)} MiB`,
        beside: `${whole(few)} rows ${least.seconds.toFixed(1)} s, ${whole(least.peakMib)} MiB; ${whole(most.peakMib - least.peakMib)} MiB more (limit ${limitMib})`,
      });
    }
    printFigures(`export of ${whole(many)} rows on ${dialect}`, figures);
  }
}

async function openFilled(
  databases: BenchDatabases,
  dialect: BenchDatabase['dialect'],
  accounts: number,
): Promise<BenchDatabase> {
  const database = await databases.open(dialect, `export_${dialect}_${accounts}`);
  await fillWithTree(database, accounts);
  await database.analyze();
  return database;
}

async function exportOnce(
  { readerUrl }: BenchDatabase,
  { config, type, rows }: { config: string; type: (typeof types)[number]; rows: number },
): Promise<{ readonly seconds: number; readonly peakMib: number }> {
  let measured = { seconds: Number.NaN, peakMib: Number.NaN };
  const variables = { INVENTORY_CONFIG: config, DATABASE_URL: readerUrl };
  await withServer([programs.bundle, 'serve', 'api'], variables, async ({ url, pid }) => {
    const started = performance.now();
    const lines = await countLines(`${url}/api/v1/accounts`, type);
    const expected = type === 'text/csv' ? rows + 1 : rows;
    if (lines !== expected) throw new Error(`${whole(expected)} lines were to come, and ${whole(lines)} did`);
    measured = { seconds: (performance.now() - started) / 1000, peakMib: await readPeakMib(pid) };
  });
  return measured;
}

async function countLines(url: string, type: string): Promise<number> {
  const { statusCode, body } = await request(url, { headers: { accept: type }, bodyTimeout: 30_000 });
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
  let lines = 0;
  for await (const chunk of body) for (const byte of chunk) if (byte === 10) lines += 1;
  return lines;
}
