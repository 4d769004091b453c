// The role that `inventory permissions azure` prints.
import { expect, test } from 'vitest';
import { azureConfigSchema } from './config.ts';
import { observe, startAzure, tenantId } from './observe.contract.ts';
import { actions, createPermissions } from './permissions.ts';

test('one role that only reads, assigned to the application at the root group', () => {
  const client_id = '22222222-AAAA-4bbb-8ccc-0123456789ab';
  const source = { name: 'main', tenant_id: tenantId, client_id, client_secret_file: '/secret' };

  const [permission, ...others] = createPermissions(azureConfigSchema.parse({ sources: [source] }));

  expect(others).toEqual([]);
  expect(permission).toMatchObject({
    scope: 'azure:main',
    assignment: {
      application: client_id.toLowerCase(),
      scope: `/providers/Microsoft.Management/managementGroups/${tenantId}`,
    },
  });
  expect(permission?.role.Actions).toEqual(expect.arrayContaining(Object.values(actions)));
  expect(permission?.role.Actions.every((action) => /^[\w.]+\/[\w/]+\/read$/.test(action))).toBe(true);
});

test('the actions are those of every operation that was called, and of no other', async () => {
  const { fake, source } = await startAzure();

  await observe(source);

  const called = fake.requests.filter(({ service }) => service === 'arm').map(({ operation }) => operation ?? '?');
  expect([...new Set(called)].sort()).toEqual(Object.keys(actions).sort());
});
