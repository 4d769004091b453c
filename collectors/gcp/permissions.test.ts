// The custom role and bindings that `inventory permissions gcp` prints.
import { expect, test } from 'vitest';
import { purgeProject, requestProjectDeletion } from '#testkit/gcp/mutations.ts';
import { gcpConfigSchema } from './config.ts';
import { observe, sourceOf, startGcp } from './observe.contract.ts';
import { createPermissions, permissionsByMethod } from './permissions.ts';

const reader = 'reader@tools-project.iam.gserviceaccount.com';

function permissionsOf(source: Record<string, unknown>) {
  const [permission] = createPermissions(gcpConfigSchema.parse({ sources: [{ name: 'main', ...source }] }));
  if (permission === undefined) throw new Error('no permission');
  return permission;
}

test('an organization is read through one role whose permissions only get and list', () => {
  const { scope, role, bindings } = permissionsOf({ root: 'organizations/123' });

  expect(scope).toBe('gcp:main');
  expect(role).toMatchObject({ parent: 'organizations/123', role_id: 'cloudInventoryReader' });
  expect(role.definition.includedPermissions).toEqual([
    'resourcemanager.folders.get',
    'resourcemanager.folders.list',
    'resourcemanager.organizations.get',
    'resourcemanager.projects.get',
    'resourcemanager.projects.list',
  ]);
  expect(bindings).toEqual([
    {
      resource: 'organizations/123',
      role: 'organizations/123/roles/cloudInventoryReader',
      members: [expect.stringContaining('own identity')],
    },
  ]);
});

test('a folder needs nothing of its organization', () => {
  const { role, bindings } = permissionsOf({ root: 'folders/7' });

  expect(role.definition.includedPermissions).not.toContain('resourcemanager.organizations.get');
  expect(bindings[0]?.resource).toBe('folders/7');
});

test('impersonation and a quota project add their own bindings and services', () => {
  const { bindings, services } = permissionsOf({
    root: 'organizations/123',
    impersonate: reader,
    quota_project: 'tools-project',
  });

  expect(bindings.map(({ role }) => role)).toEqual([
    'organizations/123/roles/cloudInventoryReader',
    'roles/serviceusage.serviceUsageConsumer',
    'roles/iam.serviceAccountTokenCreator',
  ]);
  expect(bindings[0]?.members).toEqual([`serviceAccount:${reader}`]);
  expect(services).toEqual({
    project: 'tools-project',
    enable: ['cloudresourcemanager.googleapis.com', 'iamcredentials.googleapis.com'],
  });
});

test('every method that is really called has its permission, and no permission is for a method that is not', async () => {
  const { fake, organization, source } = await startGcp();
  const every = { ...source, tree_every: '0s' };
  const free = [...organization.projects.values()].find(({ parent }) => parent === '')?.name ?? '';
  requestProjectDeletion(organization, free);

  const first = await observe({ source: every });
  purgeProject(organization, free);
  await observe({ source: every, memo: first.memo });
  await observe({ source: sourceOf(fake, [...organization.folders.keys()][0] ?? '') });

  const called = new Set(fake.requests.map(({ operation }) => operation));
  expect([...called].sort()).toEqual(Object.keys(permissionsByMethod).sort());
});
