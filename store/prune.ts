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

/** `stopped` came before the end: what was deleted until then stays deleted. */
export const pruneOutcomes = ['complete', 'stopped', 'failed'] as const;

/** How the pruning of a tenant ended, which began at this time of the database. */
export interface PruneEnding {
  readonly began_at: string;
  readonly outcome: (typeof pruneOutcomes)[number];
  readonly counts: PrunableCounts;
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
  /** Says that a tenant's turn has come; answers the database's time. */
  beginTenant(tenant_id: string): Promise<string>;
  /** Says how it ended. */
  finishTenant(tenant_id: string, ending: PruneEnding): Promise<void>;
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
    if (signal.aborted) break;
    const found = await (dryRun ? pruner.count(tenant_id, before) : pruneTenant(pruner, { tenant_id, before, signal }));
    for (const what of prunables) counts[what] += found[what];
  }
  return { tenants: tenants.length, before, counts, stopped: signal.aborted };
}

// Tells how it went, as a run of a collector does: a process that is killed has begun and not ended.
async function pruneTenant(
  pruner: Pruner,
  {
    tenant_id,
    before,
    signal,
  }: Pick<PruneBatch, 'tenant_id'> & { readonly before: Cutoffs; readonly signal: AbortSignal },
): Promise<PrunableCounts> {
  const began_at = await pruner.beginTenant(tenant_id);
  const counts = { versions: 0, events: 0, pages: 0, runs: 0, keys: 0 };
  try {
    for (const what of prunables) {
      await pruneAll(pruner, what, { tenant_id, before: before[what], signal }, (deleted) => {
        counts[what] += deleted;
      });
    }
  } catch (error) {
    // A database that has just failed may not take this either, and its first word is the one that helps.
    await pruner.finishTenant(tenant_id, { began_at, outcome: 'failed', counts }).catch(() => undefined);
    throw error;
  }
  await pruner.finishTenant(tenant_id, { began_at, outcome: signal.aborted ? 'stopped' : 'complete', counts });
  return counts;
}

async function pruneAll(
  pruner: Pruner,
  what: Prunable,
  { signal, ...batch }: Omit<PruneBatch, 'limit'> & { readonly signal: AbortSignal },
  tell: (deleted: number) => void,
): Promise<void> {
  while (!signal.aborted) {
    const deleted = await pruner.prune(what, { ...batch, limit: batchRows });
    tell(deleted);
    if (deleted < batchRows) break;
  }
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
