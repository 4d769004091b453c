// Tests of the fake's scripted faults, each asserted with the bare SDK.
import type { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import { expect, test } from 'vitest';
import { createTenant } from './create-tenant.ts';
import { foreignSubscriptionName } from './foreign-host.ts';
import { removeSubscription, renameSubscription } from './mutations.ts';
import { secretCredential, startFake, startTenant, subscriptionClient, tenantId, walk } from './sdk-for-tests.ts';

const operation = 'ListSubscriptions';
const otherTenantId = '22222222-aaaa-4bbb-8ccc-0123456789ab';

function patient(started: Awaited<ReturnType<typeof startTenant>>): SubscriptionClient {
  return subscriptionClient(started.fake, secretCredential(started.fake, started.application), 3);
}

test('AuthorizationFailed on page 3 comes after two good pages', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, page: 3, effect: { kind: 'error', code: 'AuthorizationFailed', status: 403 } });

  const { ids, error } = await walk(client);

  expect(ids).toHaveLength(40);
  expect(error).toMatchObject({ statusCode: 403 });
  expect(fake.requests.at(-1)).toMatchObject({
    error_code: 'AuthorizationFailed',
    http_status: 403,
    faults: ['error'],
  });
});

test('a throttled page gets four attempts under one client request id, and then fails with 429', async () => {
  const started = await startTenant();
  const storm = started.fake.faults.plan({ operation, page: 2, effect: { kind: 'throttle' } });

  const { ids, error } = await walk(patient(started));

  expect(ids).toHaveLength(20);
  expect(error).toMatchObject({ statusCode: 429 });
  expect(storm.hits()).toBe(4);
  const attempts = started.fake.requests.filter(({ page }) => page === 2);
  expect(new Set(attempts.map((request) => request.client_request_id)).size).toBe(1);
  expect(new Set(attempts.map((request) => request.request_id)).size).toBe(4);
});

test('throttling that ends in time is not seen, and says when to come back', async () => {
  const started = await startTenant();
  started.fake.faults.plan({ operation, times: 3, effect: { kind: 'throttle' } });

  expect((await walk(patient(started))).ids).toHaveLength(45);

  started.fake.faults.plan({ operation: 'ListTenants', effect: { kind: 'throttle', retry_after_seconds: 7 } });
  const response = await fetch(`${started.fake.url}/tenants`);
  expect(response.headers.get('retry-after')).toBe('7');
});

test('a 503 in Azure’s own words is retried by the SDK', async () => {
  const started = await startTenant();
  const effect = { kind: 'error', code: 'ServerTimeout', status: 503, retry_after_seconds: 0 } as const;
  started.fake.faults.plan({ operation, times: 2, effect });

  expect((await walk(patient(started))).ids).toHaveLength(45);
});

test('a 502 with the web page of a proxy is an error with that status', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, effect: { kind: 'raw', status: 502, body: '<html>busy</html>' } });

  expect((await walk(client)).error).toMatchObject({ statusCode: 502 });
});

test('a cut connection reaches the client as such, before and in the middle of an answer', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, nth: 1, effect: { kind: 'reset' } });
  fake.faults.plan({ operation, nth: 2, effect: { kind: 'reset', after_headers: true } });

  expect((await walk(client)).error).toMatchObject({ code: 'ECONNRESET' });
  expect((await walk(client)).error).toMatchObject({ message: expect.stringContaining('aborted') });
  expect(fake.requests.filter((request) => request.operation === operation).map((r) => r.http_status)).toEqual([
    null,
    null,
  ]);
});

test.for(['hang', 'delay'] as const)('a client with a deadline survives a %s', async (kind) => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, effect: kind === 'hang' ? { kind } : { kind, ms: 3_600_000 } });

  const call = Array.fromAsync(client.subscriptions.list({ abortSignal: AbortSignal.timeout(100) }));

  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
});

test('JSON that breaks off is an error', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, page: 2, effect: { kind: 'malformed' } });

  const { ids, error } = await walk(client);

  expect(ids).toHaveLength(20);
  expect(error).toMatchObject({ code: 'PARSE_ERROR' });
});

test('a page without its list is an error', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, page: 2, effect: { kind: 'omit', member: 'value' } });

  const { ids, error } = await walk(client);

  expect(ids).toHaveLength(20);
  expect(error).toBeInstanceOf(TypeError);
});

test('a repeated link makes the SDK walk for ever', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, effect: { kind: 'repeat_link' } });
  const pages: number[] = [];

  for await (const page of client.subscriptions.list().byPage()) {
    pages.push(page.length);
    if (pages.length === 10) break;
  }

  expect(pages).toHaveLength(10);
  const tokens = fake.requests.filter(({ page }) => page === 2).map((request) => request.page_token_in);
  expect(new Set(tokens).size).toBe(1);
});

