// Reading hundreds of monitoring endpoints of which some are dead or never answer: seconds, first and again, and what is written.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPrometheusFake, type PrometheusFake } from '#testkit/prometheus/fake.ts';
import { countWrites, startCounting } from '../verify/count-writes.ts';
import type { BenchDatabase, BenchDatabases } from './databases.ts';
import { type Figure, printFigures, whole } from './report.ts';
import { type Measured, measure } from './run.ts';
import { toFigure } from './run-twice.ts';

const endpointCount = 500;
// Every tenth gives no answer: by turns it hangs, or nobody listens there.
const isSilent = (number: number) => number % 10 === 9;
const isGone = (number: number) => number % 20 === 19;
const limitSeconds = 20;
const timeout = '5s';

/** Five hundred endpoints from the bundle on both databases, with the default patience; a tenth does not answer. */
export async function benchEndpoints(databases: BenchDatabases, folder: string): Promise<void> {
  const fakes = await openInTurn(endpointCount);
  for (const fake of fakes.filter((_, number) => isGone(number))) await fake.close();
  const listening = fakes.filter((_, number) => !isGone(number));
  try {
    for (const [number, { faults }] of fakes.entries()) {
      if (isSilent(number)) faults.plan({ effect: { kind: 'hang' } });
    }
    const INVENTORY_CONFIG = join(folder, 'endpoints.yaml');
    const endpoints = fakes.map(({ url }, number) => ({ name: `prometheus-${number}`, url }));
    // JSON is YAML.
    const document = { tenant: 'bench', collectors: { prometheus: { timeout, endpoints } } };
    await writeFile(INVENTORY_CONFIG, JSON.stringify(document));
    const figures: Figure[] = [];
    for (const dialect of ['sqlite', 'postgres'] as const) {
      const database = await databases.open(dialect, `endpoints_${dialect}`);
      figures.push(...(await readTwice(database, { INVENTORY_CONFIG, DATABASE_URL: database.writerUrl }, fakes)));
    }
    printFigures(
      `collect prometheus: ${whole(endpointCount)} endpoints, 25 hang, 25 refuse, timeout ${timeout}`,
      figures,
    );
  } finally {
    await Promise.all(listening.map((fake) => fake.close()));
  }
}

async function openInTurn(count: number): Promise<PrometheusFake[]> {
  const fakes: PrometheusFake[] = [];
  while (fakes.length < count) fakes.push(await openPrometheusFake());
  return fakes;
}

async function readTwice(
  database: BenchDatabase,
  variables: Readonly<Record<string, string>>,
  fakes: readonly PrometheusFake[],
): Promise<Figure[]> {
  const collect = () => measure('bundle', variables, ['collect', 'prometheus']);
  const countRequests = () => fakes.reduce((sum, { requests }) => sum + requests.length, 0);
  const start = countRequests();
  const first = await collect();
  const made = countRequests() - start;
  await startCounting(database);
  const before = await countWrites(database);
  // Whatever moves by itself: series and targets are no content.
  for (const { world } of fakes) world.series += 1;
  const second = await collect();
  const writes = (await countWrites(database)) - before;
  const [row] = await database.query('select count(*) as n from monitoring_endpoints');
  const label = `${database.dialect}, bundle`;
  return [
    { what: `${label}: first run`, figure: toFigureWithCpu(first), beside: `limit ${limitSeconds} s` },
    { what: '  endpoints stored', figure: whole(Number(row?.['n'])), beside: `of ${fakes.length}` },
    { what: '  requests', figure: whole(made), beside: '9 to each that answers, 1 to each that does not' },
    { what: `${label}: unchanged second run`, figure: toFigureWithCpu(second), beside: `limit ${limitSeconds} s` },
    { what: '  records, versions and events written', figure: whole(writes), beside: 'limit 0' },
  ];
}

function toFigureWithCpu(measured: Measured): string {
  return `${toFigure(measured)}, ${measured.cpuSeconds.toFixed(1)} s of CPU`;
}
