// What can happen to an organization, before, between and in the middle of runs.
import type { AccountState, AwsAccount, AwsOrganization, AwsUnit, Tags } from './organization.ts';

function findAccount(organization: AwsOrganization, id: string): AwsAccount {
  const account = organization.accounts.get(id);
  if (account === undefined) throw new RangeError(`${organization.id} has no account ${id}`);
  return account;
}

function changeAccount(organization: AwsOrganization, id: string, change: Partial<AwsAccount>): void {
  organization.accounts.set(id, { ...findAccount(organization, id), ...change });
  organization.revision += 1;
}

function requireParent(organization: AwsOrganization, parentId: string): void {
  if (parentId === organization.root.id || organization.units.has(parentId)) return;
  throw new RangeError(`${organization.id} has no root or unit ${parentId}`);
}

/** Gives an account another name. */
export function renameAccount(organization: AwsOrganization, id: string, name: string): void {
  changeAccount(organization, id, { name });
}

/** Gives an account another state; the API offers no such call, time and AWS do it. */
export function setAccountState(organization: AwsOrganization, id: string, state: AccountState): void {
  changeAccount(organization, id, { state });
}

/** Moves an account below the root or another unit of its organization. */
export function moveAccount(organization: AwsOrganization, id: string, parentId: string): void {
  requireParent(organization, parentId);
  changeAccount(organization, id, { parent_id: parentId });
}

/** Lets an account join, below the root unless told otherwise. */
export function addAccount(
  organization: AwsOrganization,
  account: Pick<AwsAccount, 'id' | 'name'> & Partial<AwsAccount>,
): void {
  if (organization.accounts.has(account.id)) throw new RangeError(`${organization.id} already has ${account.id}`);
  const parentId = account.parent_id ?? organization.root.id;
  requireParent(organization, parentId);
  organization.accounts.set(account.id, {
    email: `aws+${account.id}@${organization.id}.example`,
    state: 'ACTIVE',
    joined_method: 'CREATED',
    joined_at: new Date(Date.UTC(2026, 0, 1)),
    ...account,
    parent_id: parentId,
  });
  organization.departed_tags.delete(account.id);
  organization.revision += 1;
}

/** Takes an account out: it left, was removed, or was closed for good. Its tags and delegations end with it. */
export function removeAccount(organization: AwsOrganization, id: string): AwsAccount {
  const account = findAccount(organization, id);
  if (id === organization.management_account_id) throw new RangeError('the management account cannot leave');
  organization.accounts.delete(id);
  organization.delegations.delete(id);
  organization.policy_readers.delete(id);
  const tags = organization.tags.get(id);
  if (tags !== undefined) organization.departed_tags.set(id, tags);
  organization.tags.delete(id);
  organization.revision += 1;
  return account;
}

/** Moves an account from one organization to the root of another, where its tags do not follow. */
export function transferAccount(from: AwsOrganization, id: string, to: AwsOrganization): void {
  const account = removeAccount(from, id);
  addAccount(to, { ...account, parent_id: to.root.id, joined_method: 'INVITED' });
}

/** Adds an organizational unit below the root or another unit. */
export function addUnit(organization: AwsOrganization, unit: AwsUnit): void {
  requireParent(organization, unit.parent_id);
  organization.units.set(unit.id, unit);
  organization.revision += 1;
}

/** Gives a unit another name. AWS cannot move a unit, only make another one and move its accounts. */
export function renameUnit(organization: AwsOrganization, id: string, name: string): void {
  const unit = organization.units.get(id);
  if (unit === undefined) throw new RangeError(`${organization.id} has no unit ${id}`);
  organization.units.set(id, { ...unit, name });
  organization.revision += 1;
}

/** Deletes a unit, which must be empty as AWS demands. */
export function removeUnit(organization: AwsOrganization, id: string): void {
  const children = [...organization.accounts.values(), ...organization.units.values()];
  if (children.some((child) => child.parent_id === id)) throw new RangeError(`unit ${id} is not empty`);
  if (!organization.units.delete(id)) throw new RangeError(`${organization.id} has no unit ${id}`);
  organization.tags.delete(id);
  organization.revision += 1;
}

/** Sets tags on an account, a unit or the root, beside those it has. */
export function tagResource(organization: AwsOrganization, id: string, tags: Tags): void {
  if (!organization.accounts.has(id)) requireParent(organization, id);
  organization.tags.set(id, { ...organization.tags.get(id), ...tags });
  organization.revision += 1;
}

/** Takes tags off by their keys. */
export function untagResource(organization: AwsOrganization, id: string, keys: readonly string[]): void {
  const kept = Object.entries(organization.tags.get(id) ?? {}).filter(([key]) => !keys.includes(key));
  organization.tags.set(id, Object.fromEntries(kept));
  organization.revision += 1;
}

/** Makes a member the delegated administrator of a service. */
export function delegate(organization: AwsOrganization, id: string, service: string, at = new Date()): void {
  findAccount(organization, id);
  const delegation = organization.delegations.get(id) ?? { enabled_at: at, services: new Map() };
  const services = new Map(delegation.services).set(service, at);
  organization.delegations.set(id, { enabled_at: delegation.enabled_at, services });
  organization.revision += 1;
}

/** Takes every delegation from a member. */
export function undelegate(organization: AwsOrganization, id: string): void {
  organization.delegations.delete(id);
  organization.revision += 1;
}
