// Tests of the fake's Organizations API with the bare SDK: listings, tokens, callers, throttling.
import {
  DescribeOrganizationalUnitCommand,
  DescribeOrganizationCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListChildrenCommand,
  ListDelegatedServicesForAccountCommand,
  ListHandshakesForOrganizationCommand,
  ListOrganizationalUnitsForParentCommand,
  ListTagsForResourceCommand,
  type OrganizationsClient,
  paginateListAccounts,
  paginateListAccountsForParent,
  paginateListChildren,
  paginateListDelegatedAdministrators,
  paginateListOrganizationalUnitsForParent,
  paginateListRoots,
  paginateListTagsForResource,
} from '@aws-sdk/client-organizations';
import { describe, expect, test } from 'vitest';
import { createOrganization } from './create-organization.ts';
import {
  addAccount,
  delegate,
  moveAccount,
  removeAccount,
  renameAccount,
  tagResource,
  transferAccount,
  untagResource,
} from './mutations.ts';
import { accountStates } from './organization.ts';
import { organizationsClient, startFake, startOrganization } from './sdk-for-tests.ts';

async function listAccounts(client: OrganizationsClient) {
  const pages = await Array.fromAsync(paginateListAccounts({ client }, {}));
  return pages.flatMap((page) => page.Accounts ?? []);
}

