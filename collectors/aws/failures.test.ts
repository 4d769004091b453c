// What the AWS collector makes of refusals, storms, broken answers and organizations that change under its eyes.
import { describe, expect, test } from 'vitest';
import { createOrganization } from '#testkit/aws/create-organization.ts';
import type { AwsFake } from '#testkit/aws/fake.ts';
import { addAccount, moveAccount, removeAccount, setAccountState, transferAccount } from '#testkit/aws/mutations.ts';
import { observe, startAws, useKeys } from './observe.contract.ts';

const denied = { kind: 'error', code: 'AccessDeniedException' } as const;

describe('before anything is yielded', () => {
  test('another organization than the configured one is an error', async () => {
    const { fake } = await startAws();

    const read = await observe({ source: { organization_id: 'o-otherother1' } });

    expect(read.error).toMatchObject({ name: 'ProviderError', code: 'wrong_root' });
    expect(read.observations).toEqual([]);
    expect(read.memo).toBeNull();
    expect(fake.requests.map(({ operation }) => operation)).toEqual(['GetCallerIdentity', 'DescribeOrganization']);
  });

  test('a standalone account is told where to go', async () => {
    const { fake } = await startAws();
    useKeys(fake, fake.addUser('999988887777'));

    const read = await observe();

    expect(read.error).toMatchObject({
      code: 'not_in_organization',
      message: expect.stringContaining('management account'),
    });
    expect(read.observations).toEqual([]);
    expect(read.requests.map(({ http_status }) => http_status)).toEqual([200, 400]);
  });

  test('a refusal of everything names the permission to add', async () => {
    const { fake } = await startAws();
    fake.faults.plan({ when: ({ service }) => service === 'organizations', effect: denied });

    const read = await observe();

    expect(read.error).toMatchObject({
      code: 'access_denied',
      message: expect.stringMatching(/arn:aws:iam::\d{12}:user\/inventory .*organizations:DescribeOrganization/),
    });
    expect(read.observations).toEqual([]);
  });

  test('a member without delegation is told what it lacks', async () => {
    const { fake, organization } = await startAws();
    const member = [...organization.accounts.keys()].find(
      (id) => id !== organization.management_account_id && !organization.delegations.has(id),
    );
    useKeys(fake, fake.addUser(member ?? ''));

    const read = await observe();

    expect(read.error).toMatchObject({
      code: 'access_denied',
      message: expect.stringContaining('delegated administrators'),
    });
    expect(read.enumerated).toEqual([]);
    expect(read.observations).toEqual([]);
  });

  test('credentials of another partition than the configured one are an error', async () => {
    await startAws();

    const read = await observe({ source: { partition: 'aws-cn' } });

    expect(read.error).toMatchObject({ name: 'ProviderError' });
    expect(read.observations).toEqual([]);
  });
});

