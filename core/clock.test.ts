// Ids: random ones, and those that sort by time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock, toUuid7 } from './clock.ts';

test('a version 7 UUID is built as RFC 9562 appendix A.6 shows', () => {
  // rand_a 0xCC3 and rand_b 0x18C4DC0C0C07398F, where a version 4 UUID has them.
  expect(toUuid7(0x017f22e279b0, '00000000-0000-4cc3-98c4-dc0c0c07398f')).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

test('version and variant are right whatever is random, and order is that of time', () => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 2 });
  const random = fc.uuid({ version: 4 });

  fc.assert(
    fc.property(time, random, random, (timeMs, one, other) => {
      const earlier = toUuid7(timeMs, one);
      const later = toUuid7(timeMs + 1, other);
      expect(earlier).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(earlier < later).toBe(true);
    }),
  );
});

test('the system’s clock tells the time, in its ids too, and never an id twice', () => {
  const before = Date.now();
  const id = systemClock.uuid7();
  const now = systemClock.now().getTime();

  const timeMs = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  expect(timeMs).toBeGreaterThanOrEqual(before);
  expect(timeMs).toBeLessThanOrEqual(now);
  expect(systemClock.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(Array.from({ length: 100 }, () => systemClock.uuid7())).size).toBe(100);
});
