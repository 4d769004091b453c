// Tests of the fake's subscriptions and tenants with the bare SDK: paging, states, rights, Lighthouse, tokens, rates.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { azureReads } from './behaviour.ts';
import { resourceManagers } from './clouds.ts';
import { createTenant } from './create-tenant.ts';
import {
  addSubscription,
  delegateSubscription,
  grantReader,
  moveSubscription,
  removeSubscription,
  renameSubscription,
  revokeReader,
  setSubscriptionState,
  tagSubscription,
} from './mutations.ts';
import { secretCredential, startFake, startTenant, subscriptionClient, tenantId, walk } from './sdk-for-tests.ts';
import { subscriptionStates } from './tenant.ts';

const customerId = '33333333-aaaa-4bbb-8ccc-0123456789ab';

test('the SDK finds every subscription once, in all states, whatever empty pages come between', async () => {
  const { client, tenant, fake } = await startTenant({ behaviour: { empty_page_ratio: 0.5, page_size: 5 } });

  const subscriptions = await Array.fromAsync(client.subscriptions.list());

  expect(subscriptions.map(({ subscriptionId: id }) => id?.toLowerCase())).toEqual([...tenant.subscriptions.keys()]);
  expect(new Set(subscriptions.map(({ state }) => state))).toEqual(new Set(subscriptionStates));
  expect(fake.requests.filter(({ operation }) => operation === 'ListSubscriptions').length).toBeGreaterThan(9);
  fake.assertNoUnexpected();
});

test('without empty pages 45 subscriptions take three requests, each with ids of its own', async () => {
  const { client, fake } = await startTenant();

  await walk(client);

  const listing = fake.requests.filter(({ operation }) => operation === 'ListSubscriptions');
  expect(listing.map(({ page, http_status: status }) => [page, status])).toEqual([1, 2, 3].map((page) => [page, 200]));
  expect(new Set(listing.map((request) => request.request_id)).size).toBe(3);
  expect(new Set(listing.map((request) => request.correlation_id)).size).toBe(3);
  expect(new Set(listing.map((request) => request.client_request_id)).size).toBe(3);
});

test('a subscription carries its policies, tags where it has any, and its tenant', async () => {
  const { client, tenant } = await startTenant({ behaviour: { id_case: 'lower' } });
  const [first = '', second = ''] = tenant.subscriptions.keys();
  tagSubscription(tenant, first, { env: 'prod' });
  tagSubscription(tenant, second, {});

  const [tagged, bare] = await Array.fromAsync(client.subscriptions.list());

  expect(tagged).toMatchObject({
    id: `/subscriptions/${first}`,
    subscriptionId: first,
    tenantId,
    state: 'Enabled',
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    tags: { env: 'prod' },
    subscriptionPolicies: { quotaId: 'EnterpriseAgreement_2014-09-01', spendingLimit: 'Off' },
  });
  expect(bare?.tags).toBeUndefined();
});

test.for([
  ['lower', 0, 0],
  ['upper', 45, 45],
  ['mixed', 1, 44],
] as const)('ids in %s case are so for between %i and %i subscriptions', async ([idCase, least, most]) => {
  const { client } = await startTenant({ behaviour: { id_case: idCase } });

  const subscriptions = await Array.fromAsync(client.subscriptions.list());

  const upper = subscriptions.filter(({ subscriptionId: id = '' }) => id === id.toUpperCase()).length;
  expect(upper).toBeGreaterThanOrEqual(least);
  expect(upper).toBeLessThanOrEqual(most);
});

test('what changes shows in the next list, a state that nobody knows included', async () => {
  const { client, tenant } = await startTenant();
  const [first = '', second = '', third = ''] = tenant.subscriptions.keys();
  renameSubscription(tenant, first, 'renamed');
  setSubscriptionState(tenant, first, 'Hibernated');
  removeSubscription(tenant, second);
  addSubscription(tenant, { id: '99999999-0000-4000-8000-000000000001', display_name: 'newcomer' });

  const { ids, names } = await walk(client);
  const [subscription] = await Array.fromAsync(client.subscriptions.list());

  expect(subscription).toMatchObject({ displayName: 'renamed', state: 'Hibernated' });
  expect(ids[1]).toBe(third);
  expect(names.at(-1)).toBe('newcomer');
});

