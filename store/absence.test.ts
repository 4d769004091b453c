// Absence: what was seen never vanishes, and the shrink guard keeps its bounds.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideAbsence, isDoubtful, isSuspicious, type LiveRecord } from './absence.ts';

const record = fc.record({
  key: fc.string({ minLength: 1, maxLength: 4 }),
  missed_runs: fc.integer({ min: 0, max: 2 }),
  lifecycle: fc.constantFrom('active', 'suspended', 'closing', 'closed', null),
});
const situation = fc.record({
  live: fc.uniqueArray(record, { selector: ({ key }) => key, maxLength: 40 }),
  seenShare: fc.double({ min: 0, max: 1, noNaN: true }),
  restricted: fc.boolean(),
  isHeld: fc.boolean(),
});

describe('in any situation', () => {
  test('nothing that was seen is missing, held back or vanishes', () => {
    check(({ seen, absence }) => {
      for (const key of [...absence.missed, ...absence.heldBack, ...absence.vanished])
        expect(seen.has(key)).toBe(false);
      for (const key of absence.cleared) expect(seen.has(key)).toBe(true);
    });
  });

  test('no record has two fates', () => {
    check(({ absence }) => {
      const all = [...absence.cleared, ...absence.missed, ...absence.heldBack, ...absence.vanished];
      expect(new Set(all).size).toBe(all.length);
    });
  });

  test('only what was missed before can vanish', () => {
    check(({ live, absence }) => {
      const missedBefore = new Set(live.filter(({ missed_runs }) => missed_runs > 0).map(({ key }) => key));
      for (const key of absence.vanished) expect(missedBefore.has(key)).toBe(true);
    });
  });

  test('of a restricted kind only closing and closed records are missing or vanish', () => {
    check(({ live, restricted, absence }) => {
      const ending = new Set(live.filter(({ lifecycle }) => /^clos/.test(lifecycle ?? '')).map(({ key }) => key));
      const gone = [...absence.missed, ...absence.heldBack, ...absence.vanished];
      if (restricted) for (const key of gone) expect(ending.has(key)).toBe(true);
    });
  });

  test('never all, and never more than both a fifth and five, vanish at once', () => {
    check(({ live, absence }) => {
      if (live.length > 0) expect(absence.vanished.length).toBeLessThan(live.length);
      if (absence.vanished.length > 5) expect(absence.vanished.length / live.length).toBeLessThanOrEqual(0.2);
    });
  });

  test('a held kind loses nothing while a record of its held set is unseen', () => {
    check(({ live, seen, isHeld, absence }) => {
      const unseen = live.some(({ key, missed_runs }) => missed_runs === 2 && !seen.has(key));
      if (isHeld && unseen) expect(absence).toMatchObject({ vanished: [], isHeld: true });
      if (absence.isHeld) expect(absence.vanished).toEqual([]);
    });
  });

  test('a held kind is let go as soon as its held set was seen, whatever else is missing', () => {
    check(({ live, seen, isHeld, absence }) => {
      const unseen = live.filter(({ key }) => !seen.has(key));
      if (isHeld && unseen.every(({ missed_runs }) => missed_runs === 0)) expect(absence.isHeld).toBe(false);
    });
  });

  test('a run that sees everything clears all misses and holds nothing', () => {
    fc.assert(
      fc.property(fc.uniqueArray(record, { selector: ({ key }) => key }), fc.boolean(), (live, isHeld) => {
        const missed = live.filter(({ missed_runs }) => missed_runs > 0).map(({ key }) => key);
        const seen = new Set(live.map(({ key }) => key));
        const absence = decide(live, { seen, restricted: false, isHeld });
        const nothing = { missed: [], heldBack: [], vanished: [], isHeld: false, confirmable: 0 };
        expect(absence).toEqual({ cleared: missed, ...nothing });
      }),
    );
  });
});

test.for([
  [0, 0, false],
  [0, 100, false],
  [1, 1, true],
  [5, 5, true],
  [5, 6, false],
  [6, 7, true],
  [6, 29, true],
  [6, 30, false],
  [20, 100, false],
  [21, 100, true],
] as const)('%i vanishing of %i is suspicious: %s', ([vanishing, before, suspicious]) => {
  expect(isSuspicious(vanishing, before)).toBe(suspicious);
});

interface Case {
  readonly live: readonly LiveRecord[];
  readonly seen: ReadonlySet<string>;
  readonly restricted: boolean;
  readonly isHeld: boolean;
}

function check(property: (situation: Case & { absence: ReturnType<typeof decideAbsence> }) => void): void {
  fc.assert(
    fc.property(situation, ({ live, seenShare, ...rest }) => {
      const seen = new Set(live.slice(0, Math.round(seenShare * live.length)).map(({ key }) => key));
      property({ ...rest, live, seen, absence: decide(live, { ...rest, seen }) });
    }),
    { numRuns: 500 },
  );
}

function decide(live: readonly LiveRecord[], { seen, restricted, isHeld }: Omit<Case, 'live'>) {
  const doubtful = live.filter((each) => isDoubtful(each, seen));
  return decideAbsence({ count: live.length, doubtful }, { seen, inserted: 0, restricted }, isHeld);
}
