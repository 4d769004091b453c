// The read API: pages a second beside node:http with the same SQL and beside the same bytes from memory.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchDatabase, BenchDatabases } from './databases.ts';
import { type Load, load } from './load.ts';
import { fillWithTree } from './many-accounts.ts';
import { type Figure, median, printFigures, whole } from './report.ts';
import { programs } from './run.ts';
import { withServer } from './server.ts';

const how = { seconds: 2, connections: 8 };
const rounds = 3;
const page = '/api/v1/accounts?limit=100';

/** Twenty thousand accounts on both databases. */
export async function benchApi(databases: BenchDatabases, folder: string): Promise<void> {
  for (const dialect of ['sqlite', 'postgres'] as const) {
    const database = await databases.open(dialect, `api_${dialect}`);
    await fillWithTree(database, 20_000);
    await database.analyze();
    const config = join(folder, 'bench-api.yaml');
    await writeFile(config, 'tenant: bench\napi: { listen: 127.0.0.1:0 }\n');
    const variables = { INVENTORY_CONFIG: config, DATABASE_URL: database.readerUrl };
    await withServer([programs.source, 'serve', 'api'], variables, async ({ url: api }) => {
      const file = join(folder, 'page.json');
      await writeFile(file, await (await fetch(api + page)).text());
      printFigures(`the read API on ${dialect}: 100 of 20,000 accounts, ${how.connections} connections`, [
        ...comparePage(await loadInTurns(api + page, { database, file })),
      ]);
    });
  }
}

interface Loads {
  readonly served: Load;
  /** node:http and the same SQL without row-level security. */
  readonly queried: Load;
  /** The same framework and bytes from memory. */
  readonly sent: Load;
}

// The peers one after the other, several times over: what slows the machine down slows them all.
async function loadInTurns(url: string, peers: { database: BenchDatabase; file: string }): Promise<Loads> {
  const loads: Loads[] = [];
  await withServer([join(import.meta.dirname, 'query-server.ts'), peers.database.adminUrl], {}, ({ url: query }) =>
    withServer([join(import.meta.dirname, 'bare-server.ts'), peers.file], {}, async ({ url: bare }) => {
      for (let round = 0; round < rounds; round += 1) {
        loads.push({ served: await load(url, how), queried: await load(query, how), sent: await load(bare, how) });
      }
    }),
  );
  const middle = (of: (loads: Loads) => Load): Load => ({
    perSecond: median(loads.map((round) => of(round).perSecond)),
    p50Ms: median(loads.map((round) => of(round).p50Ms)),
    p99Ms: median(loads.map((round) => of(round).p99Ms)),
  });
  return { served: middle((l) => l.served), queried: middle((l) => l.queried), sent: middle((l) => l.sent) };
}

function comparePage({ served, queried, sent }: Loads): Figure[] {
  const peer = (what: string, { perSecond }: Load) =>
    `${what} ${whole(perSecond)}/s, ratio ${(served.perSecond / perSecond).toFixed(2)}`;
  return [
    {
      what: 'a page',
      figure: `${whole(served.perSecond)}/s`,
      beside: `${peer('node:http and the same SQL', queried)} (limit 0.50); ${peer('bytes from memory', sent)}`,
    },
    {
      what: '  p50, p99',
      figure: toTimes(served),
      beside: `node:http and the same SQL ${toTimes(queried)}; bytes from memory ${toTimes(sent)}`,
    },
  ];
}

function toTimes({ p50Ms, p99Ms }: Load): string {
  return `${p50Ms.toFixed(1)}, ${p99Ms.toFixed(1)} ms`;
}
