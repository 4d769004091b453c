// The GCP collector through the runner into a real database: what is stored, what counts as missing, and what never does.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { createOrganization } from '#testkit/gcp/create-organization.ts';
import {
  addProject,
  labelProject,
  moveProject,
  purgeProject,
  renameFolder,
  requestProjectDeletion,
  transferProject,
  undeleteProject,
} from '#testkit/gcp/mutations.ts';
import { type GcpOrganization, listAncestry } from '#testkit/gcp/organization.ts';
import { runSources } from '../run.contract.ts';
import { collector } from './collector.ts';
import { sourceOf, startGcp } from './observe.contract.ts';

let store: TestStore;
let tenants = 0;
let tenant = '';

beforeAll(async () => {
  store = await databases[0].open();
});
afterAll(() => store.close());

const denied = { kind: 'error', code: 'PERMISSION_DENIED' } as const;
const numberOf = (name: string) => name.slice(name.indexOf('/') + 1);

/** Each test is a tenant of its own. */
async function start(options: Parameters<typeof startGcp>[0] = {}) {
  tenants += 1;
  tenant = `tenant-${tenants}`;
  const started = await startGcp({ behaviour: { empty_page_ratio: 0, short_page_ratio: 0 }, ...options });
  return { ...started, source: { ...started.source, tree_every: '0s' } };
}

function run(sources: readonly Record<string, unknown>[], signal = new AbortController().signal) {
  return runSources(collector, sources, { writer: store.writer, tenant, signal });
}

const select = (table: string): Promise<Row[]> =>
  store.query(`select * from ${table} where tenant_id = '${tenant}' order by id`);

async function selectProject(name: string): Promise<Row | undefined> {
  return (await select('cloud_accounts')).find((row) => row['id'] === numberOf(name));
}

const livingProjects = (organization: GcpOrganization) =>
  [...organization.projects.values()].filter(({ parent, state }) => parent !== '' && state === 'ACTIVE');

test('a first run stores every project and folder, a second writes nothing however pages and orders change', async () => {
  const { fake, organization, source } = await start();

  const first = await run([source]);
  const before = await countWrites(store, tenant);
  fake.behaviour.empty_page_ratio = 0.4;
  fake.behaviour.short_page_ratio = 0.8;
  const second = await run([source]);
  const searched = await run([{ ...source, tree_every: '6h' }]);

  expect(first).toMatchObject({ outcome: 'complete', counts: { seen: 58, inserted: 58, rejected: 0 } });
  for (const again of [second, searched]) {
    expect(again).toMatchObject({ outcome: 'complete', counts: { seen: 58, inserted: 0, changed: 0, unchanged: 58 } });
  }
  expect((await select('cloud_accounts')).map((row) => row['id'])).toEqual(
    [...organization.projects.keys()].map(numberOf).sort(),
  );
  expect(await select('org_nodes')).toHaveLength(13);
  expect(await countWrites(store, tenant)).toBe(before);
});

test('a project that Search and then the walk deliver, in different batches, is one record seen and unchanged once', async () => {
  const { organization, source } = await start({ plan: { projects: 600 } });
  const first = await run([source]);
  addProject(organization, { name: 'projects/999', project_id: 'news' });

  const second = await run([{ ...source, tree_every: '6h' }]);

  const { seen } = first.counts;
  expect(first.counts).toMatchObject({ inserted: seen, changed: 0, unchanged: 0 });
  // What is new makes it walk.
  expect(second).toMatchObject({ outcome: 'complete', counts: { seen: seen + 1, inserted: 1, changed: 0 } });
  expect(second.counts.unchanged).toBe(seen);
});

test('a project is deleted, restored, deleted again, purged, and vanishes after two walks as closed', async () => {
  const { organization, source } = await start();
  const name = livingProjects(organization)[0]?.name ?? '';
  await run([source]);
  requestProjectDeletion(organization, name);
  await run([source]);
  const closing = await selectProject(name);
  undeleteProject(organization, name);
  await run([source]);
  const restored = await selectProject(name);
  requestProjectDeletion(organization, name);
  await run([source]);
  purgeProject(organization, name);

  const once = await run([source]);
  const twice = await run([source]);

  expect(closing).toMatchObject({ lifecycle: 'closing' });
  expect(JSON.stringify(closing?.['details'])).toContain('purge_at');
  expect(restored).toMatchObject({ lifecycle: 'active', status_changed_at: null });
  expect([once.counts.missing, once.counts.vanished, twice.counts.vanished]).toEqual([1, 0, 1]);
  expect(await selectProject(name)).toMatchObject({ vanished_reason: 'closed' });
});