test('a lost role looks exactly like a deletion, until it comes back', async () => {
  const { client, tenant, access, fake } = await startTenant({ behaviour: { id_case: 'lower' } });
  const [lost = ''] = tenant.subscriptions.keys();
  const ask = async () => {
    const { token } = fake.issueToken(fake.addApplication({ tenants: [tenantId] }), tenantId);
    const url = `${fake.url}/subscriptions?api-version=2022-12-01`;
    return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();
  };

  revokeReader(access, lost);
  const { ids } = await walk(client);
  grantReader(access, lost);
  const { ids: again } = await walk(client);

  expect(ids).toHaveLength(44);
  expect(ids).not.toContain(lost);
  expect(again).toContain(lost);
  // Nobody else is concerned.
  expect(await ask()).toContain(lost);
});

test.for([
  ['home', customerId],
  ['managing', tenantId],
] as const)('a subscription that Lighthouse projects names its %s tenant', async ([lighthouse, expected]) => {
  const tenant = createTenant({ id: tenantId, subscriptions: 2 });
  const customer = createTenant({ id: customerId, subscriptions: 3 });
  const [delegated = ''] = customer.subscriptions.keys();
  delegateSubscription(customer, delegated, tenantId);
  const fake = await startFake({
    tenants: [tenant, customer],
    behaviour: { lighthouse_tenant: lighthouse, id_case: 'lower' },
  });
  const client = subscriptionClient(fake, secretCredential(fake, fake.addApplication({ tenants: [tenantId] })));

  const subscriptions = await Array.fromAsync(client.subscriptions.list());

  expect(subscriptions.map(({ subscriptionId: id }) => id)).toEqual([...tenant.subscriptions.keys(), delegated]);
  expect(subscriptions.at(-1)).toMatchObject({ tenantId: expected, managedByTenants: [{ tenantId }] });
});

test('the tenants are those in which the application is registered', async () => {
  const tenants = [tenantId, customerId].map((id) => createTenant({ id }));
  const fake = await startFake({ tenants, behaviour: { page_size: 1, empty_page_ratio: 0 } });
  const ask = async (ids: readonly string[]) => {
    const client = subscriptionClient(fake, secretCredential(fake, fake.addApplication({ tenants: ids })));
    return (await Array.fromAsync(client.tenants.list())).map((tenant) => tenant.tenantId?.toLowerCase());
  };

  expect(await ask([tenantId])).toEqual([tenantId]);
  expect(await ask([tenantId, customerId])).toEqual([tenantId, customerId]);
});

test('a token for another cloud’s Resource Manager is refused, one of the right cloud is not', async () => {
  const { fake, application } = await startTenant({ audience: resourceManagers.us_government });
  const right = subscriptionClient(fake, secretCredential(fake, application));
  const wrong = subscriptionClient({ ...fake, audience: resourceManagers.public }, secretCredential(fake, application));

  expect((await walk(right)).ids).toHaveLength(45);
  expect((await walk(wrong)).error).toMatchObject({ statusCode: 401 });
  expect(fake.requests.at(-1)?.error_code).toBe('InvalidAuthenticationTokenAudience');
});

test('an expired token comes with a challenge, which the SDK answers with a new token', async () => {
  const { client, fake } = await startTenant();
  await walk(client);
  fake.expireTokens();

  const { ids } = await walk(client);

  expect(ids).toHaveLength(45);
  expect(fake.requests.map(({ error_code: code }) => code)).toContain('ExpiredAuthenticationToken');
  expect(fake.requests.filter(({ operation }) => operation === 'Token')).toHaveLength(2);
});

test('an expired token without a challenge ends the walk', async () => {
  const { client, fake } = await startTenant({ behaviour: { expired_token: 'plain' } });
  await walk(client);
  fake.expireTokens();

  expect((await walk(client)).error).toMatchObject({ statusCode: 401 });
});

test('a request without a token, and one with an invented token, are refused', async () => {
  const { fake } = await startTenant();
  const url = `${fake.url}/subscriptions?api-version=2022-12-01`;

  const bare = await fetch(url);
  const invented = await fetch(url, { headers: { authorization: 'Bearer invented' } });

  expect(bare.status).toBe(401);
  expect(await bare.json()).toMatchObject({ error: { code: 'AuthenticationFailed' } });
  expect(await invented.json()).toMatchObject({ error: { code: 'InvalidAuthenticationToken' } });
  expect(invented.headers.get('www-authenticate')).toContain('authorization_uri');
});

