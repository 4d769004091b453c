// One collector against one database, twice: what the first run takes, and that the second over an unchanged cloud writes nothing.
import { countWrites, startCounting } from '../verify/count-writes.ts';
import type { BenchDatabase } from './databases.ts';
import { type Figure, whole } from './report.ts';
import { type Measured, measure, type Program } from './run.ts';

/** What to run, and how to read what it asked for. */
export interface TwoRuns<Asked> {
  readonly collector: string;
  readonly program: Program;
  readonly database: BenchDatabase;
  readonly variables: Readonly<Record<string, string>>;
  readonly limitMib: number;
  /** The fake's log of requests, which grows. */
  readonly requests: readonly Asked[];
  /** What stands beside the number of requests of one run. */
  describe(made: readonly Asked[], run: 'first' | 'second'): string;
}

/** The figures of both runs. Throws when one fails. */
export async function runTwice<Asked>(runs: TwoRuns<Asked>): Promise<Figure[]> {
  const { collector, program, database, limitMib, requests, describe } = runs;
  const collect = () => measure(program, runs.variables, ['collect', collector]);
  const label = `${database.dialect}, ${program}`;
  const start = requests.length;
  const first = await collect();
  const between = requests.length;
  await startCounting(database);
  const before = await countWrites(database);
  const second = await collect();
  const writes = (await countWrites(database)) - before;
  const toRequests = (made: readonly Asked[], run: 'first' | 'second'): Figure => ({
    what: '  requests',
    figure: whole(made.length),
    beside: describe(made, run),
  });
  const beside =
    program === 'bundle' ? `memory limit ${limitMib} MiB` : 'no limit: TypeScript is stripped as it is read';
  return [
    { what: `${label}: first run`, figure: toFigure(first), beside },
    toRequests(requests.slice(start, between), 'first'),
    { what: `${label}: unchanged second run`, figure: toFigure(second), beside },
    toRequests(requests.slice(between), 'second'),
    { what: '  records, versions and events written', figure: whole(writes), beside: 'limit 0' },
  ];
}

/** Seconds and memory. */
export function toFigure({ seconds, peakMib }: Measured): string {
  return `${seconds.toFixed(1)} s, ${whole(peakMib)} MiB`;
}
