// The Azure collector against the strict fake: what it reads, with which calls, and with which evidence.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { tagSubscription } from '#testkit/azure/mutations.ts';
import { listChain } from '#testkit/azure/tenant.ts';
import { toLifecycle } from './lifecycle.ts';
import { createFile, observe, startAzure, tenantId } from './observe.contract.ts';

test('every subscription and every group is observed with its place, tags and state', async () => {
  const { fake, tenant, source } = await startAzure();

  const read = await observe(source);

  expect(read.error).toBeUndefined();
  expect(read.skipped).toEqual([]);
  expect(read.enumerated.toSorted()).toEqual(['account', 'org_node']);
  expect([...read.accounts.keys()].sort()).toEqual([...tenant.subscriptions.keys()].sort());
  expect([...read.nodes.keys()].sort()).toEqual([...tenant.groups.keys()].sort());
  for (const subscription of tenant.subscriptions.values()) {
    const chain = listChain(tenant, subscription.parent_name);
    const names = chain.map((group) => group.display_name);
    expect(read.accounts.get(subscription.id)).toEqual({
      provider: 'azure',
      id: subscription.id,
      partition: 'custom',
      org_id: tenantId,
      name: subscription.display_name,
      status: subscription.state,
      lifecycle: toLifecycle(subscription.state),
      parent_id: `${tenantId}/${subscription.parent_name}`,
      org_path: names.join('/'),
      org_path_names: names,
      org_path_ids: chain.map((group) => `${tenantId}/${group.name}`),
      tags: subscription.tags,
      details: {
        home_tenant: tenantId,
        managed_by_tenants: [],
        authorization_source: 'RoleBased',
        quota_id: subscription.quota_id,
        spending_limit: 'Off',
        location_placement_id: 'Public_2014-09-01',
      },
    });
  }
  fake.assertNoUnexpected();
});

test('a group carries its own path, depth and parent, and the root group is the tenant', async () => {
  const { tenant, source } = await startAzure();

  const { nodes } = await observe(source);

  for (const group of tenant.groups.values()) {
    const chain = listChain(tenant, group.name);
    expect(nodes.get(group.name)).toMatchObject({
      kind: group.parent_name === null ? 'tenant' : 'management_group',
      id: `${tenantId}/${group.name}`,
      org_id: tenantId,
      name: group.display_name,
      parent_id: group.parent_name === null ? null : `${tenantId}/${group.parent_name}`,
      depth: chain.length - 1,
      org_path: chain.map((above) => above.display_name).join('/'),
      tags: {},
    });
  }
});

test("a record's evidence is exactly the requests that mention it, by the fake's own log", async () => {
  const { fake, source } = await startAzure();

  const read = await observe(source);

  const listings = fake.requests.filter(({ service }) => service === 'arm');
  for (const [key, requests] of read.evidence) {
    const [, id = ''] = key.split(' ');
    const logged = listings.filter(
      // The root group's name is also the tenant's id.
      ({ subjects, operation }) => subjects.includes(id) && (id !== tenantId || operation === 'GetEntities'),
    );
    expect(requests.flatMap(({ request_ids }) => request_ids).sort()).toEqual(
      logged.flatMap(({ request_id, correlation_id }) => [request_id, correlation_id]).sort(),
    );
  }
  expect(read.requests).toHaveLength(listings.length);
  for (const request of read.requests) {
    expect(request).toMatchObject({ http_status: 200, attempts: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  }
});

test('the hierarchy is asked for afresh: its first page by POST, past every cache', async () => {
  const { fake, source } = await startAzure();

  await observe(source);

  const entities = fake.requests.filter(({ operation }) => operation === 'GetEntities');
  expect(entities.map(({ method }) => method)).toEqual(['POST', ...entities.slice(1).map(() => 'GET')]);
  expect(entities.every(({ cache_control }) => cache_control === 'no-cache')).toBe(true);
});

test('raw is the subscription as received, fields that the SDK does not know included', async () => {
  const { fake, source } = await startAzure();
  const itemsSchema = z.array(z.looseObject({}));
  fake.faults.plan({
    operation: 'ListSubscriptions',
    effect: {
      kind: 'alter',
      alter: (body) => ({
        ...body,
        value: itemsSchema.parse(body['value']).map((item) => ({ ...item, newField: { a: [1] } })),
      }),
    },
  });

  const { observations } = await observe(source);

  const accounts = observations.filter(({ kind }) => kind === 'account');
  expect(accounts).toHaveLength(45);
  for (const { raw } of accounts) expect(raw).toMatchObject({ newField: { a: [1] }, subscriptionPolicies: {} });
});

test('a tag is read whatever its name is', async () => {
  const { tenant, source } = await startAzure();
  const [subscription] = tenant.subscriptions.values();
  const tags = JSON.parse('{"__proto__": "kept", "constructor": "kept too"}');
  tagSubscription(tenant, subscription?.id ?? '', tags);

  const { accounts } = await observe(source);

  expect(JSON.stringify(accounts.get(subscription?.id ?? '')?.['tags'])).toBe(JSON.stringify(tags));
});

test('tags that are not wanted appear nowhere', async () => {
  const { source } = await startAzure();

  const { observations, accounts } = await observe({ ...source, tags: false });

  expect([...accounts.values()].some((account) => 'tags' in account)).toBe(false);
  expect(JSON.stringify(observations)).not.toContain('cost-center');
});

test('the secret is read at use, and neither it nor a token appears anywhere', async () => {
  const { fake, application, source } = await startAzure();

  const read = await observe({ ...source, client_secret_file: await createFile(`${application.client_secret}\n`) });

  expect(read.error).toBeUndefined();
  const said = JSON.stringify([read.observations, read.requests, read.log, read.memo]);
  for (const secret of fake.secrets()) expect(said).not.toContain(secret);
});