describe('a refusal of a part', () => {
  test('on a page of accounts fails the scope: what was seen is yielded, nothing is declared', async () => {
    const { fake } = await startAws({ plan: { accounts: 250 }, behaviour: { empty_page_ratio: 0 } });
    fake.faults.plan({ operation: 'ListAccounts', page: 8, effect: denied });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'access_denied' });
    expect(read.accounts.size).toBe(100);
    expect(read.enumerated).toEqual(['org_node']);
    expect(read.memo).toBeNull();
    expect(read.requests.at(-1)).toMatchObject({
      operation: 'organizations:ListAccounts',
      page: 8,
      http_status: 400,
      items: 0,
    });
  });

  test('on tags leaves tags out and is named, without hindering absence', async () => {
    const { fake } = await startAws();
    fake.faults.plan({ operation: 'ListTagsForResource', effect: denied });
    fake.faults.plan({ operation: 'GetResources', effect: denied });

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.skipped).toEqual([{ what: 'tags', kinds: [] }]);
    expect(read.accounts.size).toBe(45);
    expect([...read.accounts.values(), ...read.nodes.values()].filter((record) => 'tags' in record)).toEqual([]);
    expect(fake.requests.filter(({ operation }) => operation === 'ListTagsForResource')).toHaveLength(1);
  });

  test('on delegated administrators leaves the services out, not empty', async () => {
    const { fake } = await startAws();
    fake.faults.plan({ operation: 'ListDelegatedAdministrators', effect: denied });

    const read = await observe();

    expect(read.skipped).toEqual([{ what: 'delegated administrators', kinds: [] }]);
    for (const { details } of read.accounts.values()) expect(details).not.toHaveProperty('delegated_services');
  });

  test('below one unit skips that subtree by name, and nodes there cannot vanish', async () => {
    const { fake, organization } = await startAws();
    const unit = [...organization.units.values()].find(({ id }) =>
      organization.units.values().some(({ parent_id }) => parent_id === id),
    );
    fake.faults.plan({
      operation: 'ListOrganizationalUnitsForParent',
      when: ({ input }) => input['ParentId'] === unit?.id,
      effect: denied,
    });

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.skipped).toEqual([{ what: `organizational units below ${unit?.id}`, kinds: ['org_node'] }]);
    expect(read.accounts.size).toBe(45);
    // Units below are still described one by one, because accounts are in them.
    for (const account of read.accounts.values()) expect(account.org_path).toBeDefined();
  });

  test('on all units leaves names out and keeps ids', async () => {
    const { fake, organization } = await startAws();
    for (const operation of ['ListRoots', 'ListOrganizationalUnitsForParent', 'DescribeOrganizationalUnit']) {
      if (operation !== 'ListOrganizationalUnitsForParent') fake.faults.plan({ operation, effect: denied });
    }

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.enumerated).toEqual(['account']);
    expect(read.skipped).toEqual([
      { what: 'roots and organizational units', kinds: ['org_node'] },
      { what: 'organizational units that no walk has listed', kinds: [] },
    ]);
    for (const account of organization.accounts.values()) {
      const seen = read.accounts.get(account.id);
      expect(seen?.parent_id).toBe(`${organization.id}/${account.parent_id}`);
      expect(seen).not.toHaveProperty('org_path');
      expect(seen).not.toHaveProperty('org_path_names');
    }
    expect(fake.requests.filter(({ operation }) => operation === 'DescribeOrganizationalUnit')).toHaveLength(1);
  });

  test('on accounts by parent falls back to children', async () => {
    const { fake } = await startAws({ behaviour: { paths: false } });
    fake.faults.plan({ operation: 'ListAccountsForParent', effect: denied });

    const read = await observe();

    expect(read.skipped).toEqual([]);
    for (const account of read.accounts.values()) expect(account.org_path).toBeDefined();
    expect(fake.requests.filter(({ operation }) => operation === 'ListAccountsForParent')).toHaveLength(1);
  });

  test('on both ways to find parents leaves parents out and is named', async () => {
    const { fake } = await startAws({ behaviour: { paths: false } });
    fake.faults.plan({ operation: 'ListAccountsForParent', effect: denied });
    fake.faults.plan({ operation: 'ListChildren', effect: denied });

    const read = await observe();

    expect(read.skipped).toEqual([{ what: 'parents of accounts', kinds: [] }]);
    expect(read.accounts.size).toBe(45);
    for (const account of read.accounts.values()) expect(account).not.toHaveProperty('parent_id');
  });
});

