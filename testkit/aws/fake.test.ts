import {
  DescribeOrganizationalUnitCommand,
  DescribeOrganizationCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListChildrenCommand,
  ListDelegatedServicesForAccountCommand,
  ListHandshakesForOrganizationCommand,
  ListOrganizationalUnitsForParentCommand,
  ListRootsCommand,
  ListTagsForResourceCommand,
  OrganizationsClient,
  type OrganizationsClientConfig,
  paginateListAccounts,
  paginateListAccountsForParent,
  paginateListChildren,
  paginateListDelegatedAdministrators,
  paginateListOrganizationalUnitsForParent,
} from '@aws-sdk/client-organizations';
import { afterEach, describe, expect, test } from 'vitest';
import { createOrganization } from './create-organization.ts';
import { type AwsFake, type AwsFakeOptions, openAwsFake } from './fake.ts';
import {
  addAccount,
  moveAccount,
  removeAccount,
  renameAccount,
  setAccountState,
  transferAccount,
} from './mutations.ts';
import { type AwsOrganization, accountStates } from './organization.ts';
import type { AwsPrincipal } from './world.ts';

const open: { close(): Promise<void> | void }[] = [];

afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.close();
});

async function startFake(options: AwsFakeOptions): Promise<AwsFake> {
  const fake = await openAwsFake(options);
  open.push(fake);
  return fake;
}

function organization(accounts = 45, id = 'o-exampleorg1'): AwsOrganization {
  return createOrganization({ id, accounts, organizational_units: 12, depth: 3, delegated_administrators: 2 });
}

function toCredentials(keys: AwsPrincipal) {
  return {
    accessKeyId: keys.access_key_id,
    secretAccessKey: keys.secret_access_key,
    ...(keys.session_token === null ? {} : { sessionToken: keys.session_token }),
  };
}

function connect(fake: AwsFake, keys: AwsPrincipal, config: OrganizationsClientConfig = {}): OrganizationsClient {
  const client = new OrganizationsClient({
    endpoint: fake.url,
    region: 'us-east-1',
    credentials: toCredentials(keys),
    maxAttempts: 1,
    ...config,
  });
  open.push({ close: () => client.destroy() });
  return client;
}

async function start(options: Partial<AwsFakeOptions> = {}, config: OrganizationsClientConfig = {}) {
  const org = options.organizations?.[0] ?? organization();
  const fake = await startFake({ organizations: [org], ...options });
  const keys = fake.addUser(org.management_account_id);
  return { fake, org, keys, client: connect(fake, keys, config) };
}

async function listAccounts(client: OrganizationsClient) {
  const pages = await Array.fromAsync(paginateListAccounts({ client }, {}));
  return pages.flatMap((page) => page.Accounts ?? []);
}

describe('listing', () => {
  test('the SDK finds every account once, whatever empty pages come between', async () => {
    const { client, org, fake } = await start({ behaviour: { empty_page_ratio: 0.5 } });

    const accounts = await listAccounts(client);

    expect(accounts.map((account) => account.Id)).toEqual([...org.accounts.keys()]);
    expect(fake.requests.length).toBeGreaterThan(3);
    expect(new Set(accounts.map((account) => account.State))).toEqual(new Set(accountStates));
  });

  test('an account carries ARN, paths and a date, and no retired status', async () => {
    const { client, org } = await start();

    const [management] = await listAccounts(client);

    expect(management).toMatchObject({
      Id: org.management_account_id,
      Arn: `arn:aws:organizations::${org.management_account_id}:account/${org.id}/${org.management_account_id}`,
      Paths: [`${org.id}/${org.root.id}/${org.management_account_id}/`],
      JoinedTimestamp: org.accounts.get(org.management_account_id)?.joined_at,
      State: 'ACTIVE',
    });
    expect(management).not.toHaveProperty('Status');
  });

  test('walking the tree finds the same accounts and units as the flat list and the paths', async () => {
    const { client, org } = await start();
    const found = new Set<string>();
    const units: string[] = [];
    const roots = await client.send(new ListRootsCommand({}));
    const walk = async (parent: string): Promise<void> => {
      for await (const page of paginateListAccountsForParent({ client }, { ParentId: parent })) {
        for (const account of page.Accounts ?? []) found.add(account.Id ?? '');
      }
      for await (const page of paginateListOrganizationalUnitsForParent({ client }, { ParentId: parent })) {
        for (const unit of page.OrganizationalUnits ?? []) {
          units.push(unit.Id ?? '');
          expect(unit.Path).toMatch(new RegExp(`^${org.id}/${org.root.id}/.*${unit.Id}/$`));
          await walk(unit.Id ?? '');
        }
      }
    };

    for (const root of roots.Roots ?? []) await walk(root.Id ?? '');

    expect(found).toEqual(new Set(org.accounts.keys()));
    expect(new Set(units)).toEqual(new Set(org.units.keys()));
  });

  test('ListChildren names ids and types only', async () => {
    const { client, org } = await start();
    const pages = await Array.fromAsync(
      paginateListChildren({ client }, { ParentId: org.root.id, ChildType: 'ORGANIZATIONAL_UNIT' }),
    );

    const children = pages.flatMap((page) => page.Children ?? []);

    const expected = [...org.units.values()].filter((unit) => unit.parent_id === org.root.id);
    expect(children).toEqual(expected.map((unit) => ({ Id: unit.id, Type: 'ORGANIZATIONAL_UNIT' })));
  });
});