describe('listing', () => {
  test('the SDK finds every account once, in all five states, whatever empty pages come between', async () => {
    const { client, organization, fake } = await startOrganization({ empty_page_ratio: 0.5 });

    const accounts = await listAccounts(client);

    expect(accounts.map((account) => account.Id)).toEqual([...organization.accounts.keys()]);
    expect(fake.requests.length).toBeGreaterThan(3);
    expect(new Set(accounts.map((account) => account.State))).toEqual(new Set(accountStates));
  });

  test('without empty pages 45 accounts take three requests', async () => {
    const { client, fake } = await startOrganization();

    await listAccounts(client);

    expect(fake.requests.map((request) => request.page)).toEqual([1, 2, 3]);
  });

  test('an account carries ARN, path and joining date, and no retired status', async () => {
    const { client, organization } = await startOrganization();
    const id = organization.management_account_id;

    const [management] = await listAccounts(client);

    expect(management).toMatchObject({
      Id: id,
      Arn: `arn:aws:organizations::${id}:account/${organization.id}/${id}`,
      Paths: [`${organization.id}/${organization.root.id}/${id}/`],
      JoinedTimestamp: organization.accounts.get(id)?.joined_at,
      State: 'ACTIVE',
    });
    expect(management).not.toHaveProperty('Status');
  });

  test.for([
    ['state', ['State']],
    ['status', ['Status']],
    ['both', ['State', 'Status']],
    ['neither', []],
  ] as const)('accounts carry %s when told so', async ([fields, expected]) => {
    const { client } = await startOrganization({ account_state: fields });

    const [account] = await listAccounts(client);

    expect(
      Object.keys(account ?? {})
        .filter((name) => name.startsWith('Stat'))
        .sort(),
    ).toEqual(expected);
  });

  test('accounts and units carry no paths when told so', async () => {
    const { client, organization } = await startOrganization({ paths: false });

    const [account] = await listAccounts(client);
    const units = await client.send(new ListOrganizationalUnitsForParentCommand({ ParentId: organization.root.id }));

    expect(account).not.toHaveProperty('Paths');
    expect(units.OrganizationalUnits?.[0]).not.toHaveProperty('Path');
  });

  test('walking the tree finds the accounts and units that the flat list and its paths name', async () => {
    const { client, organization } = await startOrganization({ empty_page_ratio: 0.3 });
    const accounts = new Set<string>();
    const units = new Set<string>();
    const walk = async (parent: string): Promise<void> => {
      for await (const page of paginateListAccountsForParent({ client }, { ParentId: parent })) {
        for (const account of page.Accounts ?? []) accounts.add(account.Id ?? '');
      }
      for await (const page of paginateListOrganizationalUnitsForParent({ client }, { ParentId: parent })) {
        for (const { Id: id = '', Path: path } of page.OrganizationalUnits ?? []) {
          units.add(id);
          expect(path).toMatch(new RegExp(`^${organization.id}/${organization.root.id}/.*${id}/$`));
          await walk(id);
        }
      }
    };

    for await (const page of paginateListRoots({ client }, {})) {
      for (const root of page.Roots ?? []) await walk(root.Id ?? '');
    }

    expect(accounts).toEqual(new Set(organization.accounts.keys()));
    expect(units).toEqual(new Set(organization.units.keys()));
  });

  test('ListChildren names ids and types only', async () => {
    const { client, organization } = await startOrganization();

    const children = await Array.fromAsync(
      paginateListChildren({ client }, { ParentId: organization.root.id, ChildType: 'ORGANIZATIONAL_UNIT' }),
    );

    const expected = [...organization.units.values()].filter((unit) => unit.parent_id === organization.root.id);
    expect(children.flatMap((page) => page.Children)).toEqual(
      expected.map((unit) => ({ Id: unit.id, Type: 'ORGANIZATIONAL_UNIT' })),
    );
  });

  test('a unit is described by its id', async () => {
    const { client, organization } = await startOrganization();
    const [unit] = organization.units.values();

    const answer = await client.send(new DescribeOrganizationalUnitCommand({ OrganizationalUnitId: unit?.id }));

    expect(answer.OrganizationalUnit).toMatchObject({ Id: unit?.id, Name: unit?.name });
  });

  test('tags come in pages', async () => {
    const { client, organization } = await startOrganization({ tags_per_page: 2 });
    tagResource(organization, organization.root.id, { a: '1', b: '2', c: '3', d: '4', e: '5' });

    const pages = await Array.fromAsync(paginateListTagsForResource({ client }, { ResourceId: organization.root.id }));

    expect(pages.length).toBeGreaterThanOrEqual(3);
    expect(pages.flatMap((page) => page.Tags)).toContainEqual({ Key: 'e', Value: '5' });
  });

  test('even a list of nothing may carry a token', async () => {
    const { client, organization } = await startOrganization({ empty_page_ratio: 1 });
    untagResource(organization, organization.root.id, ['env', 'team', 'cost-center']);

    const answer = await client.send(new ListTagsForResourceCommand({ ResourceId: organization.root.id }));

    expect(answer).toMatchObject({ Tags: [], NextToken: expect.any(String) });
  });

  test('delegated administrators and their services are told with their dates', async () => {
    const { client, organization } = await startOrganization();

    const pages = await Array.fromAsync(paginateListDelegatedAdministrators({ client }, {}));
    const [first, second] = pages.flatMap((page) => page.DelegatedAdministrators ?? []);
    const services = await client.send(new ListDelegatedServicesForAccountCommand({ AccountId: second?.Id }));

    expect([first?.Id, second?.Id]).toEqual([...organization.delegations.keys()]);
    expect(first?.DelegationEnabledDate).toBeInstanceOf(Date);
    expect(services.DelegatedServices).toHaveLength(2);
  });

  test('another shuffle seed gives the same accounts in another order', async () => {
    const { client, fake } = await startOrganization();
    const inOrder = (await listAccounts(client)).map((account) => account.Id);

    fake.behaviour.shuffle_seed = 7;
    const shuffled = (await listAccounts(client)).map((account) => account.Id);

    expect(shuffled).not.toEqual(inOrder);
    expect(shuffled.toSorted()).toEqual(inOrder.toSorted());
  });
});

