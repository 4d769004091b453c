// The IAM policies that `inventory permissions aws` prints.
import { expect, test } from 'vitest';
import { awsConfigSchema } from './config.ts';
import { createPermissions } from './permissions.ts';

const hub = 'arn:aws:iam::111122223333:role/hub';
const audit = 'arn:aws:iam::444455556666:role/audit';

function permissionsOf(source: Record<string, unknown>) {
  return createPermissions(awsConfigSchema.parse({ sources: [{ name: 'main', ...source }] }));
}

test('without roles the own identity reads, and nothing writes', () => {
  const [own, ...others] = permissionsOf({});

  expect(others).toEqual([]);
  const actions = own?.policy.Statement.flatMap(({ Action }) => Action) ?? [];
  expect(actions).toContain('organizations:ListAccounts');
  expect(actions).toContain('tag:GetResources');
  expect(actions.every((action) => /^(organizations|tag):(List|Describe|Get)\w+$/.test(action))).toBe(true);
});

test('tags that are not wanted need no permission', () => {
  expect(JSON.stringify(permissionsOf({ tags: false }))).not.toContain('Tag');
});

test('each role of a chain may assume the next one only, and the last may read', () => {
  const permissions = permissionsOf({
    role_chain: [{ role_arn: hub }, { role_arn: audit, source_identity: 'inventory' }],
  });

  expect(permissions.map(({ attach_to }) => attach_to)).toEqual(["the collector's own identity", hub, audit]);
  expect(permissions.map(({ policy }) => policy.Statement[0]?.Resource)).toEqual([hub, audit, '*']);
  expect(permissions[0]?.policy.Statement[0]?.Action).toEqual(['sts:AssumeRole']);
  expect(permissions[1]?.policy.Statement[0]?.Action).toEqual(['sts:AssumeRole', 'sts:SetSourceIdentity']);
});
