// What the Azure collector makes of refusals, storms, broken answers and tenants that change under its eyes.
import { describe, expect, test } from 'vitest';
import { createTenant } from '#testkit/azure/create-tenant.ts';
import { foreignSubscriptionName } from '#testkit/azure/foreign-host.ts';
import {
  addSubscription,
  delegateSubscription,
  removeSubscription,
  revokeReader,
  setSubscriptionState,
  undelegateSubscription,
} from '#testkit/azure/mutations.ts';
import { contextOf } from '../observe.contract.ts';
import { collector } from './collector.ts';
import { subscriptionListing } from './list-subscriptions.ts';
import { createFile, observe, startAzure, tenantId } from './observe.contract.ts';
import { openSession } from './session.ts';

const denied = { kind: 'error', code: 'AuthorizationFailed', status: 403 } as const;
const otherTenantId = '99999999-aaaa-4bbb-8ccc-0123456789ab';

describe('before anything is yielded', () => {
  test.for([
    ['a wrong secret', 'AADSTS7000215', 'client_secret_file'],
    ['an expired secret', 'AADSTS7000222', 'expired'],
    ['an unknown application', 'AADSTS700016', 'client_id'],
    ['a Resource Manager that the tenant does not know', 'AADSTS500011', 'audience'],
  ] as const)('%s is named with its code, its remedy and the correlation id', async ([what, code, remedy]) => {
    const { fake, application, source } = await startAzure();
    if (what === 'an expired secret') application.secret_expires_at = new Date(0);
    const overrides = {
      'a wrong secret': { client_secret_file: await createFile('not-the-secret') },
      'an expired secret': {},
      'an unknown application': { client_id: otherTenantId },
      'a Resource Manager that the tenant does not know': { audience: 'https://nobody.example' },
    }[what];

    const read = await observe({ ...source, ...overrides });

    expect(read.error).toMatchObject({
      name: 'ProviderError',
      code: 'credentials_refused',
      message: expect.stringMatching(new RegExp(`^${code}: .*${remedy}.*correlation id [0-9a-f-]{36}`)),
    });
    expect(read.observations).toEqual([]);
    expect(String(read.error) + read.log).not.toContain('not-the-secret');
    expect(fake.requests.filter(({ service }) => service === 'arm')).toEqual([]);
  });

  test.for(['client_secret_file', 'federated_token_file'])('a %s that is not there is named', async (key) => {
    const { source } = await startAzure();
    const { client_secret_file: _unused, ...rest } = source;

    const read = await observe({ ...rest, [key]: '/nowhere/credential' });

    expect(read.error).toMatchObject({ code: 'no_credentials', message: expect.stringContaining(key) });
  });

  test('an unknown tenant, of which the SDK says only that it has no endpoints, is one of the things to check', async () => {
    const { source } = await startAzure();

    const read = await observe({ ...source, tenant_id: otherTenantId });

    expect(read.error).toMatchObject({ code: 'unreachable', message: expect.stringContaining('tenant_id') });
    expect(read.observations).toEqual([]);
  });

  test('a token for another cloud is refused with what to check', async () => {
    const { source } = await startAzure({ audience: 'https://management.chinacloudapi.cn' });

    const read = await observe({ ...source, audience: 'https://management.azure.com' });

    expect(read.error).toMatchObject({ code: 'invalid_credentials', message: expect.stringContaining('cloud') });
    expect(read.observations).toEqual([]);
  });
});