describe('limits', () => {
  test('more than 20 results to a page are refused', async () => {
    const { client } = await startOrganization();

    const call = client.send(new ListAccountsCommand({ MaxResults: 21 }));

    await expect(call).rejects.toMatchObject({ name: 'InvalidInputException', Reason: 'MAX_VALUE_EXCEEDED' });
  });

  test.for([
    ['made up', () => 'made-up'],
    ['of another listing', (_: string, other: string) => other],
    ['too old', (own: string) => own],
  ] as const)('a page token that is %s is refused', async ([kind, pick]) => {
    const { client, fake, organization } = await startOrganization();
    const own = await client.send(new ListAccountsCommand({}));
    const parent = organization.root.id;
    const other = await client.send(new ListAccountsForParentCommand({ ParentId: parent, MaxResults: 1 }));
    if (kind === 'too old') fake.behaviour.page_token_lifetime_ms = -1;

    const call = client.send(new ListAccountsCommand({ NextToken: pick(own.NextToken ?? '', other.NextToken ?? '') }));

    await expect(call).rejects.toMatchObject({ name: 'InvalidInputException', Reason: 'INVALID_NEXT_TOKEN' });
  });

  test("another caller's page token is refused", async () => {
    const { client, fake, organization } = await startOrganization();
    const [delegate = ''] = organization.delegations.keys();
    const { NextToken } = await client.send(new ListAccountsCommand({}));

    const call = organizationsClient(fake, fake.addUser(delegate)).send(new ListAccountsCommand({ NextToken }));

    await expect(call).rejects.toMatchObject({ Reason: 'INVALID_NEXT_TOKEN' });
  });

  test('a page may be asked for twice, as a retry does', async () => {
    const { client } = await startOrganization();
    const { NextToken } = await client.send(new ListAccountsCommand({}));

    const once = await client.send(new ListAccountsCommand({ NextToken }));
    const again = await client.send(new ListAccountsCommand({ NextToken }));

    expect(again.Accounts).toEqual(once.Accounts);
  });

  test('a bucket that is empty answers 400 TooManyRequestsException, for its own operation alone', async () => {
    const { client, fake } = await startOrganization({ rates: { ListAccounts: { per_second: 0, burst: 1 } } });

    await client.send(new ListAccountsCommand({}));
    const call = client.send(new ListAccountsCommand({}));

    await expect(call).rejects.toMatchObject({ name: 'TooManyRequestsException', $metadata: { httpStatusCode: 400 } });
    await client.send(new DescribeOrganizationCommand({}));
    expect(fake.requests.map((request) => request.http_status)).toEqual([200, 400, 200]);
  });
});

