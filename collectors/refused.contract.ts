// Lets code reach for the internet where nothing leaves this machine, and tells which servers it asked for.
import { blockNetwork } from '#testkit/network-guard.ts';

/** The host names that were asked for, each once; what the work ends with is of no interest, for it cannot succeed. */
export async function hostsAskedFor(work: () => Promise<unknown>): Promise<string[]> {
  const guard = blockNetwork();
  try {
    await work().catch(() => undefined);
    return [...new Set(guard.takeRefused().map((target) => target.replace(/:443$/, '')))].sort();
  } finally {
    guard.restore();
  }
}
