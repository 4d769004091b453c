// Fills a database with accounts in a tree of a thousand units, as a run of a collector would: for benchmarks of reading.
import type { Observation } from '#core/observation.ts';
import type { BenchDatabase } from './databases.ts';
import { benchRequest, collectScripted, openBenchWriter, benchOrganization as org } from './scripted.ts';

/** Units that hold one in ten of all accounts, and one in a thousand. */
export const unitOf = { aTenth: 'ou-7', aThousandth: 'ou-7-7-7' } as const;

/** Writes them for the tenant `bench`. The accounts of a unit are spread over the whole table. */
export async function fillWithTree(database: BenchDatabase, accounts: number): Promise<void> {
  const writer = await openBenchWriter(database);
  await collectScripted(writer, observeTree(accounts));
  await writer.close();
}

function* observeTree(accounts: number): Generator<Observation, void, undefined> {
  const units = new Map(Array.from({ length: 1000 }, (_, number) => pathOf(number)).map((path) => [path.at(-1), path]));
  for (const path of units.values())
    for (let depth = 1; depth <= path.length; depth += 1) yield toNode(path.slice(0, depth));
  for (let number = 0; number < accounts; number += 1) yield toAccount(number);
}

// Ten units, ten in each of them, ten in each of those; accounts go to them in turn.
function pathOf(number: number): string[] {
  const digits = String(number % 1000).padStart(3, '0');
  return ['r-1', ...[...digits].map((_, index) => `ou-${[...digits.slice(0, index + 1)].join('-')}`)];
}

function toPlace(path: readonly string[]) {
  return {
    org_id: org,
    org_path: path.join('/'),
    org_path_ids: path.map((id) => `${org}/${id}`),
    org_path_names: [...path],
  };
}

function toNode(path: readonly string[]): Observation {
  const id = `${org}/${path.at(-1)}`;
  const kind = path.length === 1 ? 'root' : 'ou';
  const parent = path.at(-2);
  return {
    kind: 'org_node',
    key: id,
    attributes: {
      ...{ provider: 'aws', id, kind, name: path.at(-1) ?? null, ...toPlace(path) },
      ...{ parent_id: parent === undefined ? null : `${org}/${parent}`, depth: path.length - 1, lifecycle: 'active' },
    },
    raw: { Id: id },
    evidence: [benchRequest],
  };
}

function toAccount(number: number): Observation {
  const id = String(100_000_000_000 + number);
  const path = pathOf(number);
  return {
    kind: 'account',
    key: `aws/${id}`,
    attributes: {
      ...{ provider: 'aws', id, partition: 'aws', name: `account ${number}`, status: 'ACTIVE', lifecycle: 'active' },
      ...{ parent_id: `${org}/${path.at(-1)}`, ...toPlace(path) },
      tags: { env: 'prod', team: `team-${number % 40}`, 'cost-center': `cc-${number % 200}` },
      details: { arn: `arn:aws:organizations::100000000000:account/${org}/${id}`, is_management: false },
    },
    raw: { Id: id, Name: `account ${number}`, State: 'ACTIVE', JoinedMethod: 'CREATED' },
    evidence: [benchRequest],
  };
}