describe('a listing', () => {
  test('with empty pages is read to its end', async () => {
    const { fake } = await startAws({ plan: { accounts: 250 }, behaviour: { empty_page_ratio: 0.5 } });

    const read = await observe();

    expect(read.accounts.size).toBe(250);
    expect(read.nodes.size).toBe(13);
    expect(read.enumerated).toContain('account');
    expect(read.requests.filter(({ items, http_status }) => items === 0 && http_status === 200).length).toBeGreaterThan(
      10,
    );
    fake.assertNoUnexpected();
  });

  test('that repeats a page token fails instead of looping or looking complete', async () => {
    const { fake } = await startAws({ plan: { accounts: 250 }, behaviour: { empty_page_ratio: 0 } });
    fake.faults.plan({ operation: 'ListAccounts', page: 3, effect: { kind: 'repeat_token' } });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'repeated_page_token' });
    expect(read.enumerated).not.toContain('account');
    expect(fake.requests.filter(({ operation }) => operation === 'ListAccounts').length).toBeLessThan(6);
  });

  test.for(['Accounts', 'OrganizationalUnits', 'Roots'])('without %s fails', async (member) => {
    const { fake } = await startAws();
    fake.faults.plan({ effect: { kind: 'omit', member } });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'malformed_answer', message: expect.stringContaining(member) });
    expect(read.enumerated).not.toContain('account');
  });

  test('whose token dies starts again once', async () => {
    const { fake } = await startAws({ plan: { accounts: 250 }, behaviour: { empty_page_ratio: 0 } });
    fake.faults.plan({ operation: 'ListAccounts', page: 9, times: 1, effect: { kind: 'expired_page_token' } });

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(250);
    expect(read.enumerated).toContain('account');
  });

  test('whose token dies again fails', async () => {
    const { fake } = await startAws({ plan: { accounts: 250 }, behaviour: { empty_page_ratio: 0 } });
    fake.faults.plan({ operation: 'ListAccounts', page: 9, effect: { kind: 'expired_page_token' } });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'invalid_page_token' });
    expect(read.enumerated).not.toContain('account');
  });

  test('without a single account fails, for an organization has at least one', async () => {
    const { fake } = await startAws();
    fake.faults.plan({ operation: 'ListAccounts', effect: { kind: 'alter', alter: () => ({ Accounts: [] }) } });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'malformed_answer' });
  });

  test.for([
    { operation: 'ListRoots', effect: { kind: 'alter', alter: () => ({ Roots: [] }) } },
    { operation: 'ListOrganizationalUnitsForParent', effect: { kind: 'error', code: 'ParentNotFoundException' } },
  ] as const)('by which there is no root proves nothing gone: $operation', async (fault) => {
    const { fake } = await startAws();
    fake.faults.plan({ ...fault, times: 1 });

    const read = await observe();

    expect(read.error).toMatchObject({ name: 'ProviderError' });
    expect(read.enumerated).toEqual([]);
  });

  test.for([
    { operation: 'ListTagsForResource', member: 'Tags' },
    { operation: 'ListAccountsForParent', member: 'Accounts' },
    { operation: 'ListDelegatedAdministrators', member: 'DelegatedAdministrators' },
  ])('with an item that is none is told by its operation: $operation', async ({ operation, member }) => {
    const { fake } = await startAws({ behaviour: { paths: false } });
    fake.faults.plan({ operation, effect: { kind: 'alter', alter: () => ({ [member]: [{ Key: 7 }] }) } });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'malformed_answer', message: expect.stringContaining(operation) });
  });
});

describe('states', () => {
  test('are read from Status where State is missing', async () => {
    const { organization } = await startAws({ behaviour: { account_state: 'status' } });

    const read = await observe();

    expect(read.skipped).toEqual([]);
    expect(read.accounts.get(organization.management_account_id)).toMatchObject({
      status: 'ACTIVE',
      lifecycle: 'active',
    });
  });

  test('that are missing altogether make the scope partial, not active', async () => {
    await startAws({ behaviour: { account_state: 'neither' } });

    const read = await observe();

    expect(read.skipped).toEqual([{ what: 'states of accounts', kinds: [] }]);
    expect(read.accounts.size).toBe(45);
    for (const account of read.accounts.values()) {
      expect(account).not.toHaveProperty('status');
      expect(account).not.toHaveProperty('lifecycle');
    }
  });
});

describe('throttling, faults of the network and the end of sessions', () => {
  test('a throttling storm is survived, and its attempts and waits are in the evidence', async () => {
    const { fake } = await startAws({ behaviour: { empty_page_ratio: 0 } });
    fake.faults.plan({ operation: 'ListAccounts', page: 2, times: 2, effect: { kind: 'throttle' } });

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(45);
    const page = read.requests.find(({ operation, page }) => operation === 'organizations:ListAccounts' && page === 2);
    expect(page?.attempts).toBe(3);
    expect(page?.retry_delay_ms).toBeGreaterThan(0);
  });

  test('a rate far below what is asked for only slows the reading down', async () => {
    const rates = { ListTagsForResource: { per_second: 20, burst: 20 } };
    const { organization } = await startAws({ behaviour: { empty_page_ratio: 0, tagging: 'always-empty', rates } });

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.skipped).toEqual([]);
    for (const [id, { tags }] of read.accounts) expect(tags).toEqual(organization.tags.get(id) ?? {});
  });

  test.for([{ after_headers: false }, { after_headers: true }])('a cut connection is tried again: %o', async (cut) => {
    const { fake } = await startAws();
    fake.faults.plan({ operation: 'ListAccounts', nth: 2, effect: { kind: 'reset', ...cut } });

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(45);
  });

  test.for([
    { operation: 'ListAccounts', status: 403, body: '<html>password=hunter2hunter2</html>' },
    { operation: 'ListAccounts', status: 200, body: 'hunter2' },
    { operation: 'GetCallerIdentity', status: 403, body: '<html>password=hunter2hunter2</html>' },
    { operation: 'GetCallerIdentity', status: 200, body: 'hunter2' },
  ])('a page of a proxy in place of the answer fails as one and leaks nothing of it: %o', async (page) => {
    const { fake } = await startAws();
    const { operation, status, body } = page;
    fake.faults.plan({ operation, effect: { kind: 'raw', status, body, content_type: 'text/html' } });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'malformed_answer', message: expect.stringContaining('proxy'), status });
    expect(JSON.stringify([read.error, read.log, String(read.error)])).not.toContain('hunter2');
  });

  test('keys without renewal that expire fail clearly, once', async () => {
    const { fake, organization } = await startAws({ plan: { accounts: 250 }, behaviour: { empty_page_ratio: 0 } });
    fake.faults.plan({ operation: 'ListAccounts', page: 8, effect: { kind: 'expired_credentials' } });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'session_expired', message: expect.stringContaining('sign in again') });
    expect(read.enumerated).not.toContain('account');
    expect(read.accounts.size).toBe(100);
    expect(organization.accounts.size).toBe(250);
  });

  test('an abort in the middle ends at once with its reason', async () => {
    const { fake } = await startAws({ plan: { accounts: 250 } });
    fake.faults.plan({ operation: 'ListAccounts', page: 8, effect: { kind: 'hang' } });
    const controller = new AbortController();
    let seen = 0;

    const read = await observe({
      signal: controller.signal,
      each: ({ kind }) => {
        seen += kind === 'account' ? 1 : 0;
        if (seen === 100) setTimeout(() => controller.abort(new Error('told to stop')), 20);
      },
    });

    expect(read.error).toMatchObject({ message: 'told to stop' });
    expect(read.accounts.size).toBe(100);
    expect(read.enumerated).not.toContain('account');
  });
});