test('paths, versions and parameters that the fake does not know are refused and remembered', async () => {
  const { fake, application, client } = await startTenant();
  const { token } = fake.issueToken(application, tenantId);
  const ask = async (path: string) => {
    const response = await fetch(`${fake.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return [response.status, JSON.parse(await response.text()).error.code];
  };

  await expect(client.subscriptions.get('x')).rejects.toMatchObject({ statusCode: 404 });
  expect(await ask('/subscriptions')).toEqual([400, 'MissingApiVersionParameter']);
  expect(await ask('/subscriptions?api-version=2016-06-01')).toEqual([400, 'InvalidApiVersionParameter']);
  expect(await ask('/subscriptions?api-version=2022-12-01&$top=5')).toEqual([400, 'InvalidQueryParameter']);
  expect(await ask('/subscriptions?api-version=2022-12-01&$skiptoken=x')).toEqual([400, 'InvalidSkipToken']);

  expect(() => fake.assertNoUnexpected()).toThrow(/GET \/subscriptions\/x[\s\S]*2016-06-01[\s\S]*\$top/);
});

test('every answer, a refusal too, carries the ids of request and correlation, and how many reads remain', async () => {
  const { fake } = await startTenant();

  const response = await fetch(`${fake.url}/subscriptions?api-version=2022-12-01`);
  const configuration = await fetch(`${fake.url}/${tenantId}/v2.0/.well-known/openid-configuration`);

  const [refused, login] = fake.requests;
  expect(response.headers.get('x-ms-request-id')).toBe(refused?.request_id);
  expect(response.headers.get('x-ms-correlation-request-id')).toBe(refused?.correlation_id);
  expect(response.headers.get('x-ms-ratelimit-remaining-tenant-reads')).toBe('249');
  expect(configuration.headers.get('x-ms-request-id')).toBe(login?.request_id);
  expect(configuration.headers.get('x-ms-ratelimit-remaining-tenant-reads')).toBeNull();
});

test('a bucket of reads runs dry with 429, says when to come back, and fills again', async () => {
  let at = Date.now();
  const { fake, application } = await startTenant({ behaviour: { reads: azureReads }, now: () => new Date(at) });
  const { token } = fake.issueToken(application, tenantId);
  const read = () =>
    fetch(`${fake.url}/subscriptions?api-version=2022-12-01`, { headers: { authorization: `Bearer ${token}` } });

  const first = await read();
  for (let number = 2; number <= 250; number += 1) expect((await read()).status).toBe(200);
  const throttled = await read();
  at += 1000;
  const rested = await read();

  expect(first.headers.get('x-ms-ratelimit-remaining-tenant-reads')).toBe('249');
  expect(throttled.status).toBe(429);
  expect(throttled.headers.get('retry-after')).toBe('1');
  expect(await throttled.json()).toMatchObject({ error: { code: 'TooManyRequests' } });
  expect(rested.headers.get('x-ms-ratelimit-remaining-tenant-reads')).toBe('24');
});

test('a list may come in another order, which a seed decides', async () => {
  const { client, tenant, fake } = await startTenant({ behaviour: { shuffle_seed: 7 } });

  const { ids } = await walk(client);
  const { ids: again } = await walk(client);
  fake.behaviour.shuffle_seed = 8;

  expect(ids).not.toEqual([...tenant.subscriptions.keys()]);
  expect(ids.toSorted()).toEqual([...tenant.subscriptions.keys()].sort());
  expect(again).toEqual(ids);
  expect((await walk(client)).ids).not.toEqual(ids);
});

test('a move changes nothing that the list of subscriptions shows', async () => {
  const { client, tenant } = await startTenant();
  const [id = ''] = tenant.subscriptions.keys();
  const before = await Array.fromAsync(client.subscriptions.list());

  moveSubscription(tenant, id, [...tenant.groups.keys()].at(-1) ?? '');

  expect(await Array.fromAsync(client.subscriptions.list())).toEqual(before);
});

test('another process trusts the fake by NODE_EXTRA_CA_CERTS, and not without', async () => {
  const { fake } = await startTenant();
  const script = `fetch('${fake.url}/tenants').then((r) => console.log(r.status), (e) => console.log(e.cause.code))`;
  const run = async (env: NodeJS.ProcessEnv) =>
    (await promisify(execFile)(process.execPath, ['-e', script], { env: { ...process.env, ...env } })).stdout.trim();

  expect(await run({ NODE_EXTRA_CA_CERTS: fake.ca_file })).toBe('401');
  expect(await run({ NODE_EXTRA_CA_CERTS: undefined })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
});
