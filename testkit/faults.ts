// Scripted misfortune of a fake: a plan that says which requests it befalls. What can happen to them is each provider's own.

/** Whom it befalls: requests for which all of these hold. */
export interface FaultPlan<Request, Effect> {
  readonly operation?: string;
  /** The n-th request that the other conditions fit, from 1. */
  readonly nth?: number;
  /** The page asked for, from 1. */
  readonly page?: number;
  when?(request: Request): boolean;
  /** How often at most; unlimited unless said. `nth` implies once. */
  readonly times?: number;
  readonly effect: Effect;
}

/** A planned fault. */
export interface PlannedFault {
  /** How many requests it has befallen. */
  hits(): number;
  /** Takes it off the plan. */
  cancel(): void;
}

/** The plan. */
export interface Faults<Request, Effect> {
  plan(fault: FaultPlan<Request, Effect>): PlannedFault;
  clear(): void;
  /** Effects on this request, in the order in which they were planned; counts them as having happened. */
  take(request: Request): readonly Effect[];
  /** Faults that were planned and never happened: a test that believes in them proves nothing. */
  unused(): readonly FaultPlan<Request, Effect>[];
}

/** What a plan can tell requests apart by without asking `when`. */
export interface FaultyRequest {
  readonly operation: string | null;
  readonly page: number;
}

interface Entry<Request, Effect> {
  readonly fault: FaultPlan<Request, Effect>;
  matched: number;
  hits: number;
}

/** An empty plan. */
export function createFaults<Request extends FaultyRequest, Effect>(): Faults<Request, Effect> {
  const entries = new Set<Entry<Request, Effect>>();
  return {
    plan: (fault) => {
      const entry = { fault, matched: 0, hits: 0 };
      entries.add(entry);
      return { hits: () => entry.hits, cancel: () => void entries.delete(entry) };
    },
    clear: () => entries.clear(),
    take: (request) => [...entries].filter((entry) => befalls(entry, request)).map((entry) => entry.fault.effect),
    unused: () => [...entries].filter((entry) => entry.hits === 0).map((entry) => entry.fault),
  };
}

function befalls<Request extends FaultyRequest, Effect>(entry: Entry<Request, Effect>, request: Request): boolean {
  const { operation, page, when, nth, times = Number.POSITIVE_INFINITY } = entry.fault;
  if (operation !== undefined && operation !== request.operation) return false;
  if (page !== undefined && page !== request.page) return false;
  if (when !== undefined && !when(request)) return false;
  entry.matched += 1;
  if ((nth !== undefined && nth !== entry.matched) || entry.hits >= times) return false;
  entry.hits += 1;
  return true;
}