describe('a hierarchy that may not be read', () => {
  test('leaves places out, is named, and nothing is declared', async () => {
    const { access, source } = await startAzure();
    access.hierarchy = 'denied';

    const read = await observe(source);

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(45);
    expect(read.enumerated).toEqual([]);
    expect(read.skipped).toEqual([{ what: `the management groups of ${tenantId}`, kinds: [] }]);
    for (const account of read.accounts.values()) {
      expect(account).not.toHaveProperty('parent_id');
      expect(account).not.toHaveProperty('org_path');
      expect(account).not.toHaveProperty('org_path_ids');
    }
  });

  test('from its root looks complete and proves nothing', async () => {
    const { access, source } = await startAzure();
    access.hierarchy = 'filtered';

    const read = await observe(source);

    expect(read.error).toBeUndefined();
    expect([read.accounts.size, read.nodes.size]).toEqual([45, 0]);
    expect(read.enumerated).toEqual([]);
    expect(read.skipped).toHaveLength(1);
  });

  test('beyond a page declares nothing, and what was read is kept', async () => {
    const { fake, source } = await startAzure({ behaviour: { empty_page_ratio: 0 } });
    fake.faults.plan({ operation: 'GetEntities', page: 2, effect: denied });

    const read = await observe(source);

    expect(read.error).toBeUndefined();
    expect(read.enumerated).toEqual([]);
    expect(read.accounts.size).toBe(45);
    expect(read.nodes.size).toBe(13);
    fake.assertNoUnexpected();
  });

  test('whose root is only shown on the way to a group proves nothing', async () => {
    const { fake, source } = await startAzure();
    const text = (body: Record<string, unknown>) => JSON.stringify(body).replaceAll('"view"', '"noaccess"');
    fake.faults.plan({ operation: 'GetEntities', effect: { kind: 'alter', alter: (body) => JSON.parse(text(body)) } });

    const read = await observe(source);

    expect(read.nodes.size).toBe(13);
    expect(read.enumerated).toEqual([]);
  });
});

test('a subscription that the hierarchy shows and the list does not is seen, and named', async () => {
  const { tenant, access, source } = await startAzure();
  const [lost = ''] = tenant.subscriptions.keys();
  revokeReader(access, lost);

  const read = await observe(source);

  expect(read.accounts.get(lost)).toMatchObject({ id: lost, org_id: tenantId, org_path_ids: expect.any(Array) });
  for (const unread of ['status', 'lifecycle', 'tags', 'details']) {
    expect(read.accounts.get(lost)).not.toHaveProperty(unread);
  }
  expect(read.skipped).toEqual([{ what: `subscription ${lost}`, kinds: [] }]);
  expect(read.enumerated.toSorted()).toEqual(['account', 'org_node']);
});

test('a refusal on a page of subscriptions fails the scope: what was seen is yielded, accounts are not declared', async () => {
  const { fake, source } = await startAzure({ behaviour: { empty_page_ratio: 0 } });
  fake.faults.plan({ operation: 'ListSubscriptions', page: 3, effect: denied });

  const read = await observe(source);

  expect(read.error).toMatchObject({
    code: 'access_denied',
    status: 403,
    message: expect.stringMatching(/Microsoft\.Resources\/subscriptions\/read.*request ids [0-9a-f-]{36}/),
  });
  expect(read.accounts.size).toBe(40);
  expect(read.enumerated).toEqual(['org_node']);
  expect(read.memo).toBeNull();
  expect(read.requests.at(-1)).toMatchObject({ page: 3, http_status: 403, items: 0, attempts: 1 });
});

