// The AWS collector through the runner into a real database: what is stored, what counts as missing, and what never does.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { createOrganization } from '#testkit/aws/create-organization.ts';
import type { AwsFake } from '#testkit/aws/fake.ts';
import { addUnit, moveAccount, removeAccount, renameUnit, transferAccount } from '#testkit/aws/mutations.ts';
import type { AwsOrganization } from '#testkit/aws/organization.ts';
import { runSources } from '../run.contract.ts';
import { collector } from './collector.ts';
import { startAws } from './observe.contract.ts';

let store: TestStore;
let tenants = 0;
let tenant = '';

beforeAll(async () => {
  store = await databases[0].open();
});
afterAll(() => store.close());

const denied = { kind: 'error', code: 'AccessDeniedException' } as const;

/** Each test is a tenant of its own. */
async function start(options: Parameters<typeof startAws>[0] = {}) {
  tenants += 1;
  tenant = `tenant-${tenants}`;
  return startAws({ behaviour: { empty_page_ratio: 0 }, ...options });
}

function run({ sources }: { sources?: readonly unknown[] } = {}, signal = new AbortController().signal) {
  return runSources(collector, sources ?? [{ name: 'main', tree_every: '0s' }], {
    writer: store.writer,
    tenant,
    signal,
  });
}

const select = (table: string): Promise<Row[]> =>
  store.query(`select * from ${table} where tenant_id = '${tenant}' order by id`);

async function selectAccount(id: string): Promise<Row | undefined> {
  return (await select('cloud_accounts')).find((row) => row['id'] === id);
}

const memberIds = (organization: AwsOrganization) => [...organization.accounts.keys()].slice(1);

test('a first run stores every account and node, a second writes nothing however pages, tags and keys are shuffled', async () => {
  const { fake, organization } = await start();

  const first = await run();
  const before = await countWrites(store, tenant);
  fake.behaviour.shuffle_seed = 7;
  const second = await run();

  expect(first).toMatchObject({ outcome: 'complete', counts: { seen: 58, inserted: 58, rejected: 0 } });
  expect(second).toMatchObject({ outcome: 'complete', counts: { seen: 58, inserted: 0, changed: 0, unchanged: 58 } });
  expect((await select('cloud_accounts')).map((row) => row['id'])).toEqual([...organization.accounts.keys()].sort());
  expect(await select('org_nodes')).toHaveLength(13);
  expect(await countWrites(store, tenant)).toBe(before);
});

test('an account that left is missing once, then vanished; one that moved is moved', async () => {
  const { organization } = await start();
  await run();
  const [leaving = '', moving = ''] = memberIds(organization);
  removeAccount(organization, leaving);
  moveAccount(organization, moving, [...organization.units.keys()].at(-1) ?? '');

  const second = await run();
  const missing = await selectAccount(leaving);
  const third = await run();

  expect(second.counts).toMatchObject({ missing: 1, vanished: 0, changed: 1 });
  expect(missing).toMatchObject({ missed_runs: 1, vanished_at: null });
  expect(third.counts).toMatchObject({ vanished: 1 });
  const [event] = await store.query(`select * from events where tenant_id = '${tenant}' and event_type like '%moved'`);
  expect(JSON.stringify(event)).toContain(moving);
});

test('a refusal on page 3 of the accounts fails the scope, and nothing is missing', async () => {
  const { fake, organization } = await start({ plan: { accounts: 250 } });
  await run();
  removeAccount(organization, memberIds(organization)[0] ?? '');
  fake.faults.plan({ operation: 'ListAccounts', page: 3, effect: denied });

  const failed = [await run(), await run()];

  for (const summary of failed) {
    expect(summary).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { missing: 0, vanished: 0 } });
    expect(summary.scopes[0]).toMatchObject({
      code: 'access_denied',
      reason: expect.stringContaining('organizations:ListAccounts'),
    });
  }
  expect((await select('cloud_accounts')).filter((row) => row['missed_runs'] !== 0)).toEqual([]);
});

test('tags that cannot be read any more stay as they were', async () => {
  const { fake, organization } = await start();
  await run();
  const before = await select('cloud_accounts');
  fake.faults.plan({ operation: 'ListTagsForResource', effect: denied });
  fake.faults.plan({ operation: 'GetResources', effect: denied });

  const partial = await run();

  expect(partial).toMatchObject({ outcome: 'partial', exit_code: 0, counts: { changed: 0 } });
  expect(await select('cloud_accounts')).toEqual(before);
  expect(organization.tags.size).toBeGreaterThan(0);
});

test('states that cannot be read any more make the run partial and stay as they were', async () => {
  const { fake } = await start();
  await run();
  fake.behaviour.account_state = 'neither';

  const partial = await run();

  expect(partial).toMatchObject({ outcome: 'partial', counts: { changed: 0, missing: 0 } });
  expect((await select('cloud_accounts')).filter((row) => row['status'] === null)).toEqual([]);
});

test('several paths of an account are stored, and gone when it has one again', async () => {
  const { fake, organization } = await start();
  const id = organization.management_account_id;
  const paths = [`${organization.id}/${organization.root.id}/${id}/`, `${organization.id}/${organization.root.id}/`];
  const alter = (body: Record<string, unknown>) => ({
    ...body,
    Accounts: [body['Accounts']].flat().map((account) => ({ ...Object(account), Paths: paths })),
  });
  fake.faults.plan({ operation: 'ListAccounts', page: 1, effect: { kind: 'alter', alter } });
  await run();
  const several = await selectAccount(id);
  fake.faults.clear();

  await run();

  expect(several).toMatchObject({ details: { paths } });
  expect(await selectAccount(id)).toMatchObject({ details: { paths: [] } });
});

