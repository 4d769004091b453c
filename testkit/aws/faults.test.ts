// Tests of the fake's scripted faults, each asserted with the bare SDK.
import { ListAccountsCommand, type OrganizationsClient, paginateListAccounts } from '@aws-sdk/client-organizations';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { openAwsFake } from './fake.ts';
import { renameAccount } from './mutations.ts';
import { organizationsClient, startOrganization, stsClient, taggingClient } from './sdk-for-tests.ts';

const impatient = { requestHandler: { requestTimeout: 30, throwOnRequestTimeout: true } };

function listPage(client: OrganizationsClient, token?: string) {
  return client.send(new ListAccountsCommand(token === undefined ? {} : { NextToken: token }));
}

/** The ids that a walk yields before it fails, and how it fails. */
async function walk(client: OrganizationsClient): Promise<{ ids: string[]; error: unknown }> {
  const ids: string[] = [];
  try {
    for await (const page of paginateListAccounts({ client }, {})) {
      ids.push(...(page.Accounts ?? []).map((account) => account.Id ?? ''));
    }
    return { ids, error: undefined };
  } catch (error) {
    return { ids, error };
  }
}

test('AccessDenied on page 3 comes after two good pages', async () => {
  const { client, fake } = await startOrganization();
  fake.faults.plan({
    operation: 'ListAccounts',
    page: 3,
    effect: { kind: 'error', code: 'AccessDeniedException', message: 'no more' },
  });

  const { ids, error } = await walk(client);

  expect(ids).toHaveLength(40);
  expect(error).toMatchObject({ name: 'AccessDeniedException', message: 'no more' });
  expect(fake.requests.at(-1)).toMatchObject({
    error_code: 'AccessDeniedException',
    http_status: 400,
    faults: ['error'],
  });
});

test('a throttling storm of three ends with the fourth call', async () => {
  const { client, fake } = await startOrganization();
  const storm = fake.faults.plan({ operation: 'ListAccounts', times: 3, effect: { kind: 'throttle' } });

  for (let call = 1; call <= 3; call += 1) {
    await expect(listPage(client)).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  }

  await listPage(client);
  expect(storm.hits()).toBe(3);
  expect(fake.requests.map((request) => request.http_status)).toEqual([400, 400, 400, 200]);
});

test('throttling may say when to come back, and each service has its own word for it', async () => {
  const { client, fake, keys } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'throttle', retry_after_seconds: 7 } });

  const listing = listPage(client);
  const tagging = taggingClient(fake, keys).send(new GetResourcesCommand({}));
  const identity = stsClient(fake, keys).send(new GetCallerIdentityCommand({}));

  await expect(listing).rejects.toMatchObject({
    name: 'TooManyRequestsException',
    $response: { headers: { 'retry-after': '7' } },
  });
  await expect(tagging).rejects.toMatchObject({ name: 'ThrottledException' });
  await expect(identity).rejects.toMatchObject({ name: 'Throttling' });
});

test('a cut connection reaches the client as such, before and in the middle of an answer', async () => {
  const { client, fake } = await startOrganization();
  fake.faults.plan({ nth: 1, effect: { kind: 'reset' } });
  fake.faults.plan({ nth: 2, effect: { kind: 'reset', after_headers: true } });

  await expect(listPage(client)).rejects.toMatchObject({ code: 'ECONNRESET' });
  await expect(listPage(client)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(fake.requests.map((request) => request.http_status)).toEqual([null, null]);
});

test.for(['hang', 'delay'] as const)('a client with a deadline survives a %s', async (kind) => {
  const { fake, keys } = await startOrganization();
  fake.faults.plan({ effect: kind === 'hang' ? { kind } : { kind, ms: 3_600_000 } });

  const call = listPage(organizationsClient(fake, keys, impatient));

  await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a short delay only delays', async () => {
  const { client, fake } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'delay', ms: 20 } });
  const before = performance.now();

  await listPage(client);

  expect(performance.now() - before).toBeGreaterThan(18);
});

test('a 503 with the web page of a proxy is an error with that status', async () => {
  const { client, fake } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'raw', status: 503, body: '<html>busy</html>' } });

  await expect(listPage(client)).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
});

