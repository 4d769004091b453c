// What can happen to a tenant, and to what an application may see of it, before, between and in the middle of runs.
import { type AzureSubscription, type AzureTenant, listChain, type Tags } from './tenant.ts';
import type { AzureAccess } from './world.ts';

function changeSubscription(tenant: AzureTenant, id: string, change: Partial<AzureSubscription>): void {
  const subscription = tenant.subscriptions.get(id);
  if (subscription === undefined) throw new RangeError(`${tenant.id} has no subscription ${id}`);
  tenant.subscriptions.set(id, { ...subscription, ...change });
  tenant.revision += 1;
}

function requireGroup(tenant: AzureTenant, name: string): void {
  if (!tenant.groups.has(name)) throw new RangeError(`${tenant.id} has no management group ${name}`);
}

/** Gives a subscription another name. */
export function renameSubscription(tenant: AzureTenant, id: string, name: string): void {
  changeSubscription(tenant, id, { display_name: name });
}

/** Replaces a subscription's tags. */
export function tagSubscription(tenant: AzureTenant, id: string, tags: Tags): void {
  changeSubscription(tenant, id, { tags });
}

/** Gives a subscription another state, a word that nobody has heard of included. */
export function setSubscriptionState(tenant: AzureTenant, id: string, state: string): void {
  changeSubscription(tenant, id, { state });
}

/** Moves a subscription below another management group. */
export function moveSubscription(tenant: AzureTenant, id: string, parentName: string): void {
  requireGroup(tenant, parentName);
  changeSubscription(tenant, id, { parent_name: parentName });
}

/** Adds a subscription, below the root group and enabled unless told otherwise. */
export function addSubscription(
  tenant: AzureTenant,
  subscription: Pick<AzureSubscription, 'id' | 'display_name'> & Partial<AzureSubscription>,
): void {
  if (tenant.subscriptions.has(subscription.id)) throw new RangeError(`${tenant.id} already has ${subscription.id}`);
  const parentName = subscription.parent_name ?? tenant.root_name;
  requireGroup(tenant, parentName);
  tenant.subscriptions.set(subscription.id, {
    state: 'Enabled',
    quota_id: 'EnterpriseAgreement_2014-09-01',
    spending_limit: 'Off',
    tags: {},
    managed_by: [],
    ...subscription,
    parent_name: parentName,
  });
  tenant.revision += 1;
}

/** Takes a subscription away for good, as happens some weeks after its state became Deleted. */
export function removeSubscription(tenant: AzureTenant, id: string): void {
  if (!tenant.subscriptions.delete(id)) throw new RangeError(`${tenant.id} has no subscription ${id}`);
  tenant.revision += 1;
}

/** Lets another tenant manage a subscription by Lighthouse. */
export function delegateSubscription(tenant: AzureTenant, id: string, managingTenantId: string): void {
  const managers = tenant.subscriptions.get(id)?.managed_by ?? [];
  changeSubscription(tenant, id, { managed_by: [...new Set([...managers, managingTenantId])] });
}

/** Ends every Lighthouse delegation of a subscription. */
export function undelegateSubscription(tenant: AzureTenant, id: string): void {
  changeSubscription(tenant, id, { managed_by: [] });
}

/** Adds a management group below another. */
export function addGroup(
  tenant: AzureTenant,
  group: { name: string; display_name: string; parent_name: string },
): void {
  requireGroup(tenant, group.parent_name);
  if (tenant.groups.has(group.name)) throw new RangeError(`${tenant.id} already has ${group.name}`);
  tenant.groups.set(group.name, group);
  tenant.revision += 1;
}

/** Gives a group another display name; its name never changes. */
export function renameGroup(tenant: AzureTenant, name: string, displayName: string): void {
  const group = tenant.groups.get(name);
  if (group === undefined) throw new RangeError(`${tenant.id} has no management group ${name}`);
  tenant.groups.set(name, { ...group, display_name: displayName });
  tenant.revision += 1;
}

/** Moves a group with all below it, but not below itself. */
export function moveGroup(tenant: AzureTenant, name: string, parentName: string): void {
  const group = tenant.groups.get(name);
  if (group === undefined || name === tenant.root_name) throw new RangeError(`${name} cannot be moved`);
  if (listChain(tenant, parentName).some((above) => above.name === name)) {
    throw new RangeError(`${name} cannot be moved below itself`);
  }
  tenant.groups.set(name, { ...group, parent_name: parentName });
  tenant.revision += 1;
}

/** Deletes a group, which must be empty as Azure demands. */
export function removeGroup(tenant: AzureTenant, name: string): void {
  const children = [...tenant.groups.values(), ...tenant.subscriptions.values()];
  if (children.some((child) => child.parent_name === name)) throw new RangeError(`group ${name} is not empty`);
  if (!tenant.groups.delete(name)) throw new RangeError(`${tenant.id} has no management group ${name}`);
  tenant.revision += 1;
}

/** Takes the application's role on a subscription: the list of subscriptions loses it, the hierarchy goes on naming it. */
export function revokeReader(access: AzureAccess, subscriptionId: string): void {
  access.unreadable.add(subscriptionId);
}

/** Gives the role back. */
export function grantReader(access: AzureAccess, subscriptionId: string): void {
  access.unreadable.delete(subscriptionId);
}

/** Takes a subscription (by id) or a group (by name) out of the hierarchy that the application sees. */
export function hideEntity(access: AzureAccess, name: string): void {
  access.unseen.add(name);
}

/** Puts it back. */
export function showEntity(access: AzureAccess, name: string): void {
  access.unseen.delete(name);
}
