// Collecting a large AWS organization: seconds, requests and memory of the whole process, first, again, and throttled.
import { createOrganization } from '#testkit/aws/create-organization.ts';
import { type AwsFake, type AwsFakeOptions, openAwsFake } from '#testkit/aws/fake.ts';
import { addUnit, moveAccount } from '#testkit/aws/mutations.ts';
import type { LoggedRequest } from '#testkit/aws/request-log.ts';
import type { AwsPrincipal } from '#testkit/aws/world.ts';
import type { BenchDatabase, BenchDatabases } from './databases.ts';
import { type Figure, printFigures, whole } from './report.ts';
import { measure, type Program } from './run.ts';
import { runTwice, toFigure } from './run-twice.ts';

const accounts = 10_000;
const units = 1000;
const limitMib = 128;

/** First run, unchanged second run and their memory, from the bundle and from the sources, on both databases. */
export async function benchCollect(databases: BenchDatabases): Promise<void> {
  const organization = createOrganization({ id: 'o-benchmark00', accounts, organizational_units: units, depth: 5 });
  await withFake({ organizations: [organization], behaviour: { empty_page_ratio: 0 } }, async (fake, user) => {
    const figures: Figure[] = [];
    for (const [dialect, program] of cases) {
      const database = await databases.open(dialect, `collect_${dialect}_${program}`);
      const { requests } = fake;
      const variables = variablesOf(fake, user, database);
      const describe = describeListings;
      figures.push(
        ...(await runTwice({ collector: 'aws', program, database, variables, limitMib, requests, describe })),
      );
    }
    printFigures(`collect aws: ${whole(accounts)} accounts, ${whole(units)} units`, figures);
  });
}

type Keys = Pick<AwsPrincipal, 'access_key_id' | 'secret_access_key'>;

async function withFake(options: AwsFakeOptions, work: (fake: AwsFake, user: Keys) => Promise<void>): Promise<void> {
  const fake = await openAwsFake(options);
  try {
    await work(fake, fake.addUser(options.organizations[0]?.management_account_id ?? ''));
  } finally {
    await fake.close();
  }
}

/** How many calls of the Organizations API a thousand accounts in ten times ten units cost; tags and delegation apart. */
export async function benchCalls(databases: BenchDatabases): Promise<void> {
  const organization = createOrganization({ id: 'o-benchmark02', accounts: 1000, organizational_units: 0 });
  const { root } = organization;
  for (let number = 0; number < 100; number += 1) {
    const parent_id = number < 10 ? root.id : unitId(root.id, number % 10);
    addUnit(organization, { id: unitId(root.id, number), name: `Unit ${number}`, parent_id });
  }
  for (const [number, id] of [...organization.accounts.keys()].entries()) {
    moveAccount(organization, id, unitId(root.id, number % 100));
  }
  await withFake({ organizations: [organization], behaviour: { empty_page_ratio: 0 } }, async (fake, user) => {
    const variables = variablesOf(fake, user, await databases.open('sqlite', 'calls'));
    const figures: Figure[] = [];
    for (const [what, limit] of [['first run', 155] as const, ['steady state', 53] as const]) {
      const since = fake.requests.length;
      await measure('source', variables, ['collect', 'aws']);
      figures.push({
        what,
        figure: whole(countOrganizationsCalls(fake.requests.slice(since))),
        beside: `limit ${limit}`,
      });
    }
    printFigures('collect aws: Organizations calls for 1,000 accounts in 10 × 10 units', figures);
  });
}

function unitId(rootId: string, number: number): string {
  return `ou-${rootId.slice(2)}-unit${String(number).padStart(4, '0')}`;
}

/** A hundred thousand accounts, ten times what AWS allows: the memory must not grow with them. */
export async function benchLarge(databases: BenchDatabases): Promise<void> {
  const organization = createOrganization({ id: 'o-benchmark03', accounts: 100_000, organizational_units: 1000 });
  await withFake({ organizations: [organization], behaviour: { empty_page_ratio: 0 } }, async (fake, user) => {
    const variables = variablesOf(fake, user, await databases.open('sqlite', 'large'));
    const first = await measure('bundle', variables, ['collect', 'aws']);
    printFigures('collect aws: 100,000 accounts', [
      { what: 'sqlite, bundle: first run', figure: toFigure(first), beside: `memory limit ${limitMib} MiB` },
    ]);
  });
}

/** A thousand accounts from an API that gives tokens at a rate, beside the time the rate alone takes. */
export async function benchThrottled(databases: BenchDatabases): Promise<void> {
  const rate = { per_second: 15, burst: 20 };
  const organization = createOrganization({ id: 'o-benchmark01', accounts: 1000, organizational_units: 100 });
  const behaviour = { empty_page_ratio: 0, rates: { default: rate } };
  await withFake({ organizations: [organization], behaviour }, async (fake, user) => {
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
  });
}

const cases: readonly (readonly [BenchDatabase['dialect'], Program])[] = [
  ['sqlite', 'bundle'],
  ['sqlite', 'source'],
  ['postgres', 'bundle'],
];

function variablesOf(fake: AwsFake, user: Keys, database: BenchDatabase): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: database.writerUrl,
    AWS_ENDPOINT_URL: fake.url,
    AWS_ACCESS_KEY_ID: user.access_key_id,
    AWS_SECRET_ACCESS_KEY: user.secret_access_key,
    AWS_REGION: 'us-east-1',
  };
}

function describeListings(made: readonly LoggedRequest[], run: 'first' | 'second'): string {
  const pages = Math.ceil(accounts / 20);
  const formula = run === 'first' ? `${pages + 1 + 1 + units} (pages, roots, one for each node)` : pages;
  return `listings ${countListings(made)}, formula ${formula}`;
}

const listings = ['ListAccounts', 'ListRoots', 'ListOrganizationalUnitsForParent', 'DescribeOrganizationalUnit'];
const countedApart = ['ListTagsForResource', 'ListDelegatedAdministrators', 'ListDelegatedServicesForAccount'];

function countListings(made: readonly LoggedRequest[]): number {
  return made.filter(({ operation }) => listings.includes(operation ?? '')).length;
}

function countOrganizationsCalls(made: readonly LoggedRequest[]): number {
  return made.filter(({ service, operation }) => service === 'organizations' && !countedApart.includes(operation ?? ''))
    .length;
}

function countByOperation(fake: AwsFake): [string, number][] {
  const counts = new Map<string, number>();
  for (const { operation, http_status } of fake.requests) {
    if (http_status === 200 && operation !== null) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  }
  return [...counts];
}
