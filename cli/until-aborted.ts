// Waits for the end of a command that runs until it is stopped; something else, a server, must keep the process alive.
import { raceSignal } from '#core/deadline.ts';

/** Resolves when the signal aborts. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  await raceSignal(new Promise<never>(() => {}), signal).catch(() => {});
}
