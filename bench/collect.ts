// Collecting a large AWS organization: seconds, requests and memory of the whole process, first, again, and throttled.
import { z } from 'zod';
import { createOrganization } from '#testkit/aws/create-organization.ts';
import { type AwsFake, openAwsFake } from '#testkit/aws/fake.ts';
import type { BenchDatabase, BenchDatabases } from './databases.ts';
import { type Figure, printFigures, whole } from './report.ts';
import { type Measured, measure, type Program } from './run.ts';

const accounts = 10_000;
const units = 1000;
const limitMib = 256;

/** First run, unchanged second run and their memory, from the bundle and from the sources, on both databases. */
export async function benchCollect(databases: BenchDatabases): Promise<void> {
  const organization = createOrganization({ id: 'o-benchmark00', accounts, organizational_units: units, depth: 5 });
  const fake = await openAwsFake({ organizations: [organization], behaviour: { empty_page_ratio: 0 } });
  const user = fake.addUser(organization.management_account_id);
  try {
    const figures: Figure[] = [];
    for (const [dialect, program] of cases) {
      const database = await databases.open(dialect, `collect_${dialect}_${program}`);
      const variables = variablesOf(fake, user, database);
      figures.push(...(await runTwice(fake, program, { database, variables })));
    }
    printFigures(`collect aws: ${whole(accounts)} accounts, ${whole(units)} units`, figures);
  } finally {
    await fake.close();
  }
}

/** A thousand accounts from an API that gives tokens at a rate, beside the time the rate alone takes. */
export async function benchThrottled(databases: BenchDatabases): Promise<void> {
  const rate = { per_second: 15, burst: 20 };
  const organization = createOrganization({ id: 'o-benchmark01', accounts: 1000, organizational_units: 100 });
  const fake = await openAwsFake({
    organizations: [organization],
    behaviour: { empty_page_ratio: 0, rates: { default: rate } },
  });
  const user = fake.addUser(organization.management_account_id);
  try {
    const database = await databases.open('sqlite', 'throttled');
    const { seconds } = await measure('source', variablesOf(fake, user, database), ['collect', 'aws']);
    const refused = fake.requests.filter(({ error_code }) => error_code === 'TooManyRequestsException').length;
    const answered = countByOperation(fake).map(([, count]) => count);
    // Each operation has a bucket of its own, and they are asked one after the other.
    const ideal = answered.reduce((sum, count) => sum + Math.max(0, count - rate.burst) / rate.per_second, 0);
    printFigures('collect aws: 1,000 accounts at 15 requests a second, burst 20, for each operation', [
      { what: 'seconds', figure: seconds.toFixed(1), beside: `the rate alone takes ${ideal.toFixed(1)}` },
      { what: 'refused requests', figure: whole(refused), beside: `of ${whole(fake.requests.length)}` },
    ]);
  } finally {
    await fake.close();
  }
}

const cases: readonly (readonly [BenchDatabase['dialect'], Program])[] = [
  ['sqlite', 'bundle'],
  ['sqlite', 'source'],
  ['postgres', 'bundle'],
];

function variablesOf(
  fake: AwsFake,
  user: { access_key_id: string; secret_access_key: string },
  database: BenchDatabase,
): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: database.writerUrl,
    AWS_ENDPOINT_URL: fake.url,
    AWS_ACCESS_KEY_ID: user.access_key_id,
    AWS_SECRET_ACCESS_KEY: user.secret_access_key,
    AWS_REGION: 'us-east-1',
  };
}

async function runTwice(
  fake: AwsFake,
  program: Program,
  { database, variables }: { readonly database: BenchDatabase; readonly variables: Readonly<Record<string, string>> },
): Promise<Figure[]> {
  const before = fake.requests.length;
  const first = await measure(program, variables, ['collect', 'aws']);
  const firstCalls = callsOf(fake, before);
  const between = fake.requests.length;
  const second = await measure(program, variables, ['collect', 'aws']);
  const secondCalls = callsOf(fake, between);
  const label = `${database.dialect}, ${program}`;
  const pages = Math.ceil(accounts / 20);
  return [
    { what: `${label}: first run`, figure: toFigure(first), beside: `memory limit ${limitMib} MiB` },
    {
      what: '  requests',
      figure: whole(firstCalls.total),
      beside: `listings ${firstCalls.listings}, formula ${pages + 1 + 1 + units} (pages, roots, one for each node)`,
    },
    { what: `${label}: unchanged second run`, figure: toFigure(second), beside: changesOf(second) },
    {
      what: '  requests',
      figure: whole(secondCalls.total),
      beside: `listings ${secondCalls.listings}, formula ${pages}`,
    },
  ];
}

function toFigure({ seconds, peakMib }: Measured): string {
  return `${seconds.toFixed(1)} s, ${whole(peakMib)} MiB`;
}

// Listings are what the formula counts: accounts, roots and units; tags and identity come on top.
function callsOf(fake: AwsFake, since: number): { total: number; listings: number } {
  const made = fake.requests.slice(since);
  const counted = ['ListAccounts', 'ListRoots', 'ListOrganizationalUnitsForParent', 'DescribeOrganizationalUnit'];
  return { total: made.length, listings: made.filter(({ operation }) => counted.includes(operation ?? '')).length };
}

function countByOperation(fake: AwsFake): [string, number][] {
  const counts = new Map<string, number>();
  for (const { operation, http_status } of fake.requests) {
    if (http_status === 200 && operation !== null) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  }
  return [...counts];
}

const summarySchema = z.object({ counts: z.object({ inserted: z.int(), changed: z.int(), unchanged: z.int() }) });

function changesOf({ stderr }: Measured): string {
  const line = stderr.split('\n').find((text) => text.includes('"run_finished"')) ?? '{}';
  const { inserted, changed, unchanged } = summarySchema.parse(JSON.parse(line)).counts;
  return `written ${inserted + changed}, unchanged ${whole(unchanged)}`;
}
