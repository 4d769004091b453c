// One scope of a run: takes its lease, observes, writes what is seen, and settles how it ended.
import type { Collector } from '#core/collector.ts';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import { ProviderError } from '#core/errors.ts';
import type { Logger } from '#core/log.ts';
import type { Stamp } from '#core/provenance.ts';
import { zeroCounts } from '#core/run.ts';
import type { Lease, NewPage, ScopeEnding, ScopeResult, Writer } from '#store/store.ts';
import { acceptObservation } from './accept.ts';
import { type BatchWriter, createBatch } from './batch.ts';
import { createContext } from './context.ts';
import { type Failure, toFailure } from './failure.ts';
import { keepLease, takeLease } from './lease.ts';
import type { ActiveRun } from './run.ts';
import type { ScopeSummary } from './summary.ts';
import { createTally, listEnumerated, type Tally } from './tally.ts';

/** For what must still be written when the run's own time is up. */
const endingMs = 15_000;

interface ScopeState {
  readonly scope: string;
  readonly stamp: Stamp;
  readonly log: Logger;
  readonly tally: Tally;
  readonly pages: NewPage[];
  readonly batch: BatchWriter;
  /** Both undefined in a dry run. */
  readonly writer: Writer | undefined;
  readonly lease: Lease | undefined;
}

/** Runs one scope to its end; never throws. */
export async function runScope(run: ActiveRun, scope: string): Promise<ScopeSummary> {
  const log = run.log.child({ scope });
  try {
    const { writer, tenant_id, collector } = run.options;
    if (writer === undefined) return await observeScope(run, { scope, log, org_id: null, memo: null });
    const request = { tenant_id, run_id: run.run_id, scope, collector: collector.name };
    const answer = await takeLease(writer, request, { signal: run.signal, pollMs: run.leaseTimes.pollMs });
    if (answer.acquired) return await observeScope(run, { scope, log, ...answer });
    const reason = `the run ${answer.holder_run_id} is working on it`;
    await withinEnding(writer.skipScope(request, reason));
    return { ...{ scope, outcome: 'skipped', code: 'lease_held', reason }, counts: zeroCounts(), isStopped: false };
  } catch (error) {
    const { code, message } = toFailure(run.signal.aborted ? run.signal.reason : error, log);
    return { scope, outcome: 'failed', code, reason: message, counts: zeroCounts(), isStopped: false };
  }
}

interface Opening {
  readonly scope: string;
  readonly log: Logger;
  readonly lease?: Lease;
  readonly org_id: string | null;
  readonly memo: unknown;
}

async function observeScope(run: ActiveRun, { scope, log, lease, org_id, memo }: Opening): Promise<ScopeSummary> {
  const { writer } = run.options;
  const lost = new AbortController();
  const signal = AbortSignal.any([run.signal, lost.signal]);
  const { renewMs } = run.leaseTimes;
  const keeper = writer && lease && keepLease(writer, lease, { renewMs, onLost: (error) => lost.abort(error) });
  const tally = createTally();
  const pages: NewPage[] = [];
  const stamp = toStamp(run, scope);
  const batch = createBatch({ stamp, configured_scopes: run.configured_scopes, tally, pages, writer, lease });
  const context = createContext({ run, scope, signal, log, tally, pages, memo, pinned_root: org_id });
  const state: ScopeState = { scope, stamp, log, tally, pages, batch, writer, lease };
  let failure: Failure | undefined;
  try {
    await observe(run.options.collector.observe(context), { run, state, signal });
  } catch (error) {
    failure = toFailure(signal.aborted ? signal.reason : error, log);
  } finally {
    keeper?.stop();
  }
  return await settle(state, failure);
}

