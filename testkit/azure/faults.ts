// Scripted misfortune: which request it befalls, and what happens to it.

import type { LoggedRequest } from './request-log.ts';
import type { AzureWorld } from './world.ts';

/** What can happen. The first four kinds happen before the operation, the others to its answer. */
export type FaultEffect =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'mutate'; mutate(world: AzureWorld): void }
  /** The connection is cut; with `after_headers`, in the middle of the body. */
  | { readonly kind: 'reset'; readonly after_headers?: boolean }
  /** Nothing is ever answered. */
  | { readonly kind: 'hang' }
  /** A refusal in the service's own shape; the login endpoint's codes are `AADSTS` and a number. */
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly status?: number;
      readonly message?: string;
      readonly retry_after_seconds?: number;
    }
  /** 429; Azure always says when to come back, so here it is at once unless told otherwise. */
  | { readonly kind: 'throttle'; readonly retry_after_seconds?: number }
  /** The access token has expired, from now on. */
  | { readonly kind: 'expired_token' }
  /** The skip token is refused as one that has become too old. */
  | { readonly kind: 'expired_page_token' }
  /** A body in no service's shape, as a proxy or a load balancer sends it. */
  | { readonly kind: 'raw'; readonly status: number; readonly body: string; readonly content_type?: string }
  /** The answer breaks off in the middle of its JSON. */
  | { readonly kind: 'malformed' }
  /** The answer lacks this member, such as `value`. */
  | { readonly kind: 'omit'; readonly member: string }
  /** The nextLink is the one that led here (on the first page: a new one), so that the walk never ends. */
  | { readonly kind: 'repeat_link' }
  /** The nextLink leads to another host, which must never be called. */
  | { readonly kind: 'foreign_link' }
  /** The body as this function makes it, such as a subscription without a state. */
  | { readonly kind: 'alter'; alter(body: Record<string, unknown>): Record<string, unknown> };

/** Whom it befalls: requests for which all of these hold. */
export interface FaultPlan {
  readonly operation?: string;
  /** The n-th request that the other conditions fit, from 1. */
  readonly nth?: number;
  /** The page asked for, from 1. */
  readonly page?: number;
  when?(request: LoggedRequest): boolean;
  /** How often at most; unlimited unless said. `nth` implies once. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

/** A planned fault. */
export interface PlannedFault {
  /** How many requests it has befallen. */
  hits(): number;
  /** Takes it off the plan. */
  cancel(): void;
}

/** The plan. */
export interface Faults {
  plan(fault: FaultPlan): PlannedFault;
  clear(): void;
  /** Effects on this request, in the order in which they were planned; counts them as having happened. */
  take(request: LoggedRequest): readonly FaultEffect[];
  /** Faults that were planned and never happened: a test that believes in them proves nothing. */
  unused(): readonly FaultPlan[];
}

interface Entry {
  readonly fault: FaultPlan;
  matched: number;
  hits: number;
}

/** An empty plan. */
export function createFaults(): Faults {
  const entries = new Set<Entry>();
  return {
    plan: (fault) => {
      const entry: Entry = { fault, matched: 0, hits: 0 };
      entries.add(entry);
      return { hits: () => entry.hits, cancel: () => void entries.delete(entry) };
    },
    clear: () => entries.clear(),
    take: (request) => [...entries].filter((entry) => befalls(entry, request)).map((entry) => entry.fault.effect),
    unused: () => [...entries].filter((entry) => entry.hits === 0).map((entry) => entry.fault),
  };
}

function befalls(entry: Entry, request: LoggedRequest): boolean {
  const { operation, page, when, nth, times = Number.POSITIVE_INFINITY } = entry.fault;
  if (operation !== undefined && operation !== request.operation) return false;
  if (page !== undefined && page !== request.page) return false;
  if (when !== undefined && !when(request)) return false;
  entry.matched += 1;
  if ((nth !== undefined && nth !== entry.matched) || entry.hits >= times) return false;
  entry.hits += 1;
  return true;
}
