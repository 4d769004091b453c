// `under=` on PostgreSQL beside its bare query: the same SQL, without row-level security, straight through the driver.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { request } from 'undici';
import { z } from 'zod';
import { toPositional } from '#store/postgres/reader.ts';
import { postgresDialect } from '#store/postgres/reader-dialect.ts';
import { listRecords } from '#store/read/records.ts';
import type { BenchDatabases } from './databases.ts';
import { fillWithTree, unitOf } from './many-accounts.ts';
import { type Figure, median, percentile, printFigures, whole } from './report.ts';
import { programs } from './run.ts';
import { withServer } from './server.ts';

const accounts = 100_000;
const limitRatio = 2;
const turns = 5;
// Until then V8 compiles what both sides run, which a server does once in its life.
const warmUpRounds = 200;

// The rarer the accounts below a unit, the more rows a page has to pass over, and the longer it takes.
const cases = [
  { unit: unitOf.aThousandth, share: 1000, rounds: 200 },
  { unit: unitOf.aTenth, share: 10, rounds: 1000 },
] as const;

/** A page of 100 of 100,000 accounts, one at a time, the API and its query in turn: what slows the machine slows both. */
export async function benchUnder(databases: BenchDatabases, folder: string): Promise<void> {
  const database = await databases.open('postgres', 'under');
  await fillWithTree(database, accounts);
  await database.analyze();
  const config = join(folder, 'bench-under.yaml');
  await writeFile(config, 'tenant: bench\napi: { listen: 127.0.0.1:0 }\n');
  const bare = openBareQuery(database.adminUrl);
  const variables = { INVENTORY_CONFIG: config, DATABASE_URL: database.readerUrl };
  await withServer([programs.bundle, 'serve', 'api'], variables, async ({ url }) => {
    const figures: Figure[] = [];
    for (const { unit, share, rounds } of cases) {
      const sides = {
        served: () => fetchPage(`${url}/api/v1/accounts?limit=100&under=${unit}`),
        queried: () => bare.read(unit),
      };
      await takeTurns(warmUpRounds, sides);
      const times: Times[] = [];
      for (let turn = 0; turn < turns; turn += 1) times.push(await takeTurns(rounds, sides));
      figures.push(toFigure(`a page below a unit of ${whole(accounts / share)}: p50, p99`, times));
    }
    printFigures(`under= on postgres: 100 of ${whole(accounts)} accounts, one at a time`, figures);
  });
  await bare.close();
}

interface Times {
  readonly served: number[];
  readonly queried: number[];
}

/** One side, until its answer is there whole; what comes back checks it, which is not timed. */
type Side = () => Promise<() => void>;

async function takeTurns(rounds: number, sides: Record<keyof Times, Side>): Promise<Times> {
  const times: Times = { served: [], queried: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ['served', 'queried'] as const) {
      const started = performance.now();
      const check = await sides[name]();
      times[name].push(performance.now() - started);
      check();
    }
  }
  return times;
}

// Reading the rows out of the JSON is the client's work, and the bare query's rows hold the same JSON unread: neither is timed.
async function fetchPage(url: string): Promise<() => void> {
  const { statusCode, body } = await request(url, { headersTimeout: 10_000, bodyTimeout: 10_000 });
  const text = await body.text();
  return () => {
    const rows = z.array(z.unknown()).parse(JSON.parse(text));
    if (statusCode !== 200 || rows.length !== 100)
      throw new Error(`${url} answered ${statusCode}, ${rows.length} rows`);
  };
}

function openBareQuery(adminUrl: string) {
  const sql = postgres(adminUrl, { max: 1, connection: { search_path: 'inventory' } });
  return {
    async read(unit: string) {
      const sort = { field: 'id', descending: false } as const;
      const options = { tenant_id: 'bench', limit: 100, sort, vanished: 'exclude', tags: [], under: unit } as const;
      const { text, values } = toPositional(listRecords('account', options, postgresDialect));
      const rows = await sql.unsafe(text, values, { prepare: true });
      return () => {
        if (rows.length < 100) throw new Error(`the bare query gave ${rows.length} rows`);
      };
    },
    close: () => sql.end(),
  };
}

// The middle of the turns: one hiccup of the machine within a turn is its whole p99.
function toFigure(what: string, times: readonly Times[]): Figure {
  const middle = (of: keyof Times, percent: number) => median(times.map((turn) => percentile(turn[of], percent)));
  const ratios = times.map(({ served, queried }) => percentile(served, 99) / percentile(queried, 99));
  const all = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
  const bare = `the bare query ${middle('queried', 50).toFixed(1)}, ${middle('queried', 99).toFixed(1)} ms`;
  return {
    what,
    figure: `${middle('served', 50).toFixed(1)}, ${middle('served', 99).toFixed(1)} ms`,
    beside: `${bare}; ratio of p99 ${median(ratios).toFixed(2)} (limit ${limitRatio}), of the turns ${all}`,
  };
}
