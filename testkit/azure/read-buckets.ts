// The buckets from which Resource Manager serves reads, one per principal, with what it tells about them.
import type { Rate } from '../throttle.ts';

/** What one read took from its bucket. */
export interface TakenRead {
  readonly is_allowed: boolean;
  /** `x-ms-ratelimit-remaining-tenant-reads`. */
  readonly remaining: number;
  /** `Retry-After`, when it was not allowed. */
  readonly retry_after_seconds: number;
}

/** Takes one read from the bucket of this name. */
export type ReadBuckets = (name: string, rate: Rate) => TakenRead;

/** Buckets that all start full. */
export function createReadBuckets(now: () => Date): ReadBuckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (name, rate) => {
    const at = now().getTime();
    const bucket = buckets.get(name) ?? { tokens: rate.burst, at };
    const tokens = Math.min(rate.burst, bucket.tokens + ((at - bucket.at) / 1000) * rate.per_second);
    const isAllowed = tokens >= 1;
    const left = isAllowed ? tokens - 1 : tokens;
    buckets.set(name, { tokens: left, at });
    return {
      is_allowed: isAllowed,
      remaining: Math.floor(left),
      retry_after_seconds: Math.max(1, Math.ceil((1 - left) / rate.per_second)),
    };
  };
}