test('units below a refused one are not missing', async () => {
  const { fake, organization } = await start();
  await run();
  const units = [...organization.units.values()];
  const upper = units.find(({ id }) => units.some(({ parent_id }) => parent_id === id));
  fake.faults.plan({
    operation: 'ListOrganizationalUnitsForParent',
    when: ({ input }) => input['ParentId'] === upper?.id,
    effect: denied,
  });
  fake.faults.plan({ operation: 'DescribeOrganizationalUnit', effect: denied });

  const runs = [await run(), await run(), await run()];

  for (const summary of runs)
    expect(summary).toMatchObject({ outcome: 'partial', counts: { vanished: 0, changed: 0 } });
  expect((await select('org_nodes')).filter((row) => row['vanished_at'] !== null)).toEqual([]);
});

test('a renamed unit reaches the paths of everything below it', async () => {
  const { organization } = await start();
  await run();
  const unit = [...organization.units.values()].find(({ parent_id }) => parent_id === organization.root.id);
  renameUnit(organization, unit?.id ?? '', 'Renamed');

  await run();

  const below = (await select('cloud_accounts')).filter((row) =>
    JSON.stringify(row['org_path_ids']).includes(unit?.id ?? '?'),
  );
  expect(below.length).toBeGreaterThan(0);
  for (const row of below) expect(row['org_path']).toMatch(/^Root\/Renamed/);
});

test('a unit that appears after the walk, with an account moved into it, is stored in the same run', async () => {
  const { fake, organization } = await start();
  const id = `ou-${organization.root.id.slice(2)}-appeared0`;
  const moved = memberIds(organization).at(-1) ?? '';
  const mutate = () => {
    addUnit(organization, { id, name: 'Appeared', parent_id: organization.root.id });
    moveAccount(organization, moved, id);
  };
  fake.faults.plan({ operation: 'ListAccounts', page: 1, times: 1, effect: { kind: 'mutate', mutate } });

  const summary = await run();

  expect(summary).toMatchObject({ outcome: 'complete', exit_code: 0 });
  expect((await select('org_nodes')).map((row) => row['id'])).toContain(`${organization.id}/${id}`);
  expect(await selectAccount(moved)).toMatchObject({ org_path: 'Root/Appeared' });
});

test('credentials of another organization write nothing, configured or pinned', async () => {
  await start();
  await run();
  const before = await countWrites(store, tenant);
  await startAws({ plan: { id: 'o-exampleorg2', seed: 2 } });

  const pinned = await run();
  const configured = await run({ sources: [{ name: 'main', organization_id: 'o-exampleorg1' }] });

  for (const summary of [pinned, configured]) {
    expect(summary).toMatchObject({ outcome: 'failed', counts: { seen: 0, pages: 2 } });
    expect(summary.scopes[0]?.code).toBe('wrong_root');
  }
  expect(await countWrites(store, tenant)).toBe(before);
});

/** Two organizations, each read through a role in its management account. */
async function startTwo(): Promise<{
  fake: AwsFake;
  organizations: AwsOrganization[];
  config: { sources: readonly unknown[] };
}> {
  const organizations = ['o-exampleorg1', 'o-exampleorg2'].map((id, seed) =>
    createOrganization({ id, seed, accounts: 8 }),
  );
  const { fake } = await start({ organizations });
  const sources = organizations.map(({ id, management_account_id }) => {
    const role_arn = `arn:aws:iam::${management_account_id}:role/org-audit`;
    fake.addRole({ arn: role_arn, trusts: organizations.map((organization) => organization.management_account_id) });
    return { name: id, organization_id: id, role_chain: [{ role_arn }], tree_every: '0s' };
  });
  return { fake, organizations, config: { sources } };
}

test('several organizations are read in one run, and an account that changes over is handed over', async () => {
  const { organizations, config } = await startTwo();
  const [from, to] = organizations;
  if (from === undefined || to === undefined) throw new Error('two organizations');
  const [moving = ''] = memberIds(from);

  const first = await run(config);
  transferAccount(from, moving, to);
  const second = await run(config);
  const third = await run(config);

  expect(first.scopes.map(({ scope, outcome }) => [scope, outcome])).toEqual([
    ['aws:o-exampleorg1', 'complete'],
    ['aws:o-exampleorg2', 'complete'],
  ]);
  expect([second.outcome, third.outcome]).toEqual(['complete', 'complete']);
  expect(await selectAccount(moving)).toMatchObject({ org_id: to.id, scope: `aws:${to.id}`, vanished_at: null });
});

test('one organization that refuses does not stop the other', async () => {
  const { fake, config } = await startTwo();
  fake.faults.plan({ operation: 'ListAccounts', nth: 1, effect: denied });

  const summary = await run(config);

  expect(summary.scopes.map(({ outcome }) => outcome)).toEqual(['failed', 'complete']);
  expect(await select('cloud_accounts')).toHaveLength(8);
});

test('an abort keeps what was seen and ends at once', async () => {
  const { fake } = await start({ plan: { accounts: 250 } });
  const controller = new AbortController();
  fake.faults.plan({ operation: 'ListAccounts', page: 8, effect: { kind: 'hang' } });
  fake.faults.plan({
    operation: 'ListAccounts',
    page: 8,
    effect: { kind: 'mutate', mutate: () => void setTimeout(() => controller.abort(new Error('told to stop')), 20) },
  });

  const summary = await run({}, controller.signal);

  expect(summary).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { missing: 0 } });
  expect(await select('cloud_accounts')).toHaveLength(100);
});
