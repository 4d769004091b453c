// Drives a collector through one scope: takes what it yields, checks it, batches it.
import { openRace } from '#core/deadline.ts';
import type { Logger } from '#core/log.ts';
import { acceptObservation } from './accept.ts';
import type { BatchWriter } from './batch.ts';
import type { Tally } from './tally.ts';

export interface ObserveOptions {
  readonly scope: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly tally: Tally;
  readonly batch: BatchWriter;
}

/**
 * Takes everything and writes it. Throws what the collector or the store throws, and the signal's reason as soon as it
 * aborts; what was not written then is still in the batch.
 */
export async function observe(observations: AsyncIterable<unknown>, options: ObserveOptions): Promise<void> {
  const { scope, signal, log, tally, batch } = options;
  const iterator = observations[Symbol.asyncIterator]();
  const race = openRace(signal);
  try {
    // By hand, for `for await` could not leave a generator that is stuck in an await.
    for (;;) {
      signal.throwIfAborted();
      const next = await race.next(iterator.next());
      if (next.done) break;
      if (tally.root === null) throw new Error(`${scope} yields before it has identified itself`);
      const observation = acceptObservation(next.value, tally, log);
      if (observation !== undefined) batch.add(observation);
      if (batch.isFull()) await batch.flush();
    }
    await batch.flush();
  } catch (error) {
    // Its end is not awaited: while the generator is stuck, return() never settles.
    iterator.return?.().then(undefined, () => undefined);
    throw error;
  } finally {
    race.end();
  }
}
