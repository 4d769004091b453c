// Deadlines: who aborts whom and why, and that nothing of them stays behind.
import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { openDeadline, openGrace, openRace, pause, raceSignal } from './deadline.ts';

const never = new Promise<never>(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

describe('openDeadline', () => {
  test('aborts with a TimeoutError when the time is up, and not before', () => {
    const { signal } = openDeadline(100);

    vi.advanceTimersByTime(99);
    expect(signal.aborted).toBe(false);

    vi.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError', message: 'no answer within 100 ms' });
  });

  test.for([2 ** 31, Number.POSITIVE_INFINITY])('does not abort at once for being %d ms away', (timeoutMs) => {
    const { signal, clear } = openDeadline(timeoutMs);

    vi.advanceTimersByTime(3_600_000);

    expect(signal.aborted).toBe(false);
    clear();
  });

  test('says what it is told to say', () => {
    const { signal } = openDeadline(100, undefined, 'the run took too long');

    vi.advanceTimersByTime(100);

    expect(signal.reason).toMatchObject({ name: 'TimeoutError', message: 'the run took too long' });
  });

  test.for(['before', 'after'])("aborts with the parent's reason when that aborts %s it is opened", (when) => {
    const parent = new AbortController();
    if (when === 'before') parent.abort('stopped');
    const { signal, clear } = openDeadline(100, parent.signal);

    parent.abort('stopped');

    expect(signal.reason).toBe('stopped');
    clear();
  });

  test('leaves no timer and no listener behind once it is cleared', () => {
    const parent = new AbortController();
    const { signal, clear } = openDeadline(100, parent.signal);

    clear();

    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(parent.signal, 'abort')).toEqual([]);
    parent.abort();
    expect(signal.aborted).toBe(false);
  });

  test('keeps the process alive, for a process that waits on nothing else would end without having failed', () => {
    vi.useRealTimers();
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

    const { clear } = openDeadline(60_000);

    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before + 1);
    clear();
  });
});

describe('openGrace', () => {
  test.for(['before', 'after'])('begins when the parent aborts %s it is opened, and ends with its reason', (when) => {
    const parent = new AbortController();
    if (when === 'before') parent.abort('stopped');
    const { signal } = openGrace(100, parent.signal);
    parent.abort('stopped');

    vi.advanceTimersByTime(99);
    expect(signal.aborted).toBe(false);

    vi.advanceTimersByTime(1);
    expect(signal.reason).toBe('stopped');
  });

  test('never begins while the parent does not abort', () => {
    const { signal } = openGrace(100, new AbortController().signal);

    vi.advanceTimersByTime(1_000_000);

    expect(signal.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves no timer and no listener behind once it is cleared, begun or not', () => {
    const stopped = new AbortController();
    const running = new AbortController();
    const graces = [openGrace(100, stopped.signal), openGrace(100, running.signal)];
    stopped.abort();

    for (const { clear } of graces) clear();

    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(running.signal, 'abort')).toEqual([]);
  });
});

describe('raceSignal', () => {
  test('settles as the promise does, and listens no more', async () => {
    const { signal } = new AbortController();
    const error = new Error('no');

    await expect(raceSignal(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(raceSignal(Promise.reject(error), signal)).rejects.toBe(error);

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test.for(['before', 'after'])("rejects with the signal's reason when that aborts %s the wait began", async (when) => {
    const controller = new AbortController();
    if (when === 'before') controller.abort('stopped');

    const raced = raceSignal(never, controller.signal);
    controller.abort('stopped');

    await expect(raced).rejects.toBe('stopped');
  });

  test('what the promise comes to after the abort is no unhandled rejection', async () => {
    const controller = new AbortController();
    const work = Promise.withResolvers<never>();
    const raced = raceSignal(work.promise, controller.signal);
    controller.abort('stopped');
    await expect(raced).rejects.toBe('stopped');

    work.reject(new Error('late'));

    // vitest fails a run that has an unhandled rejection; the turn lets it become one.
    await vi.advanceTimersByTimeAsync(1);
  });
});

describe('openRace', () => {
  test('settles as each promise does, with one listener until it ends', async () => {
    const { signal } = new AbortController();
    const race = openRace(signal);

    await expect(race.next(Promise.resolve(1))).resolves.toBe(1);
    await expect(race.next(Promise.reject(new Error('bad')))).rejects.toThrow('bad');
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);

    race.end();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test.for(['before', 'after'])("rejects with the signal's reason when that aborts %s the wait began", async (when) => {
    const controller = new AbortController();
    const race = openRace(controller.signal);
    await race.next(Promise.resolve(1));
    if (when === 'before') controller.abort('stopped');

    const raced = race.next(never);
    controller.abort('stopped');

    await expect(raced).rejects.toBe('stopped');
  });
});

describe('pause', () => {
  test('ends when the time is up, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const paused = pause(100, signal);

    await vi.advanceTimersByTimeAsync(100);

    await paused;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test.for([
    'before',
    'after',
  ])("rejects with the signal's reason when that aborts %s it began, and leaves no timer", async (when) => {
    const controller = new AbortController();
    if (when === 'before') controller.abort('stopped');

    const paused = pause(100, controller.signal);
    controller.abort('stopped');

    await expect(paused).rejects.toBe('stopped');
    expect(vi.getTimerCount()).toBe(0);
  });
});
