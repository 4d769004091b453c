// Waits until services that were started accept connections, so that what is printed to be typed works.
import { connect } from 'node:net';
import { pause } from '#core/deadline.ts';
import type { Address } from './listen-problem.ts';

const retryMs = 50;

/** Resolves when somebody listens at every address, or when the signal aborts. */
export async function untilListening(addresses: readonly Address[], signal: AbortSignal): Promise<void> {
  for (const address of addresses) {
    while (!signal.aborted && !(await accepts(address, signal))) await pause(retryMs, signal).catch(() => undefined);
  }
}

function accepts({ host, port }: Address, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
