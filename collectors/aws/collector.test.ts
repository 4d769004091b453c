// The AWS collector against the strict fake: what it reads, with which calls, and with which evidence.
import { describe, expect, test } from 'vitest';
import type { Request } from '#core/provenance.ts';
import type { AwsFake } from '#testkit/aws/fake.ts';
import { addAccount, addUnit, moveAccount, renameUnit } from '#testkit/aws/mutations.ts';
import { type AwsOrganization, toPath } from '#testkit/aws/organization.ts';
import type { LoggedRequest } from '#testkit/aws/request-log.ts';
import { observe, startAws } from './observe.contract.ts';
import { actionsByFeature } from './permissions.ts';

const tagOperations = ['GetResources', 'ListTagsForResource'];

/** Requests that delivered content of this record, by the fake's own log; being named as a parent delivers nothing. */
function loggedFor(fake: AwsFake, id: string): string[] {
  const isOf = (request: LoggedRequest) =>
    request.http_status === 200 &&
    request.subjects.includes(id) &&
    (request.input['ParentId'] !== id || tagOperations.includes(request.operation ?? ''));
  return fake.requests
    .filter(isOf)
    .map((request) => request.request_id)
    .sort();
}

function idsOf(requests: readonly Request[] | undefined): string[] {
  return (requests ?? []).flatMap((request) => request.request_ids).sort();
}

function pathOf(organization: AwsOrganization, id: string): string[] {
  return (toPath(organization, id) ?? '').split('/').filter(Boolean).slice(1);
}

function nameOf(organization: AwsOrganization, id: string): string {
  return id === organization.root.id ? organization.root.name : (organization.units.get(id)?.name ?? '?');
}

describe.for([{ paths: true }, { paths: false }])('an organization whose accounts carry paths: $paths', ({ paths }) => {
  test('every account and every node is observed with its place, tags and state', async () => {
    const { fake, organization } = await startAws({ behaviour: { paths } });

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.skipped).toEqual([]);
    expect(read.enumerated.toSorted()).toEqual(['account', 'org_node']);
    expect([...read.accounts.keys()].sort()).toEqual([...organization.accounts.keys()].sort());
    expect([...read.nodes.keys()].sort()).toEqual([organization.root.id, ...organization.units.keys()].sort());
    for (const account of organization.accounts.values()) {
      const chain = pathOf(organization, account.parent_id);
      const names = chain.map((id) => nameOf(organization, id));
      expect(read.accounts.get(account.id)).toMatchObject({
        provider: 'aws',
        partition: 'aws',
        org_id: organization.id,
        name: account.name,
        status: account.state,
        parent_id: `${organization.id}/${account.parent_id}`,
        org_path: names.join('/'),
        org_path_names: names,
        org_path_ids: chain.map((id) => `${organization.id}/${id}`),
        tags: organization.tags.get(account.id) ?? {},
        region_residency: 'global',
        details: {
          is_management: account.id === organization.management_account_id,
          joined_at: account.joined_at.toISOString(),
          joined_method: account.joined_method,
          delegated_services: [...(organization.delegations.get(account.id)?.services.keys() ?? [])].sort(),
        },
      });
    }
    fake.assertNoUnexpected();
  });

  test("a record's evidence is exactly the requests that mention it, by the fake's own log", async () => {
    const { fake, organization } = await startAws({ behaviour: { paths } });

    const read = await observe();

    expect(read.evidence.size).toBe(45 + 13);
    for (const [record, requests] of read.evidence) {
      const [, id = ''] = record.split(' ');
      expect(requests.length).toBeGreaterThan(0);
      expect({ id, requests: idsOf(requests) }).toEqual({ id, requests: loggedFor(fake, id) });
    }
    expect(idsOf(read.requests)).toEqual(fake.requests.map((request) => request.request_id).sort());
    expect(organization.accounts.size).toBe(45);
  });
});

test('a node carries its own path, depth, tags and parent', async () => {
  const { organization } = await startAws();

  const { nodes } = await observe();

  const root = nodes.get(organization.root.id);
  expect(root).toMatchObject({
    kind: 'root',
    depth: 0,
    parent_id: null,
    org_path: 'Root',
    status: null,
    lifecycle: 'active',
  });
  for (const unit of organization.units.values()) {
    const chain = pathOf(organization, unit.id);
    expect(nodes.get(unit.id)).toMatchObject({
      kind: 'ou',
      id: `${organization.id}/${unit.id}`,
      name: unit.name,
      parent_id: `${organization.id}/${unit.parent_id}`,
      depth: chain.length - 1,
      org_path: chain.map((id) => nameOf(organization, id)).join('/'),
      tags: organization.tags.get(unit.id) ?? {},
    });
  }
});

test('e-mail addresses appear nowhere unless personal data is wanted', async () => {
  const { organization } = await startAws();
  const { email } = organization.accounts.get(organization.management_account_id) ?? {};

  const without = await observe();
  const withEmail = await observe({ source: { personal_data: true } });

  expect(JSON.stringify([without.observations, without.log])).not.toContain('aws+');
  expect(withEmail.accounts.get(organization.management_account_id)?.details).toMatchObject({ email });
});

test('raw is the account as received, fields that the SDK does not know included', async () => {
  const { fake } = await startAws();
  fake.faults.plan({
    operation: 'ListAccounts',
    effect: {
      kind: 'alter',
      alter: (body) => ({
        ...body,
        Accounts: [body['Accounts']].flat().map((item) => Object.assign({ NewField: { a: [1] } }, item)),
      }),
    },
  });

  const { observations } = await observe();

  const account = observations.find((observation) => observation.kind === 'account');
  expect(account?.raw).toMatchObject({
    Id: account?.attributes.id,
    NewField: { a: [1] },
    JoinedTimestamp: expect.any(Number),
  });
});