describe.for(['ListSubscriptions', 'GetEntities'])('a listing by %s', (operation) => {
  const setUp = () => startAzure({ behaviour: { empty_page_ratio: 0 } });

  test('is never followed to another host', async () => {
    const { fake, source } = await setUp();
    fake.faults.plan({ operation, page: 2, effect: { kind: 'foreign_link' } });

    const read = await observe(source);

    expect(read.error).toMatchObject({ code: 'foreign_link', message: expect.stringContaining(fake.foreign_url) });
    expect(fake.foreign_requests).toEqual([]);
    expect(read.enumerated).not.toContain('account');
    expect(JSON.stringify(read.observations)).not.toContain(foreignSubscriptionName);
  });

  test('that repeats a link is stopped', async () => {
    const { fake, source } = await setUp();
    fake.faults.plan({ operation, page: 2, effect: { kind: 'repeat_link' } });

    const read = await observe(source);

    expect(read.error).toMatchObject({ code: 'repeated_page_token' });
    expect(read.enumerated).not.toContain('account');
  });

  test('whose skip token died starts again, once', async () => {
    const { fake, source } = await setUp();
    fake.faults.plan({ operation, page: 2, nth: 1, effect: { kind: 'expired_page_token' } });

    const read = await observe(source);

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(45);
    expect(read.enumerated).toContain('account');
  });

  test('whose skip token dies every time fails', async () => {
    const { fake, source } = await setUp();
    fake.faults.plan({ operation, page: 2, effect: { kind: 'expired_page_token' } });

    expect((await observe(source)).error).toMatchObject({ code: 'invalid_page_token' });
  });

  test('survives throttling that says when to come back, and counts the attempts', async () => {
    const { fake, source } = await setUp();
    fake.faults.plan({ operation, page: 2, nth: 1, effect: { kind: 'throttle', retry_after_seconds: 1 } });

    const read = await observe(source);

    expect(read.error).toBeUndefined();
    const throttled = read.requests.find(({ operation: name, page }) => name === `azure:${operation}` && page === 2);
    expect(throttled).toMatchObject({ attempts: 2, http_status: 200 });
    expect(throttled?.retry_delay_ms).toBeGreaterThanOrEqual(900);
  });

  test.for([
    ['malformed', { kind: 'malformed' }],
    ['without its list', { kind: 'omit', member: 'value' }],
    ['from a proxy', { kind: 'raw', status: 200, body: '<html>', content_type: 'text/html' }],
  ] as const)('is not taken for its end when an answer is %s', async ([, effect]) => {
    const { fake, source } = await setUp();
    fake.faults.plan({ operation, page: 2, effect });

    const read = await observe(source);

    expect(read.error).toMatchObject({ code: 'malformed_answer' });
    expect(read.enumerated).not.toContain('account');
  });

  test('goes on with a new token when the old one was ended before its time', async () => {
    const { fake, source } = await setUp();
    fake.faults.plan({ operation, page: 2, nth: 1, effect: { kind: 'expired_token' } });

    const read = await observe(source);

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(45);
  });

  test('ends at once when it is told to', async () => {
    const { fake, source } = await setUp();
    const controller = new AbortController();
    const reason = new Error('told to stop');
    fake.faults.plan({
      operation,
      page: 2,
      effect: { kind: 'mutate', mutate: () => void setTimeout(() => controller.abort(reason), 20) },
    });
    fake.faults.plan({ operation, page: 2, effect: { kind: 'hang' } });

    const read = await observe(source, { signal: controller.signal });

    expect(read.error).toBe(reason);
  });
});

test('a connection that is cut is made again', async () => {
  const { fake, source } = await startAzure({ behaviour: { empty_page_ratio: 0 } });
  for (const page of [1, 2]) {
    fake.faults.plan({ operation: 'GetEntities', page, nth: 1, effect: { kind: 'reset' } });
  }
  fake.faults.plan({ operation: 'ListSubscriptions', page: 2, nth: 1, effect: { kind: 'reset' } });

  const read = await observe(source);

  expect(read.error).toBeUndefined();
  expect(read.accounts.size).toBe(45);
  expect(read.requests.filter(({ attempts }) => attempts === 2)).toHaveLength(3);
});

test('an outage that lasts fails the scope as one to try again', async () => {
  const { fake, source } = await startAzure();
  fake.faults.plan({ operation: 'GetEntities', effect: { kind: 'error', code: 'InternalServerError', status: 500 } });

  const read = await observe(source);

  expect(read.error).toMatchObject({ code: 'azure_error', status: 500, retryable: true });
  expect(read.enumerated).toEqual([]);
});