// The generator is driven by hand: `for await` could not leave one that is stuck in an await.
async function observe(
  observations: AsyncIterable<unknown>,
  { run, state, signal }: { readonly run: ActiveRun; readonly state: ScopeState; readonly signal: AbortSignal },
): Promise<void> {
  const { tally, batch, log } = state;
  const iterator = observations[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await raceSignal(iterator.next(), signal);
      if (next.done) break;
      if (tally.root === null) throw new Error(`${state.scope} yields before it has identified itself`);
      const observation = acceptObservation(next.value, tally, log);
      if (observation === undefined) continue;
      batch.add(observation);
      run.totals.records += 1;
      if (batch.isFull()) await batch.flush();
    }
    await batch.flush();
  } catch (error) {
    // Its end is not awaited: while the generator is stuck, return() never settles.
    iterator.return?.().then(undefined, () => undefined);
    throw error;
  }
}

// What was seen before a failure is kept; only absence is not judged.
async function settle(state: ScopeState, failure: Failure | undefined): Promise<ScopeSummary> {
  const { scope, tally, batch, log } = state;
  const ended = (code: string | null, result: ScopeResult): ScopeSummary => ({
    ...{ scope, outcome: result.outcome, code, reason: result.reason, isStopped: false },
    counts: { ...tally.counts, missing: result.missing, vanished: result.vanished },
  });
  let told = failure;
  try {
    if (told !== undefined && told.code !== 'lease_lost') {
      await withinEnding(batch.flush()).catch((error: unknown) => {
        told = toFailure(error, log);
      });
    }
    if (told?.code === 'lease_lost') return ended(told.code, failed(told));
    return ended(told?.code ?? null, await finish(state, told));
  } catch (error) {
    const last = told ?? toFailure(error, log);
    log.error({ event: 'scope_not_finished', err: error }, 'how the scope ended could not be written');
    return ended(last.code, failed(last));
  }
}

async function finish(
  { tally, pages, stamp, writer, lease }: ScopeState,
  failure: Failure | undefined,
): Promise<ScopeResult> {
  const { missing: _missing, vanished: _vanished, ...counts } = tally.counts;
  const ending: ScopeEnding = {
    outcome: outcomeOf(tally, failure),
    reason: failure ? `${failure.code}: ${failure.message}` : reasonOf(tally),
    counts,
    skipped: tally.skipped,
    root: tally.root,
    memo: tally.memo,
    pages: [...pages],
    enumerated: listEnumerated(tally),
  };
  if (writer === undefined || lease === undefined) return { ...ending, missing: 0, vanished: 0 };
  return await withinEnding(writer.finishScope(lease, stamp, ending));
}

function outcomeOf(tally: Tally, failure: Failure | undefined): ScopeEnding['outcome'] {
  if (failure !== undefined) return 'failed';
  return tally.skipped.length > 0 || tally.counts.rejected > 0 ? 'partial' : 'complete';
}

function reasonOf(tally: Tally): string | null {
  if (tally.skipped.length === 0) return null;
  const named = tally.skipped.slice(0, 5).map(({ what }) => what);
  const more = tally.skipped.length - named.length;
  return `could not be read: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function failed({ code, message }: Failure): ScopeResult {
  return { outcome: 'failed', reason: `${code}: ${message}`, missing: 0, vanished: 0 };
}

function toStamp(run: ActiveRun, scope: string): Stamp {
  const { tenant_id, collector, version, image_digest }: RunIdentity = run.options;
  return { tenant_id, collector: collector.name, collector_version: version, image_digest, run_id: run.run_id, scope };
}

type RunIdentity = Pick<ActiveRun['options'], 'tenant_id' | 'version' | 'image_digest'> & {
  readonly collector: Collector;
};

/** Awaits a store's answer with a deadline of its own, for the run's may have passed. */
export async function withinEnding<Result>(work: Promise<Result>): Promise<Result> {
  const deadline = openDeadline(endingMs);
  try {
    return await raceSignal(work, deadline.signal);
  } catch (error) {
    if (!deadline.signal.aborted) throw error;
    throw new ProviderError('store_timeout', `the database gave no answer within ${endingMs} ms`, { cause: error });
  } finally {
    deadline.clear();
  }
}