describe('the slow walk', () => {
  const later = (hours: number) => () => new Date(Date.now() + hours * 3_600_000);

  test('is not repeated before its time: accounts keep their names and no node is declared', async () => {
    const { fake, organization } = await startAws({ behaviour: { empty_page_ratio: 0 } });
    const first = await observe();
    const before = fake.requests.length;

    const second = await observe({ memo: first.memo, now: later(5) });

    expect(second.enumerated).toEqual(['account']);
    expect(second.nodes.size).toBe(0);
    expect(second.accounts).toEqual(first.accounts);
    const operations = fake.requests.slice(before).map((request) => request.operation);
    expect(operations.filter((name) => name === 'ListAccounts')).toHaveLength(3);
    expect(operations).not.toContain('ListOrganizationalUnitsForParent');
    expect(organization.units.size).toBe(12);
  });

  test('is made at once after the clock was set back, instead of waiting until its time has come again', async () => {
    await startAws();
    const first = await observe();

    const second = await observe({ memo: first.memo, now: later(-1) });

    expect(second.enumerated).toContain('org_node');
  });

  test('brings a rename to the paths of all descendants in the same run', async () => {
    const { organization } = await startAws();
    const first = await observe();
    const [unit] = [...organization.units.values()].filter(({ parent_id }) => parent_id === organization.root.id);
    renameUnit(organization, unit?.id ?? '', 'Renamed');

    const second = await observe({ memo: first.memo, now: later(6) });

    expect(second.enumerated).toContain('org_node');
    const below = [...second.accounts.values()].filter(({ org_path_ids }) =>
      org_path_ids?.[1]?.endsWith(unit?.id ?? '?'),
    );
    expect(below.length).toBeGreaterThan(0);
    for (const account of below) expect(account.org_path_names?.[1]).toBe('Renamed');
  });

  test('is not waited for by a new unit, which is looked at once', async () => {
    const { fake, organization } = await startAws();
    const first = await observe();
    const id = `ou-${organization.root.id.slice(2)}-newnewnew1`;
    addUnit(organization, { id, name: 'New', parent_id: organization.root.id });
    for (const account of [...organization.accounts.keys()].slice(0, 3)) moveAccount(organization, account, id);
    const before = fake.requests.length;

    const second = await observe({ memo: first.memo, now: later(1) });
    const third = await observe({ memo: second.memo, now: later(2) });

    expect(second.nodes.get(id)).toMatchObject({ name: 'New', org_path: 'Root/New', depth: 1 });
    expect(idsOf(second.evidence.get(`org_node ${id}`)).length).toBeGreaterThan(0);
    expect(third.accounts.get(organization.management_account_id)?.org_path).toBe('Root/New');
    const described = fake.requests.slice(before).filter(({ operation }) => operation === 'DescribeOrganizationalUnit');
    expect(described).toHaveLength(1);
  });

  test('is made in every run where accounts carry no paths', async () => {
    await startAws({ behaviour: { paths: false } });
    const first = await observe();

    const second = await observe({ memo: first.memo, now: later(1) });

    expect(second.enumerated.toSorted()).toEqual(['account', 'org_node']);
  });

  test('is made again when the memo is of another organization', async () => {
    await startAws();
    const first = await observe();
    await startAws({ plan: { id: 'o-exampleorg2', seed: 2 } });

    const other = await observe({ memo: first.memo, now: later(1) });

    expect(other.identified.map(({ root }) => root)).toEqual(['o-exampleorg2']);
    expect(other.enumerated).toContain('org_node');
  });
});

test('the calls are the few that a thousand accounts need', async () => {
  const { fake } = await startAws({
    plan: { accounts: 1000, organizational_units: 100, delegated_administrators: 0 },
    behaviour: { empty_page_ratio: 0 },
  });
  const count = (from: number) =>
    fake.requests
      .slice(from)
      .filter(({ service, operation }) => service === 'organizations' && operation !== 'ListTagsForResource')
      .filter(({ operation }) => operation !== 'ListDelegatedAdministrators').length;

  const first = await observe();
  const calls = count(0);
  const before = fake.requests.length;
  await observe({ memo: first.memo });

  expect(calls).toBeLessThanOrEqual(155);
  expect(count(before)).toBeLessThanOrEqual(53);
});

test('the permissions name every operation that was called, and no other', async () => {
  const { fake, organization } = await startAws({ behaviour: { paths: false } });
  fake.faults.plan({
    operation: 'ListAccountsForParent',
    nth: 3,
    effect: { kind: 'error', code: 'AccessDeniedException' },
  });
  await observe();
  fake.behaviour.paths = true;
  const memo = (await observe()).memo;
  const id = `ou-${organization.root.id.slice(2)}-newnewnew1`;
  addUnit(organization, { id, name: 'New', parent_id: organization.root.id });
  addAccount(organization, { id: '999999999999', name: 'new', parent_id: id });
  await observe({ memo });

  const called = new Set(
    fake.requests.map(({ service, operation }) => `${service === 'tagging' ? 'tag' : service}:${operation}`),
  );

  called.delete('sts:GetCallerIdentity');
  expect([...called].sort()).toEqual(Object.values(actionsByFeature).flat().sort());
});