describe('a subscription that Lighthouse projects', () => {
  async function startTwo(lighthouse_tenant: 'home' | 'managing') {
    const own = createTenant({ id: tenantId, subscriptions: 5 });
    const home = createTenant({ id: otherTenantId, subscriptions: 5 });
    const [delegated = ''] = home.subscriptions.keys();
    delegateSubscription(home, delegated, own.id);
    return { ...(await startAzure({ tenants: [own, home], behaviour: { lighthouse_tenant } })), home, delegated };
  }

  test('is of its home tenant and has no place here', async () => {
    const { source, delegated } = await startTwo('home');

    const read = await observe(source);

    expect(read.accounts.size).toBe(6);
    expect(read.accounts.get(delegated)).toMatchObject({
      org_id: otherTenantId,
      details: { home_tenant: otherTenantId, managed_by_tenants: [tenantId] },
    });
    expect(read.accounts.get(delegated)).not.toHaveProperty('parent_id');
  });

  test.for([
    'home',
    'managing',
  ] as const)('is kept when it is no longer listed, whichever tenant it names (%s)', async (lighthouse_tenant) => {
    const { source, home, delegated } = await startTwo(lighthouse_tenant);
    const first = await observe(source);
    undelegateSubscription(home, delegated);

    const second = await observe(source, { memo: first.memo });
    const third = await observe(source, { memo: second.memo });

    for (const read of [second, third]) {
      expect(read.accounts.has(delegated)).toBe(false);
      expect(read.kept).toEqual([`azure/${delegated}`]);
      expect(read.skipped).toEqual([{ what: `subscription ${delegated}`, kinds: [] }]);
    }
  });

  test.for([
    ['hierarchy', 'reader'],
    ['list alone', 'denied'],
  ] as const)('has an unknown home when the list names the managing tenant, by the %s', async ([, view]) => {
    const { source, access, delegated } = await startTwo('managing');
    access.hierarchy = view;

    const { accounts } = await observe(source);

    expect(accounts.get(delegated)).not.toHaveProperty('org_id');
    expect(accounts.get(delegated)?.details).not.toHaveProperty('home_tenant');
    const own = [...accounts.values()].filter(({ id }) => id !== delegated);
    for (const { org_id } of own) expect(org_id).toBe(tenantId);
  });

  test('is let go when it was deleted when last seen', async () => {
    const { source, home, delegated } = await startTwo('home');
    setSubscriptionState(home, delegated, 'Deleted');
    const first = await observe(source);
    removeSubscription(home, delegated);

    const second = await observe(source, { memo: first.memo });

    expect(second.accounts.has(delegated)).toBe(false);
    expect(second.skipped).toEqual([]);
  });
});

test('ids are in lower case however Azure writes them, and a state that nobody has heard of passes', async () => {
  const { tenant, source } = await startAzure({ behaviour: { id_case: 'upper' } });
  const id = 'abcdefab-cdef-4abc-8def-abcdefabcdef';
  addSubscription(tenant, { id, display_name: 'new', state: 'Hibernating' });

  const read = await observe(source);

  expect(read.accounts.size).toBe(46);
  expect(read.accounts.get(id)).toMatchObject({ status: 'Hibernating', lifecycle: 'unknown', org_id: tenantId });
  for (const { key, attributes } of read.observations) {
    expect(key).toBe(key.toLowerCase());
    expect(attributes).toMatchObject({ org_id: tenantId });
  }
});

test('a nextLink to another host is not followed by the SDK either', async () => {
  const { fake, source } = await startAzure();
  fake.faults.plan({ operation: 'ListSubscriptions', page: 1, effect: { kind: 'foreign_link' } });
  const session = await openSession(contextOf(collector, { sources: [source] }));
  const ask = subscriptionListing(session).open();
  await ask(undefined);

  const { thrown } = await ask(undefined);

  expect(thrown).toMatchObject({ code: 'foreign_link' });
  expect(fake.foreign_requests).toEqual([]);
});