describe.for([{ paths: true }, { paths: false }])('an organization that changes during the listing (paths: $paths)', ({
  paths,
}) => {
  const options = { plan: { accounts: 250 }, behaviour: { paths, empty_page_ratio: 0 } };
  const beforePage = (fake: AwsFake, page: number, mutate: () => void) =>
    fake.faults.plan({ operation: 'ListAccounts', page, effect: { kind: 'mutate', mutate } });

  test('loses no account that moves or closes, and shows none that is not there', async () => {
    const { fake, organization } = await startAws(options);
    const ids = [...organization.accounts.keys()];
    const unit = [...organization.units.keys()].at(-1) ?? '';
    beforePage(fake, 9, () => {
      moveAccount(organization, ids[1] ?? '', unit);
      moveAccount(organization, ids[190] ?? '', unit);
      setAccountState(organization, ids[191] ?? '', 'PENDING_CLOSURE');
      addAccount(organization, { id: '999999999999', name: 'joined', parent_id: unit });
    });

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(new Set(read.accounts.keys())).toEqual(new Set([...ids, '999999999999']));
    expect(read.accounts.get(ids[191] ?? '')).toMatchObject({ lifecycle: 'closing' });
    expect(read.accounts.get('999999999999')?.name).toBe('joined');
    // Without paths the tree was read before it joined: its place is not invented.
    expect(read.skipped).toEqual(paths ? [] : [{ what: 'parents of accounts', kinds: [] }]);
  });

  test('reads the tags of an account that leaves between its page and its tags as unknown', async () => {
    const { fake, organization } = await startAws({
      ...options,
      behaviour: { ...options.behaviour, tagging: 'always-empty' },
    });
    const id = [...organization.accounts.keys()][10] ?? '';
    beforePage(fake, 3, () => removeAccount(organization, id));

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.accounts.has(id)).toBe(true);
    expect(read.accounts.get(id)).not.toHaveProperty('tags');
  });
});

test('several organizations are several scopes, each with its own roots and accounts', async () => {
  const second = createOrganization({ id: 'o-exampleorg2', seed: 7, accounts: 5 });
  const first = createOrganization({ id: 'o-exampleorg1', accounts: 6 });
  const { fake } = await startAws({ organizations: [first, second] });
  const [moving] = [...first.accounts.keys()].slice(-1);
  const results: string[][] = [];

  for (const organization of [first, second]) {
    useKeys(fake, fake.addUser(organization.management_account_id));
    const read = await observe({ source: { organization_id: organization.id } });
    results.push([...read.accounts.keys()]);
    expect([...read.accounts.values()].every(({ org_id }) => org_id === organization.id)).toBe(true);
  }
  transferAccount(first, moving ?? '', second);
  const after = await observe({ source: { organization_id: second.id } });

  expect(results.map((ids) => ids.length)).toEqual([6, 5]);
  expect(after.accounts.get(moving ?? '')).toMatchObject({ org_id: second.id, org_path: 'Root' });
});
