// The small tables behind an Azure record: lifecycle and residency.
import { describe, expect, test } from 'vitest';
import { toLifecycle } from './lifecycle.ts';
import { readResidency } from './residency.ts';

test.for([
  ['Enabled', 'active'],
  ['Warned', 'active'],
  ['PastDue', 'active'],
  ['Disabled', 'suspended'],
  ['Deleted', 'closed'],
  ['Hibernating', 'unknown'],
  ['constructor', 'unknown'],
] as const)('the state %s is the lifecycle %s', ([state, lifecycle]) => {
  expect(toLifecycle(state)).toBe(lifecycle);
});

describe('residency', () => {
  const id = 'abcdefab-cdef-4abc-8def-abcdefabcdef';
  const chain = ['root', 'upper', 'lower'];

  test.for([
    [undefined, 'global', 'cloud'],
    ['eu', 'eu', 'configuration'],
    [{ upper: 'us', lower: 'de' }, 'de', 'configuration'],
    [{ lower: 'de', [id]: 'fr' }, 'fr', 'configuration'],
    [{ other: 'de' }, 'global', 'cloud'],
  ] as const)('of %o is %s, by the %s', ([region_residency, value, source]) => {
    expect(readResidency({ region_residency, cloud: 'public' }, id, chain)).toEqual({ value, source });
  });

  test('is left out where nobody says, or where it depends on a place that is not known', () => {
    expect(readResidency({ region_residency: undefined, cloud: 'custom' }, id, chain)).toBeUndefined();
    expect(readResidency({ region_residency: { lower: 'de' }, cloud: 'public' }, id, undefined)).toBeUndefined();
  });
});
