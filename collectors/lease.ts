// Takes a scope's lease, waiting for a holder that may be dead, and keeps it while the scope is observed.
import { pause } from '#core/deadline.ts';
import { StoreError } from '#core/errors.ts';
import type { Lease, LeaseAnswer, LeaseRequest, Writer } from '#store/store.ts';
import type { ActiveRun } from './run.ts';
import { callStore } from './store-call.ts';

/**
 * The lease, or its living holder: a lease that is renewed while we wait has somebody behind it, one that lapses has not
 * and is taken over. So this ends at the latest when the first lease seen has run out. An attempt is never broken off:
 * a lease taken without our knowing would keep others waiting.
 */
export async function takeLease(
  run: Pick<ActiveRun, 'times' | 'endingSignal' | 'signal'>,
  writer: Writer,
  request: LeaseRequest,
): Promise<LeaseAnswer> {
  let expiresAt: string | undefined;
  for (;;) {
    const answer = await callStore(run, writer.acquireLease(request));
    if (answer.acquired) return answer;
    if (expiresAt !== undefined && expiresAt !== answer.lease_expires_at) return answer;
    expiresAt = answer.lease_expires_at;
    await pause(Math.min(run.times.pollMs, answer.remaining_ms + 1), run.signal);
  }
}

/**
 * Renews until stopped, for batches alone may be too far apart. A database that is away for a moment is no loss, the fence
 * holds as long as nobody else takes the scope; any other refusal is told once and ends it.
 */
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
        if (error instanceof StoreError && error.retryable) return;
        clearInterval(timer);
        onLost(error);
      })
      .finally(() => {
        isRenewing = false;
      });
  }, renewMs);
  return { stop: () => clearInterval(timer) };
}