describe('callers', () => {
  test('a delegated administrator and a member that the resource policy names may list', async () => {
    const { fake, organization } = await startOrganization();
    const [delegated = ''] = organization.delegations.keys();
    const member = [...organization.accounts.keys()].at(-1) ?? '';
    organization.policy_readers.add(member);

    for (const id of [delegated, member]) {
      const accounts = await listAccounts(organizationsClient(fake, fake.addUser(id)));
      expect(accounts).toHaveLength(45);
    }
  });

  test('a member may ask which organization it is in, and nothing else', async () => {
    const { fake, organization } = await startOrganization();
    const client = organizationsClient(fake, fake.addUser([...organization.accounts.keys()].at(-1) ?? ''));

    const answer = await client.send(new DescribeOrganizationCommand({}));
    const listing = client.send(new ListAccountsCommand({}));

    expect(answer.Organization).toMatchObject({
      Id: organization.id,
      MasterAccountId: organization.management_account_id,
    });
    await expect(listing).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('an account of no organization is told so', async () => {
    const { fake } = await startOrganization();
    const client = organizationsClient(fake, fake.addUser('000000000001'));

    for (const command of [new DescribeOrganizationCommand({}), new ListAccountsCommand({})] as const) {
      const call = command instanceof ListAccountsCommand ? client.send(command) : client.send(command);
      await expect(call).rejects.toMatchObject({ name: 'AWSOrganizationsNotInUseException' });
    }
  });

  test('each organization sees its own accounts, and a transferred one changes sides', async () => {
    const first = createOrganization({ id: 'o-exampleorg1', accounts: 10 });
    const second = createOrganization({ id: 'o-exampleorg2', accounts: 10 });
    const fake = await startFake({ organizations: [first, second] });
    const clients = [first, second].map((each) => organizationsClient(fake, fake.addUser(each.management_account_id)));
    const member = [...first.accounts.keys()].at(-1) ?? '';

    transferAccount(first, member, second);

    const [left, right] = await Promise.all(clients.map(listAccounts));
    expect(first.root.id).toBe(second.root.id);
    expect(left?.map((account) => account.Id)).not.toContain(member);
    expect(right?.map((account) => account.Id)).toContain(member);
  });
});

describe('changes in the middle of a walk', () => {
  test('an account that moves to a parent that was already listed is seen in neither', async () => {
    const { client, fake, organization } = await startOrganization();
    const [from] = organization.units.keys();
    const moved = [...organization.accounts.values()].find((account) => account.parent_id === from);
    fake.faults.plan({
      operation: 'ListAccountsForParent',
      nth: 2,
      effect: { kind: 'mutate', mutate: () => moveAccount(organization, moved?.id ?? '', organization.root.id) },
    });

    const root = await client.send(new ListAccountsForParentCommand({ ParentId: organization.root.id }));
    const unit = await client.send(new ListAccountsForParentCommand({ ParentId: from }));

    const seen = [...(root.Accounts ?? []), ...(unit.Accounts ?? [])].map((account) => account.Id);
    expect(seen).not.toContain(moved?.id);
    fake.assertNoUnexpected();
  });

  test('an account that leaves makes the walk miss the one that took its place', async () => {
    const { client, fake, organization } = await startOrganization();
    const before = [...organization.accounts.keys()];
    fake.faults.plan({
      operation: 'ListAccounts',
      page: 2,
      effect: { kind: 'mutate', mutate: () => removeAccount(organization, before[1] ?? '') },
    });

    const seen = (await listAccounts(client)).map((account) => account.Id);

    expect(seen).toContain(before[1]);
    expect(seen).not.toContain(before[20]);
  });

  test('an account that joins and one that is renamed show in the pages that follow', async () => {
    const { client, fake, organization } = await startOrganization();
    const last = [...organization.accounts.keys()].at(-1) ?? '';
    fake.faults.plan({
      operation: 'ListAccounts',
      page: 3,
      effect: {
        kind: 'mutate',
        mutate: () => {
          renameAccount(organization, last, 'renamed');
          addAccount(organization, { id: '999999999999', name: 'newcomer' });
        },
      },
    });

    const names = (await listAccounts(client)).map((account) => account.Name);

    expect(names.slice(-2)).toEqual(['renamed', 'newcomer']);
  });

  test('a member that becomes a delegated administrator may list at once', async () => {
    const { fake, organization } = await startOrganization();
    const member = [...organization.accounts.keys()].at(-1) ?? '';
    const client = organizationsClient(fake, fake.addUser(member));

    delegate(organization, member, 'config.amazonaws.com');

    await expect(listAccounts(client)).resolves.toHaveLength(45);
  });
});

describe('strictness', () => {
  test('what does not exist is not found', async () => {
    const { client } = await startOrganization();
    const unit = 'ou-none-00000000';

    await expect(client.send(new DescribeOrganizationalUnitCommand({ OrganizationalUnitId: unit }))).rejects.toThrow(
      expect.objectContaining({ name: 'OrganizationalUnitNotFoundException' }),
    );
    await expect(client.send(new ListChildrenCommand({ ParentId: unit, ChildType: 'ACCOUNT' }))).rejects.toThrow(
      expect.objectContaining({ name: 'ParentNotFoundException' }),
    );
    await expect(client.send(new ListTagsForResourceCommand({ ResourceId: '000000000001' }))).rejects.toThrow(
      expect.objectContaining({ name: 'TargetNotFoundException' }),
    );
  });

  test('an operation that the fake does not know fails, and fails the test', async () => {
    const { client, fake } = await startOrganization();

    const call = client.send(new ListHandshakesForOrganizationCommand({}));

    await expect(call).rejects.toMatchObject({ name: 'UnknownOperationException' });
    expect(() => fake.assertNoUnexpected()).toThrow('ListHandshakesForOrganization');
  });

  test('a protocol that the pinned clients do not speak fails, and fails the test', async () => {
    const { fake } = await startOrganization();

    const answer = await fetch(`${fake.url}/service/Organizations/operation/ListAccounts`, {
      method: 'POST',
      headers: { 'smithy-protocol': 'rpc-v2-cbor' },
    });

    expect(answer.status).toBe(400);
    expect(() => fake.assertNoUnexpected()).toThrow('/service/Organizations/operation/ListAccounts');
  });

  test('the log says who asked what, for which page, and whom the answer is about', async () => {
    const { client, fake, organization, keys } = await startOrganization();

    const first = await client.send(new ListAccountsCommand({}));
    const [unit = ''] = organization.units.keys();
    await client.send(new ListTagsForResourceCommand({ ResourceId: unit }));

    expect(fake.requests).toMatchObject([
      {
        service: 'organizations',
        operation: 'ListAccounts',
        region: 'us-east-1',
        access_key_id: keys.access_key_id,
        request_id: first.$metadata.requestId,
        page: 1,
        page_token_in: null,
        page_token_out: first.NextToken,
        http_status: 200,
        error_code: null,
        subjects: [...organization.accounts.keys()].slice(0, 20).sort(),
      },
      { operation: 'ListTagsForResource', subjects: [unit] },
    ]);
  });
});