test('what Search no longer shows is not missing', async () => {
  const { fake, source } = await start();
  await run([source]);
  const before = await countWrites(store, tenant);
  const alter = () => ({ projects: [], folders: [] });
  for (const operation of ['SearchProjects', 'SearchFolders'])
    fake.faults.plan({ operation, effect: { kind: 'alter', alter } });

  // The first one walks, as the counts disagree; the others know that Search sees nothing.
  const runs = [];
  for (let count = 0; count < 3; count += 1) runs.push(await run([{ ...source, tree_every: '6h' }]));

  for (const { outcome, counts } of runs) {
    expect([outcome, counts.missing, counts.vanished]).toEqual(['complete', 0, 0]);
  }
  expect(await countWrites(store, tenant)).toBe(before);
});

test('a renamed folder reaches the paths of everything below it, and a moved project is moved', async () => {
  const { organization, source } = await start();
  await run([source]);
  const folder = [...organization.folders.values()].find(({ display_name }) => display_name === 'Production');
  renameFolder(organization, folder?.name ?? '', 'Renamed');
  const moving = livingProjects(organization).find(({ parent }) => parent === organization.name)?.name ?? '';
  moveProject(organization, moving, folder?.name ?? '');

  await run([{ ...source, tree_every: '6h' }]);

  const below = [...organization.projects.keys()].filter((name) =>
    listAncestry(organization, name).includes(folder?.name ?? ''),
  );
  expect(below.length).toBeGreaterThan(1);
  for (const name of below) {
    expect((await selectProject(name))?.['org_path']).toMatch(new RegExp(`^${organization.domain}/Renamed`));
  }
  const [event] = await store.query(`select * from events where tenant_id = '${tenant}' and event_type like '%moved'`);
  expect(JSON.stringify(event)).toContain(numberOf(moving));
});

test('rights that are lost on a subtree make nothing living vanish', async () => {
  const { fake, organization, source } = await start();
  await run([source]);
  const folder = [...organization.folders.values()].find(({ display_name }) => display_name === 'Production');
  fake.world.denied.add(folder?.name ?? '');

  const runs = [await run([source]), await run([source]), await run([source])];

  for (const { outcome, exit_code } of runs) expect([outcome, exit_code]).toEqual(['partial', 0]);
  const vanished = [...(await select('cloud_accounts')), ...(await select('org_nodes'))].filter(
    (row) => row['vanished_at'] !== null,
  );
  for (const row of vanished) expect(row['lifecycle']).toBe('closing');
});

test('a root that may not be listed any more makes nothing missing, not even what was closing', async () => {
  const { fake, organization, source } = await start();
  await run([source]);
  fake.faults.plan({ operation: 'ListProjects', when: ({ parent }) => parent === organization.name, effect: denied });

  const runs = [await run([source]), await run([source])];

  for (const { outcome, counts } of runs) expect([outcome, counts.missing]).toEqual(['partial', 0]);
});

test.for([
  'ListFolders',
  'ListProjects',
])('a root that %s does not find any more fails the scope and makes nothing missing', async (operation) => {
  const { fake, organization, source } = await start();
  await run([source]);
  const when = ({ parent }: { parent: string | null }) => parent === organization.name;
  fake.faults.plan({ operation, when, effect: { kind: 'error', code: 'NOT_FOUND' } });

  const { outcome, counts, scopes } = await run([source]);

  expect([outcome, scopes[0]?.code, counts.missing]).toEqual(['failed', 'not_found', 0]);
});

test('credentials that lose the root fail the scope and change nothing', async () => {
  const { fake, organization, source } = await start();
  await run([source]);
  const before = await countWrites(store, tenant);
  fake.world.denied.add(organization.name);

  const summary = await run([source]);

  expect(summary).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { seen: 0, missing: 0 } });
  expect(summary.scopes[0]?.code).toBe('access_denied');
  expect(await countWrites(store, tenant)).toBe(before);
});

test('a project of no organization that Search loses is neither missing nor rewritten', async () => {
  const { fake, organization, source } = await start();
  await run([source]);
  const before = await countWrites(store, tenant);
  const [free] = [...organization.projects.values()].filter(({ parent }) => parent === '');
  fake.world.denied.add(free?.name ?? '');

  const runs = [await run([source]), await run([source]), await run([source])];

  for (const { outcome, counts } of runs) expect([outcome, counts.missing]).toEqual(['complete', 0]);
  expect(await selectProject(free?.name ?? '')).toMatchObject({ vanished_at: null, missed_runs: 0 });
  expect(await countWrites(store, tenant)).toBe(before);
});

test('a project that has come into the organization is where the walk found it, though Search still shows it outside', async () => {
  const { fake, organization, source } = await start();
  const outside = [...organization.projects.values()].find(({ parent }) => parent === '')?.name ?? '';
  await run([source]);
  fake.behaviour.search_lags = true;
  moveProject(organization, outside, organization.name);

  await run([source]);
  const before = await countWrites(store, tenant);
  await run([source]);

  expect(await selectProject(outside)).toMatchObject({ parent_id: organization.name });
  expect(await countWrites(store, tenant)).toBe(before);
});

