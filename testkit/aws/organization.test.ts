// Tests of the organizations that the fake is filled with, and of changes to them.
import { expect, test } from 'vitest';
import { createOrganization } from './create-organization.ts';
import { addUnit, delegate, moveAccount, removeUnit, renameUnit, setAccountState, undelegate } from './mutations.ts';
import { accountStates, toArn, toPath } from './organization.ts';

test('the same plan gives the same organization', () => {
  const plan = { id: 'o-exampleorg1', seed: 4, accounts: 50, organizational_units: 10 };

  expect(createOrganization(plan)).toEqual(createOrganization(plan));
  expect(createOrganization({ ...plan, seed: 5 }).root.id).not.toBe(createOrganization(plan).root.id);
});

test('two organizations of one seed share root and unit ids, as AWS permits, and no account', () => {
  const [first, second] = ['o-exampleorg1', 'o-exampleorg2'].map((id) => createOrganization({ id, accounts: 100 }));

  expect([...(first?.units.keys() ?? [])]).toEqual([...(second?.units.keys() ?? [])]);
  expect(new Set(first?.accounts.keys()).isDisjointFrom(new Set(second?.accounts.keys()))).toBe(true);
});

test('ten thousand accounts in a thousand units take less than a second, and siblings have names of their own', () => {
  const before = performance.now();

  const organization = createOrganization({
    id: 'o-exampleorg1',
    accounts: 10_000,
    organizational_units: 1000,
    depth: 5,
  });

  expect(performance.now() - before).toBeLessThan(1000);
  expect([organization.accounts.size, organization.units.size]).toEqual([10_000, 1000]);
  const names = [...organization.units.values()].map((unit) => `${unit.parent_id}/${unit.name}`);
  expect(new Set(names).size).toBe(1000);
  const depths = [...organization.units.keys()].map((id) => (toPath(organization, id)?.split('/').length ?? 0) - 3);
  expect(Math.max(...depths)).toBe(5);
  expect(new Set([...organization.accounts.values()].map((account) => account.state))).toEqual(new Set(accountStates));
});

test('an organization may be of one account and no units', () => {
  const organization = createOrganization({ id: 'o-exampleorg1', accounts: 1, organizational_units: 0 });

  expect([...organization.accounts.keys()]).toEqual([organization.management_account_id]);
  expect(organization.delegations.size).toBe(0);
});

test('an id that is none is refused', () => {
  expect(() => createOrganization({ id: 'example' })).toThrow('not an organization id');
});

test('ARNs name the management account, whatever they are about', () => {
  const organization = createOrganization({ id: 'o-exampleorg1', partition: 'aws-cn' });
  const [, member = ''] = organization.accounts.keys();
  const prefix = `arn:aws-cn:organizations::${organization.management_account_id}`;

  expect(toArn(organization, member)).toBe(`${prefix}:account/o-exampleorg1/${member}`);
  expect(toArn(organization, organization.root.id)).toBe(`${prefix}:root/o-exampleorg1/${organization.root.id}`);
  expect(toArn(organization, organization.id)).toBe(`${prefix}:organization/o-exampleorg1`);
});

test('a path ends with a slash and follows a move', () => {
  const organization = createOrganization({ id: 'o-exampleorg1' });
  const [, member = ''] = organization.accounts.keys();
  const { id: root } = organization.root;
  addUnit(organization, { id: 'ou-abcd-00000001', name: 'New', parent_id: root });

  moveAccount(organization, member, 'ou-abcd-00000001');

  expect(toPath(organization, member)).toBe(`o-exampleorg1/${root}/ou-abcd-00000001/${member}/`);
});

test('a unit with children cannot be removed, an empty one can', () => {
  const organization = createOrganization({ id: 'o-exampleorg1' });
  const [, member = ''] = organization.accounts.keys();
  addUnit(organization, { id: 'ou-abcd-00000001', name: 'New', parent_id: organization.root.id });
  renameUnit(organization, 'ou-abcd-00000001', 'Newer');
  moveAccount(organization, member, 'ou-abcd-00000001');

  expect(() => removeUnit(organization, 'ou-abcd-00000001')).toThrow('not empty');
  moveAccount(organization, member, organization.root.id);
  removeUnit(organization, 'ou-abcd-00000001');

  expect(organization.units.has('ou-abcd-00000001')).toBe(false);
});

test('every change counts as a revision', () => {
  const organization = createOrganization({ id: 'o-exampleorg1' });
  const [, member = ''] = organization.accounts.keys();

  setAccountState(organization, member, 'CLOSED');
  delegate(organization, member, 'config.amazonaws.com', new Date(0));
  undelegate(organization, member);

  expect(organization.revision).toBe(3);
  expect(organization.accounts.get(member)?.state).toBe('CLOSED');
});
