// Tests of the tenants that the fake is filled with, and of changes to them.
import { expect, test } from 'vitest';
import { createTenant } from './create-tenant.ts';
import {
  addGroup,
  addSubscription,
  delegateSubscription,
  moveGroup,
  moveSubscription,
  removeGroup,
  setSubscriptionState,
  undelegateSubscription,
} from './mutations.ts';
import { listChain } from './tenant.ts';

const id = '11111111-aaaa-4bbb-8ccc-0123456789ab';
const otherId = '22222222-aaaa-4bbb-8ccc-0123456789ab';

test('the same plan gives the same tenant, and no two tenants share a subscription', () => {
  const plan = { id, seed: 4, subscriptions: 50, management_groups: 10 };

  expect(createTenant(plan)).toEqual(createTenant(plan));
  const [own, other] = [createTenant(plan), createTenant({ ...plan, id: otherId })].map(
    (tenant) => new Set(tenant.subscriptions.keys()),
  );
  expect(own?.isDisjointFrom(other ?? new Set())).toBe(true);
});

test('ten thousand subscriptions in two hundred groups take less than a second, to the depth that was asked for', () => {
  const before = performance.now();

  const tenant = createTenant({ id, subscriptions: 10_000, management_groups: 200, depth: 6 });

  expect(performance.now() - before).toBeLessThan(1000);
  expect([tenant.subscriptions.size, tenant.groups.size]).toEqual([10_000, 201]);
  const depths = [...tenant.groups.keys()].map((name) => listChain(tenant, name).length - 1);
  expect(Math.max(...depths)).toBe(6);
});

test('the root group is named after the tenant unless the plan names it', () => {
  expect(createTenant({ id }).root_name).toBe(id);
  expect([...createTenant({ id, root_name: 'top', management_groups: 0 }).groups.keys()]).toEqual(['top']);
});

test('an id that is no GUID in lower case is refused', () => {
  expect(() => createTenant({ id: id.toUpperCase() })).toThrow('not a GUID in lower case');
});

test('a group cannot be moved below itself, nor deleted with something in it', () => {
  const tenant = createTenant({ id, management_groups: 0, subscriptions: 1 });
  const [subscription = ''] = tenant.subscriptions.keys();
  addGroup(tenant, { name: 'upper', display_name: 'Upper', parent_name: id });
  addGroup(tenant, { name: 'lower', display_name: 'Lower', parent_name: 'upper' });
  moveSubscription(tenant, subscription, 'lower');

  expect(() => moveGroup(tenant, 'upper', 'lower')).toThrow('below itself');
  expect(() => moveGroup(tenant, id, 'lower')).toThrow('cannot be moved');
  expect(() => removeGroup(tenant, 'lower')).toThrow('not empty');
  moveSubscription(tenant, subscription, id);
  removeGroup(tenant, 'lower');

  expect([...tenant.groups.keys()]).toEqual([id, 'upper']);
});

test('a mistake in a change is an error, not a change', () => {
  const tenant = createTenant({ id, subscriptions: 1 });
  const [subscription = ''] = tenant.subscriptions.keys();

  expect(() => moveSubscription(tenant, subscription, 'nowhere')).toThrow('no management group nowhere');
  expect(() => setSubscriptionState(tenant, otherId, 'Deleted')).toThrow(`no subscription ${otherId}`);
  expect(() => addSubscription(tenant, { id: subscription, display_name: 'twice' })).toThrow('already has');
  expect(tenant.revision).toBe(0);
});

test('a delegation is made once and ends', () => {
  const tenant = createTenant({ id, subscriptions: 1 });
  const [subscription = ''] = tenant.subscriptions.keys();
  delegateSubscription(tenant, subscription, otherId);
  delegateSubscription(tenant, subscription, otherId);

  expect(tenant.subscriptions.get(subscription)?.managed_by).toEqual([otherId]);
  undelegateSubscription(tenant, subscription);
  expect(tenant.subscriptions.get(subscription)?.managed_by).toEqual([]);
});
