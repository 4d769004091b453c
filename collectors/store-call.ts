// The patience of a run: how often it looks after its leases, and how long it waits for the store.
import { openDeadline, raceSignal } from '#core/deadline.ts';
import { StoreError } from '#core/errors.ts';

export interface RunTimes {
  /** How often a run that waits for a lease looks again. */
  readonly pollMs: number;
  /** How often a working run renews its leases. */
  readonly renewMs: number;
  /** How long one answer of the store may take; more than the store gives itself, so that it can tell what was wrong. */
  readonly storeMs: number;
  /** How long everything may take that is still written after the run was stopped; less than the 30 s a pod is given. */
  readonly endingMs: number;
}

/** Looking and renewing are far more frequent than a lease's 30 s. */
export const runTimes: RunTimes = { pollMs: 1000, renewMs: 10_000, storeMs: 90_000, endingMs: 15_000 };

/** Who waits. `endingSignal` aborts some time after the run was stopped, for what was seen must still be written then. */
export interface Patience {
  readonly times: Pick<RunTimes, 'storeMs'>;
  readonly endingSignal: AbortSignal;
}

/** Awaits an answer of the store. Throws StoreError `store_timeout` when none comes in time. */
export async function callStore<Result>({ times, endingSignal }: Patience, answer: Promise<Result>): Promise<Result> {
  const deadline = openDeadline(times.storeMs, endingSignal);
  try {
    return await raceSignal(answer, deadline.signal);
  } catch (error) {
    if (!deadline.signal.aborted) throw error;
    throw new StoreError('store_timeout', 'the database gave no answer in time', { cause: error, retryable: true });
  } finally {
    deadline.clear();
  }
}