test('the bare SDK follows a link to another host and takes its token there, which the fake does not forgive', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, page: 2, effect: { kind: 'foreign_link' } });

  const { names, error } = await walk(client);

  expect(error).toBeUndefined();
  expect(names).toContain(foreignSubscriptionName);
  expect(fake.foreign_requests).toMatchObject([{ method: 'GET', had_token: true }]);
  expect(new URL(fake.foreign_url).host).not.toBe(new URL(fake.url).host);
  expect(() => fake.assertNoUnexpected()).toThrow('the foreign host was called with a token');
});

test('a token that expires in mid-walk is replaced, a skip token that does is refused', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, page: 2, times: 1, effect: { kind: 'expired_token' } });
  fake.faults.plan({ operation, page: 3, effect: { kind: 'expired_page_token' } });

  const { ids, error } = await walk(client);

  expect(ids).toHaveLength(40);
  expect(error).toMatchObject({ statusCode: 400 });
  expect(fake.requests.at(-1)?.error_code).toBe('InvalidSkipToken');
  expect(fake.requests.filter((request) => request.operation === 'Token')).toHaveLength(2);
});

test('a skip token that has become too old is refused without a fault, too', async () => {
  const { client, fake } = await startTenant();
  fake.behaviour.page_token_lifetime_ms = -1;

  expect((await walk(client)).error).toMatchObject({ statusCode: 400 });
});

test('a subscription that goes between two pages makes the walk miss another', async () => {
  const { client, fake, tenant } = await startTenant();
  const [first = ''] = tenant.subscriptions.keys();
  fake.faults.plan({
    operation,
    page: 2,
    effect: { kind: 'mutate', mutate: () => removeSubscription(tenant, first) },
  });

  const { ids } = await walk(client);

  expect(ids).toHaveLength(44);
  expect(ids).toContain(first);
  expect(ids).not.toContain([...tenant.subscriptions.keys()][19]);
});

test('the login endpoint may hand out the token of another tenant, which only its claims betray', async () => {
  const tenants = [tenantId, otherTenantId].map((id) => createTenant({ id, subscriptions: 3 }));
  const fake = await startFake({ tenants, behaviour: { empty_page_ratio: 0 } });
  const application = fake.addApplication({ tenants: [tenantId, otherTenantId] });
  const { token } = fake.issueToken(application, otherTenantId);
  const alter = (body: Record<string, unknown>) => ({ ...body, access_token: token });
  fake.faults.plan({ operation: 'Token', effect: { kind: 'alter', alter } });

  const { ids } = await walk(subscriptionClient(fake, secretCredential(fake, application)));

  expect(ids).toEqual([...(fake.world.tenants.get(otherTenantId)?.subscriptions.keys() ?? [])]);
  expect(fake.requests.at(-1)?.tenant_id).toBe(otherTenantId);
});

test('an answer may be altered, such as a subscription without a state', async () => {
  const { client, fake } = await startTenant();
  fake.faults.plan({ operation, effect: { kind: 'alter', alter: () => ({ value: [{ id: '/subscriptions/x' }] }) } });

  expect(await Array.fromAsync(client.subscriptions.list())).toEqual([expect.objectContaining({ state: undefined })]);
});

test('a fault may choose its request, can be cancelled, and must have happened', async () => {
  const { client, fake } = await startTenant();
  const denied = { kind: 'error', code: 'AuthorizationFailed', status: 403 } as const;
  const others = fake.faults.plan({ when: (request) => request.tenant_id === 'another', effect: denied });

  await walk(client);

  expect(others.hits()).toBe(0);
  expect(() => fake.assertNoUnexpected()).toThrow('unused fault error');
  others.cancel();
  fake.assertNoUnexpected();
});

test('a mistake in a planned mutation does not pass for a broken connection', async () => {
  const { client, fake, tenant } = await startTenant();
  fake.faults.plan({ operation, effect: { kind: 'mutate', mutate: () => renameSubscription(tenant, 'none', 'x') } });

  expect((await walk(client)).error).toMatchObject({ code: 'ECONNRESET' });

  expect(() => fake.assertNoUnexpected()).toThrow('has no subscription none');
});

test('the same seed gives the same pages and request ids, another seed others', async () => {
  const requestsOf = async (seed: number) => {
    const { fake, client } = await startTenant({ seed, behaviour: { empty_page_ratio: 0.5 } });
    await walk(client);
    return fake.requests.filter(({ service }) => service === 'arm').map((r) => [r.request_id, r.subjects.length]);
  };

  const [first, again, other] = [await requestsOf(1), await requestsOf(1), await requestsOf(2)];

  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});
