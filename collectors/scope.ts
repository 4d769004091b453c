// One scope of a run: takes its lease, observes it, settles how it ended.
import { zeroCounts } from '#core/run.ts';
import type { Lease, LeaseRequest, NewPage } from '#store/store.ts';
import { createBatch } from './batch.ts';
import { createContext } from './context.ts';
import { type Failure, toFailure } from './failure.ts';
import { keepLease, takeLease } from './lease.ts';
import { observe } from './observe.ts';
import type { ActiveRun } from './run.ts';
import { settleScope } from './settle.ts';
import { callStore } from './store-call.ts';
import type { ScopeSummary } from './summary.ts';
import { createTally } from './tally.ts';

/** Runs one scope to its end; never throws. */
export async function runScope(run: ActiveRun, scope: string): Promise<ScopeSummary> {
  const { writer } = run.options;
  try {
    run.signal.throwIfAborted();
    if (writer === undefined) return await observeScope(run, { scope, org_id: null, memo: null });
    const answer = await takeLease(run, writer, toRequest(run, scope));
    if (answer.acquired) return await observeScope(run, { scope, ...answer });
    const reason = `the run ${answer.holder_run_id} is working on it`;
    return await skipScope(run, { scope, code: 'lease_held', reason });
  } catch (error) {
    if (run.signal.aborted) return await skipScope(run, stopped(scope));
    const { code, message } = toFailure(error, run.log);
    const reason = `${code}: ${message}`;
    return { scope, outcome: 'failed', code, reason, counts: zeroCounts(), isStopped: false, isWritten: false };
  }
}

type Skip = Pick<ScopeSummary, 'scope'> & { readonly code: 'lease_held' | 'stopped'; readonly reason: string };

function stopped(scope: string): Skip {
  return { scope, code: 'stopped', reason: 'the run was stopped before it came to this scope' };
}

async function skipScope(run: ActiveRun, { scope, code, reason }: Skip): Promise<ScopeSummary> {
  const { writer } = run.options;
  let isWritten = true;
  try {
    if (writer) await callStore(run, writer.skipScope(toRequest(run, scope), reason));
  } catch (error) {
    isWritten = false;
    const unwritten = toFailure(error, run.log);
    run.log.error({ event: 'scope_not_finished', scope, ...unwritten }, 'how the scope ended could not be written');
  }
  return { scope, outcome: 'skipped', code, reason, counts: zeroCounts(), isStopped: code === 'stopped', isWritten };
}

function toRequest({ run_id, options }: ActiveRun, scope: string): LeaseRequest {
  return { tenant_id: options.tenant_id, run_id, scope, collector: options.collector.name };
}

interface Opening {
  readonly scope: string;
  /** Undefined in a dry run. */
  readonly lease?: Lease;
  readonly org_id: string | null;
  readonly memo: unknown;
}

async function observeScope(run: ActiveRun, { scope, lease, org_id, memo }: Opening): Promise<ScopeSummary> {
  const { tenant_id, collector, version, image_digest, writer } = run.options;
  const log = run.log.child({ scope });
  const lost = new AbortController();
  const signal = AbortSignal.any([run.signal, lost.signal]);
  const tally = createTally();
  const pages: NewPage[] = [];
  const run_id = run.run_id;
  const stamp = { tenant_id, collector: collector.name, collector_version: version, image_digest, run_id, scope };
  const patience = run;
  const batch = createBatch({
    ...{ stamp, tally, pages, patience, writer, lease },
    configured_scopes: run.configured_scopes,
  });
  const context = createContext({ run, scope, signal, log, tally, pages, memo, pinned_root: org_id });
  const { renewMs } = run.times;
  const keeper = writer && lease && keepLease(writer, lease, { renewMs, onLost: (error) => lost.abort(error) });
  let failure: Failure | undefined;
  try {
    await observe(collector.observe(context), { scope, signal, log, tally, batch });
  } catch (error) {
    failure = toFailure(error, log);
  } finally {
    keeper?.stop();
  }
  return await settleScope({ scope, stamp, log, tally, pages, batch, patience, writer, lease }, failure);
}
