// Token buckets by name, as the control planes of the clouds keep them.

/** A token bucket: `burst` calls at once, then `per_second`. */
export interface Rate {
  readonly per_second: number;
  readonly burst: number;
}

/** Says whether one more call of this name is let through. */
export interface Throttle {
  allows(name: string, rate: Rate): boolean;
}

/** Buckets that all start full. */
export function createThrottle(now: () => Date): Throttle {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    allows: (name, rate) => {
      const at = now().getTime();
      const bucket = buckets.get(name) ?? { tokens: rate.burst, at };
      const refilled = bucket.tokens + ((at - bucket.at) / 1000) * rate.per_second;
      const tokens = Math.min(rate.burst, refilled);
      buckets.set(name, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      return tokens >= 1;
    },
  };
}
