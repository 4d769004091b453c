// Collectors whose schedules meet do not all ask at once: a random part of a short time is waited before a run begins.
import { pause } from '#core/deadline.ts';

export interface JitterOptions {
  /** At most so long; 0 is not at all. */
  readonly maxMs: number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Waits, and answers how many milliseconds it was to be: they belong to the run's time. Rejects with the signal's reason. */
export async function waitJitter({ maxMs, random, signal }: JitterOptions): Promise<number> {
  const delayMs = Math.floor(random() * maxMs);
  if (delayMs > 0) await pause(delayMs, signal);
  return delayMs;
}
