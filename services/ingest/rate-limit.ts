// How often one caller may write: so many requests a minute, all at once if he likes.
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '#services/env.ts';
import { sendProblem } from '#services/problem.ts';

export interface RateLimitOptions {
  readonly perMinute: number;
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number;
}

// Callers are authenticated, so there are few; but nothing may grow for ever.
const maxCallers = 10_000;

/**
 * Refuses with 429 and the seconds to wait. Of each caller one time is kept: when all that he has sent would have been sent
 * at an even pace; a minute ahead of the clock is too far. Counted by each process for itself.
 */
export function limitRate({ perMinute, nowMs }: RateLimitOptions): MiddlewareHandler<AppEnv> {
  const paceMs = 60_000 / perMinute;
  const spentUntil = new Map<string, number>();
  return async (c, next) => {
    const { tenant_id, name } = c.var.identity;
    const caller = JSON.stringify([tenant_id, name]);
    const now = nowMs();
    if (spentUntil.size > maxCallers) forgetIdle(spentUntil, now);
    const until = Math.max(spentUntil.get(caller) ?? 0, now) + paceMs;
    const waitMs = until - now - 60_000;
    if (waitMs > 0) {
      const detail = `more than ${perMinute} requests a minute: wait as long as Retry-After says`;
      const headers = { 'Retry-After': String(Math.ceil(waitMs / 1000)) };
      return sendProblem(c, { status: 429, code: 'too_many_requests', detail }, headers);
    }
    spentUntil.set(caller, until);
    return await next();
  };
}

function forgetIdle(spentUntil: Map<string, number>, now: number): void {
  for (const [caller, until] of spentUntil) if (until <= now) spentUntil.delete(caller);
}
