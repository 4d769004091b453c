// Who may write a record that more than one scope sees.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Seer, type Sighting, takesOver } from './ownership.ts';

const sighting: Sighting = { owner: 'aws:a', owner_root: 'o-1', missed_runs: 0, vanished_at: null, home: 'o-1' };
const seer: Seer = { root: 'o-2', pinned_root: 'o-2', configured_scopes: ['aws:a', 'aws:b'] };
const vanished_at = '2026-01-01T00:00:00.000Z';

test.for([
  ['its owner sees it too', {}, {}, false],
  ['its owner has missed it', { missed_runs: 1 }, {}, true],
  ['it has vanished', { vanished_at }, {}, true],
  ['its owner is no longer configured', {}, { configured_scopes: ['aws:b'] }, true],
  ["it lives in this scope's organization", { home: 'o-2' }, {}, true],
  [
    "it lives in this scope's organization, which no run of it has pinned yet",
    { home: 'o-2' },
    { pinned_root: null },
    true,
  ],
  ["it lives in this scope's organization and its owner has pinned none", { home: 'o-2', owner_root: null }, {}, true],
  ['both scopes read the same organization', { owner_root: 'o-2', home: 'o-2' }, {}, false],
  ['neither scope has a pinned root', { owner_root: null, home: 'o-2' }, { pinned_root: null }, false],
  ['it lives in a third organization', { home: 'o-3' }, {}, false],
  ['nobody knows where it lives', { home: null }, {}, false],
] as const)('a record is taken over, or not, when %s', ([, about, by, expected]) => {
  expect(takesOver({ ...sighting, ...about }, { ...seer, ...by })).toBe(expected);
});

test('two scopes that both see a living record do not take it from each other for ever', () => {
  const root = fc.constantFrom('o-1', 'o-2');
  // A scope that has pinned a root answers for that root, or its run was refused.
  const scope = fc
    .tuple(root, fc.boolean())
    .map(([answered, isPinned]) => ({ answered, pinned: isPinned ? answered : null }));
  fc.assert(
    fc.property(scope, scope, root, (a, b, home) => {
      const takes = (by: typeof a, from: typeof a) =>
        takesOver(
          { ...sighting, owner: 'other', owner_root: from.pinned, home },
          { root: by.answered, pinned_root: by.pinned, configured_scopes: ['this', 'other'] },
        );
      expect(takes(a, b) && takes(b, a)).toBe(false);
    }),
  );
});
