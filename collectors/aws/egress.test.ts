// The declared peers are those that the SDK really asks for, in every partition.
import { DescribeOrganizationCommand } from '@aws-sdk/client-organizations';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeEach, expect, test, vi } from 'vitest';
import { isDeclared } from '#core/egress.ts';
import { contextOf } from '../observe.contract.ts';
import { hostsAskedFor } from '../refused.contract.ts';
import { openSession } from './clients.ts';
import { collector } from './collector.ts';
import { egress } from './egress.ts';
import { partitionNames } from './partitions.ts';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'none');
});

test('every partition is declared', () => {
  expect(Object.keys(egress.clouds)).toEqual(partitionNames);
});

test.for([
  ['aws', 'us-east-1'],
  ['aws', 'eu-central-1'],
  ['aws-cn', 'cn-north-1'],
  ['aws-cn', 'cn-northwest-1'],
  ['aws-us-gov', 'us-gov-east-1'],
  ['aws-us-gov', 'us-gov-west-1'],
  ['aws-iso', 'us-iso-west-1'],
  ['aws-iso-b', 'us-isob-east-1'],
  ['aws-iso-e', 'eu-isoe-west-1'],
  ['aws-iso-f', 'us-isof-south-1'],
  ['aws-eusc', 'eusc-de-east-1'],
])('from %s, region %s, only declared peers are asked, and each of them', async ([partition = '', region]) => {
  const peers = egress.clouds[partition] ?? [];

  const hosts = await hostsAskedFor(async () => {
    const session = await openSession(contextOf(collector, { sources: [{ name: 'main', region }] }));
    await Promise.allSettled([
      session.organizations.send(new DescribeOrganizationCommand()),
      session.tagging.send(new GetResourcesCommand()),
      session.sts.send(new GetCallerIdentityCommand()),
    ]);
    session.close();
  });

  expect(hosts).toHaveLength(peers.length);
  expect(hosts.filter((host) => !isDeclared(peers, host))).toEqual([]);
  expect(peers.filter((peer) => !hosts.some((host) => isDeclared([peer], host)))).toEqual([]);
});

test.for([
  ['aws', 'us-east-1'],
  ['aws-cn', 'cn-northwest-1'],
])('a role of a pod in %s is assumed at a declared peer', async ([partition = '', region]) => {
  const token_file = new URL('./egress.ts', import.meta.url).pathname;
  const web_identity = { role_arn: `arn:${partition}:iam::111122223333:role/pod`, token_file };

  const hosts = await hostsAskedFor(async () => {
    const session = await openSession(contextOf(collector, { sources: [{ name: 'main', region, web_identity }] }));
    await session.organizations.send(new DescribeOrganizationCommand()).finally(() => session.close());
  });

  expect(hosts).toEqual([expect.stringMatching(/^sts\./)]);
  expect(hosts.filter((host) => !isDeclared(egress.clouds[partition] ?? [], host))).toEqual([]);
});
