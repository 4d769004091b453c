// The small tables behind an AWS record: lifecycle, partition, residency, and an account's place in its path.
import { describe, expect, test } from 'vitest';
import type { Request } from '#core/provenance.ts';
import { parseAccount, toChain } from './account.ts';
import { toLifecycle } from './lifecycle.ts';
import { partitionOfArn, toOrganizationsRegion, toPartition } from './partitions.ts';
import { readResidency } from './residency.ts';

test.for([
  ['PENDING_ACTIVATION', 'pending'],
  ['ACTIVE', 'active'],
  ['SUSPENDED', 'suspended'],
  ['PENDING_CLOSURE', 'closing'],
  ['CLOSED', 'closed'],
  ['SOMETHING_NEW', 'unknown'],
  ['constructor', 'unknown'],
] as const)('the state %s is the lifecycle %s', ([state, lifecycle]) => {
  expect(toLifecycle(state)).toBe(lifecycle);
});

test.for([
  ['us-east-1', 'aws', 'us-east-1'],
  ['eu-central-2', 'aws', 'us-east-1'],
  ['xx-newland-1', 'aws', 'us-east-1'],
  ['cn-north-1', 'aws-cn', 'cn-northwest-1'],
  ['us-gov-east-1', 'aws-us-gov', 'us-gov-west-1'],
  ['us-iso-west-1', 'aws-iso', 'us-iso-east-1'],
  ['us-isob-east-1', 'aws-iso-b', 'us-isob-east-1'],
  ['eu-isoe-west-1', 'aws-iso-e', 'eu-isoe-west-1'],
  ['us-isof-south-1', 'aws-iso-f', 'us-isof-south-1'],
  ['eusc-de-east-1', 'aws-eusc', 'eusc-de-east-1'],
])('the region %s is of %s, whose Organizations endpoint is in %s', ([region = '', partition = '', home]) => {
  expect(toPartition(region)).toBe(partition);
  expect(toOrganizationsRegion(partition, region)).toBe(home);
});

test('an ARN names its partition, other text none', () => {
  expect(partitionOfArn('arn:aws-cn:iam::111122223333:role/x')).toBe('aws-cn');
  expect(partitionOfArn('111122223333')).toBeUndefined();
});

describe('residency', () => {
  const account = { id: '111122223333', chain: ['r-root', 'ou-root-upper001', 'ou-root-lower001'] };

  test.for([
    [undefined, 'global', 'partition'],
    ['eu', 'eu', 'configuration'],
    [{ 'r-root': 'us' }, 'us', 'configuration'],
    [{ 'r-root': 'us', 'ou-root-lower001': 'de' }, 'de', 'configuration'],
    [{ 'ou-root-lower001': 'de', '111122223333': 'fr' }, 'fr', 'configuration'],
    [{ 'ou-root-other001': 'de' }, 'global', 'partition'],
  ] as const)('of %o is %s, by the %s', ([configured, value, source]) => {
    expect(readResidency(configured, 'aws', account)).toEqual({ value, source });
  });

  test('of an account whose place is not known is left out where it depends on the place', () => {
    const lost = { id: '111122223333', chain: undefined };

    expect(readResidency({ 'ou-root-lower001': 'de' }, 'aws', lost)).toBeUndefined();
    expect(readResidency({ '111122223333': 'fr' }, 'aws', lost)).toEqual({ value: 'fr', source: 'configuration' });
    expect(readResidency(undefined, 'aws', lost)).toEqual({ value: 'global', source: 'partition' });
  });
});

describe("an account's path", () => {
  const request: Request = {
    operation: 'organizations:ListAccounts',
    endpoint: 'https://organizations.us-east-1.amazonaws.com',
    page: 1,
    request_ids: [],
    attempts: 1,
    retry_delay_ms: 0,
    http_status: 200,
    items: 1,
    sha256: null,
    sdk: 'sdk',
    principal: null,
  };
  const chainOf = (Paths: string[] | null) =>
    toChain(parseAccount({ Id: '111122223333', Paths }, request), 'o-exampleorg1');

  test.for([
    [['o-exampleorg1/r-root/111122223333/'], ['r-root']],
    [['o-exampleorg1/r-root/ou-root-upper001/111122223333/'], ['r-root', 'ou-root-upper001']],
    [['o-otherother1/r-away/111122223333/', 'o-exampleorg1/r-root/111122223333/'], ['r-root']],
    [['o-otherother1/r-away/111122223333/'], undefined],
    [['o-exampleorg1/111122223333/'], undefined],
    [['nonsense'], undefined],
    [[], undefined],
    [null, undefined],
  ] as const)('%o leads to %o', ([paths, chain]) => {
    expect(chainOf(paths === null ? null : [...paths])).toEqual(chain);
  });

  test('an item without an account id is refused', () => {
    expect(() => parseAccount({ Id: 'x' }, request)).toThrow(/no account/);
  });
});
