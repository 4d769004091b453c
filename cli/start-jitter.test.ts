// Tests of the wait before a run: its length, that a signal ends it, and that nothing is waited where nothing is asked for.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { waitJitter } from './start-jitter.ts';

describe('the wait before a run', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const never = new AbortController().signal;

  test.for([
    [0, 0],
    [0.5, 10_000],
    [0.99999, 19_999],
  ])('of 20 s is, by chance %d, %d ms long, and that is its answer', async ([chance = 0, expected = 0]) => {
    let answer: number | undefined;
    const waiting = waitJitter({ maxMs: 20_000, random: () => chance, signal: never }).then((delayMs) => {
      answer = delayMs;
    });

    await vi.advanceTimersByTimeAsync(Math.max(0, expected - 1));
    if (expected > 0) expect(answer).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;

    expect(answer).toBe(expected);
  });

  test('of nothing sets no timer', async () => {
    expect(await waitJitter({ maxMs: 0, random: () => 0.9, signal: never })).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends at once with a signal, for its reason, and leaves no timer', async () => {
    const controller = new AbortController();
    const waiting = waitJitter({ maxMs: 20_000, random: () => 0.5, signal: controller.signal });
    const refused = expect(waiting).rejects.toThrow('stopped by SIGTERM');

    controller.abort(new Error('stopped by SIGTERM'));

    await refused;
    expect(vi.getTimerCount()).toBe(0);
  });
});
