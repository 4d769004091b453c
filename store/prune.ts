// Retention: deletes what is older than its keep time, batch by batch, whichever database it is.

/**
 * What is pruned, in this order: a run is kept for as long as a version, an event or a page of it is, so these go first.
 * Records, the audit log and what projections are rebuilt from are never pruned.
 */
export const prunables = ['versions', 'events', 'pages', 'runs', 'keys'] as const;
export type Prunable = (typeof prunables)[number];

/** Rows by what they are. */
export type PrunableCounts = Readonly<Record<Prunable, number>>;

/** What is older goes: versions by their end, pages by their request, runs by their beginning, keys by the request that brought them. */
export type Cutoffs = Readonly<Record<Prunable, string>>;

export interface PruneBatch {
  readonly tenant_id: string;
  readonly before: string;
  readonly limit: number;
}

/** Deletes in short transactions; safe beside collectors, readers and another one of its kind. */
export interface Pruner {
  /** The database's time, and every tenant there is. */
  begin(): Promise<{ readonly now: string; readonly tenants: readonly string[] }>;
  /** How much older than the cutoffs there is and nothing needs. */
  count(tenant_id: string, cutoffs: Cutoffs): Promise<PrunableCounts>;
  /**
   * One transaction: deletes the oldest rows of a tenant, at most `limit`, and moves the horizons with them; answers how
   * many. Fewer than `limit` means that nothing is left.
   */
  prune(what: Prunable, batch: PruneBatch): Promise<number>;
}

export interface PruneOptions {
  readonly pruner: Pruner;
  /** Milliseconds for which each is kept. */
  readonly keep: PrunableCounts;
  /** Count instead of deleting. */
  readonly dryRun: boolean;
  /** Stops after the batch under way. */
  readonly signal: AbortSignal;
}

/** What a pruning did, or a dry one would do. */
export interface PruneSummary {
  readonly tenants: number;
  readonly before: Cutoffs;
  readonly counts: PrunableCounts;
  /** The signal came first. What was deleted until then stays deleted. */
  readonly stopped: boolean;
}

/** Rows of a batch: some 10 ms on either database, and of runs the time to look for whatever names them. */
const batchRows = 1000;

/** Prunes all tenants with the same keep times. */
export async function prune({ pruner, keep, dryRun, signal }: PruneOptions): Promise<PruneSummary> {
  const { now, tenants } = await pruner.begin();
  const before = toCutoffs(keep, now);
  const counts = { versions: 0, events: 0, pages: 0, runs: 0, keys: 0 };
  for (const tenant_id of tenants) {
    const found = dryRun ? await pruner.count(tenant_id, before) : undefined;
    for (const what of prunables) {
      counts[what] += found ? found[what] : await pruneAll(pruner, what, { tenant_id, before: before[what], signal });
    }
    if (signal.aborted) break;
  }
  return { tenants: tenants.length, before, counts, stopped: signal.aborted };
}

async function pruneAll(
  pruner: Pruner,
  what: Prunable,
  { signal, ...batch }: Omit<PruneBatch, 'limit'> & { readonly signal: AbortSignal },
): Promise<number> {
  let pruned = 0;
  while (!signal.aborted) {
    const deleted = await pruner.prune(what, { ...batch, limit: batchRows });
    pruned += deleted;
    if (deleted < batchRows) break;
  }
  return pruned;
}

// A keep time longer than the clock's age keeps everything.
function toCutoffs(keep: PrunableCounts, now: string): Cutoffs {
  const cutoff = (what: Prunable) => new Date(Math.max(0, Date.parse(now) - keep[what])).toISOString();
  return {
    versions: cutoff('versions'),
    events: cutoff('events'),
    pages: cutoff('pages'),
    runs: cutoff('runs'),
    keys: cutoff('keys'),
  };
}