test('an internal error in the service’s own words is retried by the SDK', async () => {
  const { fake, keys } = await startOrganization();
  fake.faults.plan({ times: 1, effect: { kind: 'error', code: 'ServiceException', status: 500 } });

  const answer = await listPage(organizationsClient(fake, keys, { maxAttempts: 2 }));

  expect(answer.Accounts).toHaveLength(20);
});

test('JSON that breaks off is a syntax error', async () => {
  const { client, fake } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'malformed' } });

  await expect(listPage(client)).rejects.toBeInstanceOf(SyntaxError);
});

test('a page without its list is accepted by the SDK in silence', async () => {
  const { client, fake } = await startOrganization();
  fake.faults.plan({ page: 2, effect: { kind: 'omit', member: 'Accounts' } });

  const { ids, error } = await walk(client);

  expect(error).toBeUndefined();
  expect(ids).toHaveLength(25);
});

test('a repeated token makes the SDK walk for ever', async () => {
  const { client, fake } = await startOrganization();
  fake.faults.plan({ operation: 'ListAccounts', effect: { kind: 'repeat_token' } });
  const tokens: (string | undefined)[] = [];

  for await (const page of paginateListAccounts({ client }, {})) {
    tokens.push(page.NextToken);
    if (tokens.length === 10) break;
  }

  expect(tokens).toHaveLength(10);
  expect(new Set(tokens).size).toBe(1);
});

test('credentials and page tokens that expire in mid-walk are refused in the service’s words', async () => {
  const { client, fake } = await startOrganization();
  const { NextToken: token } = await listPage(client);
  fake.faults.plan({ page: 2, nth: 1, effect: { kind: 'expired_credentials' } });
  fake.faults.plan({ page: 2, nth: 2, effect: { kind: 'expired_page_token' } });

  await expect(listPage(client, token)).rejects.toMatchObject({ name: 'ExpiredTokenException' });
  await expect(listPage(client, token)).rejects.toMatchObject({ Reason: 'INVALID_NEXT_TOKEN' });
  await expect(listPage(client, token)).resolves.toHaveProperty('Accounts');
});

test('an answer may be altered, such as one account without a state', async () => {
  const { client, fake, organization } = await startOrganization();
  fake.faults.plan({
    operation: 'ListAccounts',
    effect: { kind: 'alter', alter: (body) => ({ ...body, Accounts: [{ Id: organization.management_account_id }] }) },
  });

  const answer = await listPage(client);

  expect(answer.Accounts).toEqual([{ Id: organization.management_account_id }]);
});

test('a fault may choose its request, can be cancelled, and must have happened', async () => {
  const { client, fake, keys } = await startOrganization();
  const denied = { kind: 'error', code: 'AccessDeniedException' } as const;
  const others = fake.faults.plan({ when: (request) => request.access_key_id !== keys.access_key_id, effect: denied });

  await listPage(client);

  expect(others.hits()).toBe(0);
  expect(() => fake.assertNoUnexpected()).toThrow('unused fault error');
  others.cancel();
  fake.assertNoUnexpected();
});

test('a mistake in a planned mutation does not pass for a broken connection', async () => {
  const { client, fake, organization } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'mutate', mutate: () => renameAccount(organization, '000000000001', 'none') } });

  await expect(listPage(client)).rejects.toMatchObject({ code: 'ECONNRESET' });

  expect(() => fake.assertNoUnexpected()).toThrow('has no account 000000000001');
});

test('the same seed gives the same pages, another seed others', async () => {
  const pagesOf = async (seed: number) => {
    const { organization } = await startOrganization();
    const fake = await openAwsFake({ organizations: [organization], seed, behaviour: { empty_page_ratio: 0.5 } });
    const client = organizationsClient(fake, fake.addUser(organization.management_account_id));
    const pages = await Array.fromAsync(paginateListAccounts({ client }, {}));
    await fake.close();
    return pages.map((page) => [page.Accounts?.length, page.NextToken, page.$metadata.requestId]);
  };

  const [first, again, other] = [await pagesOf(1), await pagesOf(1), await pagesOf(2)];

  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});