test('a number that is also the id of an AWS account is a record of its own', async () => {
  const { source } = await start({ plan: { project_numbers: ['111122223333'] } });
  await run([source]);

  const rows = await store.query(
    `select provider, id from cloud_accounts where tenant_id = '${tenant}' and id = '111122223333'`,
  );

  expect(rows).toEqual([{ provider: 'gcp', id: '111122223333' }]);
});

test.for([
  ['the organization first', false],
  ['the folder first', true],
] as const)('an organization and a folder in it, %s: nothing is rewritten by turns and nothing vanishes', async ([
  ,
  isReversed,
]) => {
  const { fake, organization, source } = await start();
  const folder = [...organization.folders.values()].find(({ display_name }) => display_name === 'Production');
  const inner = { ...sourceOf(fake, folder?.name ?? ''), name: 'inner', tree_every: '0s' };
  const sources = isReversed ? [inner, source] : [source, inner];
  await run(sources);
  await run(sources);
  const before = await countWrites(store, tenant);

  const again = [await run(sources), await run(sources)];

  for (const { outcome, counts } of again) {
    expect([outcome, counts.changed, counts.missing, counts.vanished]).toEqual(['complete', 0, 0, 0]);
  }
  expect(await countWrites(store, tenant)).toBe(before);
  const inside = (await select('cloud_accounts')).filter((row) =>
    JSON.stringify(row['org_path_ids']).includes(folder?.name ?? '?'),
  );
  expect(inside.length).toBeGreaterThan(0);
  expect(new Set(inside.map((row) => row['scope']))).toEqual(new Set(['gcp:main']));
});

test('a folder of its own keeps what the organization no longer sees', async () => {
  const { fake, organization, source } = await start();
  const folder = [...organization.folders.values()].find(({ display_name }) => display_name === 'Production');
  const inner = { ...sourceOf(fake, folder?.name ?? ''), name: 'inner', tree_every: '0s' };
  await run([source, inner]);

  // The organization is no longer configured: what the folder sees becomes its own.
  const summaries = [await run([inner]), await run([inner])];

  for (const { outcome, counts } of summaries)
    expect([outcome, counts.changed, counts.vanished]).toEqual(['complete', 0, 0]);
  const inside = (await select('cloud_accounts')).filter((row) =>
    JSON.stringify(row['org_path_ids']).includes(folder?.name ?? '?'),
  );
  expect(new Set(inside.map((row) => row['scope']))).toEqual(new Set(['gcp:inner']));
});

test('two organizations in one run: one that refuses does not stop the other, and a project that changes over is handed over', async () => {
  const organizations = ['123456789012', '210987654321'].map((id) =>
    createOrganization({ id, projects: 8, folders: 3 }),
  );
  const { fake } = await start({ organizations });
  const [from, to] = organizations;
  if (from === undefined || to === undefined) throw new Error('two organizations');
  const sources = organizations.map(({ name }, index) => ({
    ...sourceOf(fake, name),
    name: `org-${index}`,
    tree_every: '0s',
  }));
  const moving = livingProjects(from)[0]?.name ?? '';
  await run(sources);
  transferProject(from, moving, to);

  const summaries = [await run(sources), await run(sources)];
  fake.world.denied.add(from.name);
  const refused = await run(sources);

  for (const { outcome } of summaries) expect(outcome).toBe('complete');
  expect(await selectProject(moving)).toMatchObject({ org_id: to.id, scope: 'gcp:org-1', vanished_at: null });
  expect(refused.scopes.map(({ outcome }) => outcome)).toEqual(['failed', 'complete']);
});

test('labels are tags, and a change of them is a version', async () => {
  const { organization, source } = await start();
  await run([source]);
  const name = livingProjects(organization)[0]?.name ?? '';
  labelProject(organization, name, { env: 'changed' });

  const second = await run([{ ...source, tree_every: '6h' }]);

  expect(second.counts).toMatchObject({ changed: 1, unchanged: 57 });
  expect(JSON.stringify((await selectProject(name))?.['tags'])).toContain('changed');
});

test('an abort keeps what was seen and ends at once', async () => {
  const { fake, source } = await start();
  const controller = new AbortController();
  fake.faults.plan({
    operation: 'ListProjects',
    nth: 4,
    effect: { kind: 'mutate', mutate: () => void setTimeout(() => controller.abort(new Error('told to stop')), 20) },
  });
  fake.faults.plan({ operation: 'ListProjects', nth: 4, effect: { kind: 'hang' } });

  const summary = await run([source], controller.signal);

  expect(summary).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { missing: 0 } });
  expect((await select('cloud_accounts')).length).toBeGreaterThan(0);
});
