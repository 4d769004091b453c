// The Azure collector through the runner into a real database: what is stored, what counts as missing, and what never does.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { createTenant } from '#testkit/azure/create-tenant.ts';
import {
  delegateSubscription,
  moveSubscription,
  removeSubscription,
  renameGroup,
  revokeReader,
} from '#testkit/azure/mutations.ts';
import { runSources } from '../run.contract.ts';
import { collector } from './collector.ts';
import { secretSource, startAzure, tenantId } from './observe.contract.ts';

let store: TestStore;
let tenants = 0;
let tenant = '';

beforeAll(async () => {
  store = await databases[0].open();
});
afterAll(() => store.close());

/** Each test is a tenant of its own. */
async function start(options: Parameters<typeof startAzure>[0] = {}) {
  tenants += 1;
  tenant = `tenant-${tenants}`;
  const started = await startAzure(options);
  return { ...started, run: () => run([started.source]) };
}

function run(sources: readonly unknown[]) {
  return runSources(collector, sources, { writer: store.writer, tenant });
}

const select = (table: string): Promise<Row[]> =>
  store.query(`select * from ${table} where tenant_id = '${tenant}' order by id`);

async function selectAccount(id: string): Promise<Row | undefined> {
  return (await select('cloud_accounts')).find((row) => row['id'] === id);
}

test('a first run stores every subscription and group, a second writes nothing however pages and keys are shuffled', async () => {
  const { fake, tenant: azure, run } = await start();

  const first = await run();
  const before = await countWrites(store, tenant);
  fake.behaviour.shuffle_seed = 7;
  const second = await run();

  expect(first).toMatchObject({ outcome: 'complete', counts: { seen: 58, inserted: 58, rejected: 0 } });
  expect(second).toMatchObject({ outcome: 'complete', counts: { seen: 58, inserted: 0, changed: 0, unchanged: 58 } });
  expect((await select('cloud_accounts')).map((row) => row['id'])).toEqual([...azure.subscriptions.keys()].sort());
  expect(await select('org_nodes')).toHaveLength(13);
  expect(await countWrites(store, tenant)).toBe(before);
});

test('a subscription that was deleted is missing once, then vanished; one that moved is moved', async () => {
  const { tenant: azure, run } = await start();
  await run();
  const [leaving = '', moving = ''] = azure.subscriptions.keys();
  removeSubscription(azure, leaving);
  moveSubscription(azure, moving, [...azure.groups.keys()].at(-1) ?? '');

  const second = await run();
  const missing = await selectAccount(leaving);
  const third = await run();

  expect(second.counts).toMatchObject({ missing: 1, vanished: 0, changed: 1 });
  expect(missing).toMatchObject({ missed_runs: 1, vanished_at: null });
  expect(third.counts).toMatchObject({ vanished: 1 });
});

test('a subscription whose rights were lost stays as it was, run after run, and is no deletion', async () => {
  const { tenant: azure, access, run } = await start();
  await run();
  const [lost = ''] = azure.subscriptions.keys();
  const before = await selectAccount(lost);
  revokeReader(access, lost);

  const runs = [await run(), await run(), await run()];

  for (const summary of runs) {
    expect(summary).toMatchObject({
      outcome: 'partial',
      exit_code: 0,
      counts: { missing: 0, vanished: 0, changed: 0 },
    });
  }
  const after = await selectAccount(lost);
  for (const kept of ['status', 'tags', 'details', 'name', 'org_path', 'content_hash', 'missed_runs', 'vanished_at']) {
    expect(after?.[kept]).toEqual(before?.[kept]);
  }
});

test('without the hierarchy nothing is missing and everything stays where it was', async () => {
  const { tenant: azure, access, run } = await start();
  await run();
  const before = await select('cloud_accounts');
  const [leaving = ''] = azure.subscriptions.keys();
  removeSubscription(azure, leaving);
  access.hierarchy = 'denied';

  const runs = [await run(), await run()];

  for (const summary of runs) {
    expect(summary).toMatchObject({ outcome: 'partial', counts: { missing: 0, vanished: 0, changed: 0 } });
  }
  expect(await select('cloud_accounts')).toEqual(before);
});

test('a renamed group reaches the paths of all below it', async () => {
  const { tenant: azure, run } = await start();
  await run();
  const below = [...azure.subscriptions.values()].find(({ parent_name }) => parent_name !== tenantId);
  renameGroup(azure, below?.parent_name ?? '', 'Renamed');

  await run();

  expect((await selectAccount(below?.id ?? ''))?.['org_path']).toMatch(/\/Renamed$/);
});

test('a refusal on a page fails the scope, and nothing is missing', async () => {
  const { fake, tenant: azure, run } = await start({ behaviour: { empty_page_ratio: 0 } });
  await run();
  removeSubscription(azure, [...azure.subscriptions.keys()][0] ?? '');
  fake.faults.plan({
    operation: 'ListSubscriptions',
    page: 3,
    effect: { kind: 'error', code: 'AuthorizationFailed', status: 403 },
  });

  const failed = [await run(), await run()];

  for (const summary of failed) {
    expect(summary).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { missing: 0, vanished: 0 } });
    expect(summary.scopes[0]).toMatchObject({ code: 'access_denied' });
  }
});

test('a subscription that two sources see is one record, of its home tenant, and neither run rewrites it', async () => {
  const home = createTenant({ id: '99999999-aaaa-4bbb-8ccc-0123456789ab', subscriptions: 5 });
  const managing = createTenant({ id: tenantId, subscriptions: 5 });
  const [shared = ''] = home.subscriptions.keys();
  delegateSubscription(home, shared, managing.id);
  const { fake, application, source } = await start({ tenants: [managing, home] });
  const sources = [source, { ...(await secretSource(fake, application, home.id)), name: 'home' }];

  const first = await run(sources);
  const second = await run(sources);
  const before = await countWrites(store, tenant);
  const third = await run(sources);

  expect([first.outcome, second.outcome, third.outcome]).toEqual(['complete', 'complete', 'complete']);
  expect(await select('cloud_accounts')).toHaveLength(10);
  expect(await selectAccount(shared)).toMatchObject({ org_id: home.id, scope: 'azure:home' });
  expect(await countWrites(store, tenant)).toBe(before);
});
