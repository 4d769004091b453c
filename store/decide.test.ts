// When content begins to hold, whatever the clock says.
import { expect, test } from 'vitest';
import { nextValidFrom } from './decide.ts';
import { blankRow } from './row.ts';

test.for([
  ['is later', '2026-01-01T00:00:00.005Z', '2026-01-01T00:00:00.005Z'],
  ['is a millisecond later', '2026-01-01T00:00:00.002Z', '2026-01-01T00:00:00.002Z'],
  ['has not moved', '2026-01-01T00:00:00.001Z', '2026-01-01T00:00:00.002Z'],
  ['went back', '2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00.002Z'],
] as const)('content that replaces another begins after it when the clock %s', ([, now, expected]) => {
  const replaced = { ...blankRow('account'), valid_from: '2026-01-01T00:00:00.001Z' };

  expect(nextValidFrom(replaced, now)).toBe(expected);
});
