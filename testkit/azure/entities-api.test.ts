// Tests of the fake's management group entities with requests made by hand: chains, counts, rights, paging by GET and POST.
import { expect, test } from 'vitest';
import {
  addGroup,
  hideEntity,
  moveGroup,
  moveSubscription,
  removeSubscription,
  renameGroup,
  revokeReader,
  showEntity,
} from './mutations.ts';
import {
  entitiesPath,
  listEntities,
  requestEntities,
  secretCredential,
  startTenant,
  tenantId,
} from './sdk-for-tests.ts';

const groupPath = '/providers/Microsoft.Management/managementGroups';

async function startHierarchy(behaviour = {}) {
  const started = await startTenant({ behaviour: { id_case: 'lower', ...behaviour } });
  return { ...started, credential: secretCredential(started.fake, started.application) };
}

test.for(['GET', 'POST'])('the first page is asked for by POST, those after it by %s', async (method) => {
  const { fake, tenant, credential } = await startHierarchy({ empty_page_ratio: 0.3, page_size: 10 });

  const entities = await listEntities(fake, credential, method);

  expect(entities.map(({ name }) => name)).toEqual([...tenant.groups.keys(), ...tenant.subscriptions.keys()]);
  const asked = fake.requests.filter(({ operation }) => operation === 'GetEntities');
  expect(asked.map((request) => request.method)).toEqual(asked.map((_, index) => (index === 0 ? 'POST' : method)));
  expect(asked.map(({ page }) => page)).toEqual(asked.map((_, index) => index + 1));
  expect(asked.at(0)?.cache_control).toBe('no-cache');
  fake.assertNoUnexpected();
});

test('the first page by GET is an operation that does not exist', async () => {
  const { fake, credential } = await startHierarchy();

  const { response } = await requestEntities(fake, credential, { method: 'GET' });

  expect(response.status).toBe(404);
  expect(() => fake.assertNoUnexpected()).toThrow('GET /providers/Microsoft.Management/getEntities');
});

test('the root group is named after its tenant and has no parent', async () => {
  const { fake, tenant, credential } = await startHierarchy();

  const [root] = await listEntities(fake, credential);

  expect(root).toMatchObject({
    id: `${groupPath}/${tenantId}`,
    type: 'Microsoft.Management/managementGroups',
    name: tenantId,
    properties: {
      tenantId,
      displayName: 'Tenant Root Group',
      parent: { id: null },
      parentNameChain: [],
      permissions: 'view',
      numberOfDescendants: tenant.groups.size - 1 + tenant.subscriptions.size,
    },
  });
});

test('chains lead from the root to the parent, and follow renames and moves', async () => {
  const { fake, tenant, credential } = await startHierarchy();
  const [id = ''] = tenant.subscriptions.keys();
  addGroup(tenant, { name: 'upper', display_name: 'Upper', parent_name: tenantId });
  addGroup(tenant, { name: 'lower', display_name: 'Lower', parent_name: tenantId });
  moveGroup(tenant, 'lower', 'upper');
  renameGroup(tenant, 'lower', 'Lower, renamed');
  moveSubscription(tenant, id, 'lower');

  const entities = await listEntities(fake, credential);

  expect(entities.find(({ name }) => name === id)).toMatchObject({
    id: `/subscriptions/${id}`,
    type: '/subscriptions',
    properties: {
      parent: { id: `${groupPath}/lower` },
      parentNameChain: [tenantId, 'upper', 'lower'],
      parentDisplayNameChain: ['Tenant Root Group', 'Upper', 'Lower, renamed'],
    },
  });
  expect(entities.find(({ name }) => name === 'upper')?.properties).toMatchObject({
    numberOfChildren: 1,
    numberOfChildGroups: 1,
    numberOfDescendants: 2,
  });
});

test('the hierarchy goes on showing a subscription on which the role was lost, and no deleted one', async () => {
  const { fake, tenant, access, credential } = await startHierarchy();
  const [lost = '', deleted = ''] = tenant.subscriptions.keys();
  revokeReader(access, lost);
  removeSubscription(tenant, deleted);

  const entities = await listEntities(fake, credential);

  expect(entities.find(({ name }) => name === lost)?.properties).toMatchObject({ permissions: 'noaccess' });
  expect(entities.some(({ name }) => name === deleted)).toBe(false);
});

test('the hierarchy may lose a subscription or a group too', async () => {
  const { fake, tenant, access, credential } = await startHierarchy();
  const [id = ''] = tenant.subscriptions.keys();
  const group = [...tenant.groups.keys()].at(-1) ?? '';
  hideEntity(access, id);
  hideEntity(access, group);

  const without = await listEntities(fake, credential);
  showEntity(access, id);
  showEntity(access, group);
  const again = await listEntities(fake, credential);

  expect(again.length - without.length).toBe(2);
  expect(without.some(({ name }) => name === id || name === group)).toBe(false);
});

test('without a role at the root group the caller is told so, or sees its subscriptions and nothing above them', async () => {
  const { fake, tenant, access, credential } = await startHierarchy();
  const [lost = ''] = tenant.subscriptions.keys();

  access.hierarchy = 'denied';
  const { response, body } = await requestEntities(fake, credential);
  access.hierarchy = 'filtered';
  revokeReader(access, lost);
  const entities = await listEntities(fake, credential);

  expect(response.status).toBe(403);
  expect(body.error).toMatchObject({
    code: 'AuthorizationFailed',
    message: expect.stringContaining(`${groupPath}/${tenantId}`),
  });
  expect(entities.map(({ name }) => name)).toEqual([...tenant.subscriptions.keys()].slice(1));
  expect(entities[0]?.properties).toMatchObject({ parent: { id: null }, parentNameChain: [] });
});

test('getEntities needs its own version', async () => {
  const { fake, credential } = await startHierarchy();
  const ask = (query: string) =>
    requestEntities(fake, credential, { url: `${fake.url}${entitiesPath.split('?')[0]}${query}` });

  expect((await ask('')).body.error?.code).toBe('MissingApiVersionParameter');
  expect((await ask('?api-version=2022-12-01')).body.error?.code).toBe('InvalidApiVersionParameter');
});
