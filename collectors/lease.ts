// Takes a scope's lease, waiting for a holder that may be dead, and keeps it while the scope is observed.
import { pause, raceSignal } from '#core/deadline.ts';
import type { Lease, LeaseAnswer, LeaseRequest, Writer } from '#store/store.ts';

/** How often a waiting run looks again, and how often a working one renews: both far below the lease's 30 s. */
export interface LeaseTimes {
  readonly pollMs: number;
  readonly renewMs: number;
}

export const leaseTimes: LeaseTimes = { pollMs: 1000, renewMs: 10_000 };

/**
 * The lease, or its living holder: a lease that is renewed while we wait has somebody behind it, one that lapses has not
 * and is taken over. So this ends at the latest when the first lease seen has run out.
 */
export async function takeLease(
  writer: Writer,
  request: LeaseRequest,
  { signal, pollMs }: { readonly signal: AbortSignal; readonly pollMs: number },
): Promise<LeaseAnswer> {
  let expiresAt: string | undefined;
  for (;;) {
    const answer = await raceSignal(writer.acquireLease(request), signal);
    if (answer.acquired) return answer;
    if (expiresAt !== undefined && expiresAt !== answer.lease_expires_at) return answer;
    expiresAt = answer.lease_expires_at;
    await pause(Math.min(pollMs, answer.remaining_ms + 1), signal);
  }
}

/** Renews until stopped, for batches alone may be too far apart. A renewal that fails is told once and ends it. */
export function keepLease(
  writer: Writer,
  lease: Lease,
  { renewMs, onLost }: { readonly renewMs: number; readonly onLost: (error: unknown) => void },
): { stop(): void } {
  let isRenewing = false;
  const timer = setInterval(() => {
    if (isRenewing) return;
    isRenewing = true;
    writer
      .renewLease(lease)
      .catch((error: unknown) => {
        clearInterval(timer);
        onLost(error);
      })
      .finally(() => {
        isRenewing = false;
      });
  }, renewMs);
  return { stop: () => clearInterval(timer) };
}
