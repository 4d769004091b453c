// Scripted misfortune: which request it befalls, and what happens to it.
import type { StatusDetail, StatusName } from './refusal.ts';
import type { LoggedRequest } from './request-log.ts';
import type { GcpWorld } from './world.ts';

/**
 * What can happen, to Resource Manager's calls and to requests for tokens alike. The first four kinds happen before the
 * operation, the others to its answer.
 */
export type FaultEffect =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'mutate'; mutate(world: GcpWorld): void }
  /** The connection is cut. */
  | { readonly kind: 'reset' }
  /** Nothing is ever answered. */
  | { readonly kind: 'hang' }
  /** A refusal in the API's own words. */
  | {
      readonly kind: 'error';
      readonly code: StatusName;
      readonly message?: string;
      readonly details?: readonly StatusDetail[];
    }
  /** Google's word for "too fast". */
  | { readonly kind: 'throttle'; readonly retry_after_seconds?: number }
  /** Google's word for an access token that has expired. */
  | { readonly kind: 'expired_credentials' }
  /** The page token is refused as one that has become too old. */
  | { readonly kind: 'expired_page_token' }
  /** The answer cannot be read as the message it ought to be. */
  | { readonly kind: 'malformed' }
  /** The answer lacks this member, such as `projects`. */
  | { readonly kind: 'omit'; readonly member: string }
  /** The answer's token is the one that led to it (from the second page on), so that the walk never ends. */
  | { readonly kind: 'repeat_token' }
  /** The answer as this function makes it, such as a project of a state that has no name. */
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
