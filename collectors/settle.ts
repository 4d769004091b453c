// Settles how a scope ended: what was seen before a failure is kept, only absence is not judged then.
import type { Logger } from '#core/log.ts';
import type { Stamp } from '#core/provenance.ts';
import type { Counts } from '#core/run.ts';
import type { Lease, NewPage, ScopeEnding, ScopeResult, Writer } from '#store/store.ts';
import type { BatchWriter } from './batch.ts';
import { type Failure, toFailure } from './failure.ts';
import { callStore, type Patience } from './store-call.ts';
import type { ScopeSummary } from './summary.ts';
import { listEnumerated, type Tally } from './tally.ts';

export interface SettleOptions {
  readonly scope: string;
  readonly stamp: Stamp;
  readonly log: Logger;
  readonly tally: Tally;
  readonly pages: NewPage[];
  readonly batch: BatchWriter;
  readonly patience: Patience;
  /** Both undefined in a dry run. */
  readonly writer: Writer | undefined;
  readonly lease: Lease | undefined;
}

/** Writes what is left and how the scope ended; never throws. `failure` is what observing ended with. */
export async function settleScope(options: SettleOptions, failure: Failure | undefined): Promise<ScopeSummary> {
  const { log } = options;
  let told = failure;
  if (told !== undefined && !isLost(told)) {
    const unwritten = await flushLast(options);
    if (unwritten !== undefined && isLost(unwritten)) told = unwritten;
  }
  // A collector that hangs may go on telling: from here on it is counted neither in the row nor in the summary.
  const { scope, tally } = options;
  const ended = { scope, counts: { ...tally.counts } };
  // Another run has the scope and has said in our row how we ended.
  if (told !== undefined && isLost(told)) return toSummary(ended, told.code, failed(told));
  try {
    return toSummary(ended, told?.code ?? null, await finish(options, ended.counts, told));
  } catch (error) {
    const unwritten = toFailure(error, log);
    log.error({ event: 'scope_not_finished', ...unwritten }, 'how the scope ended could not be written');
    const last = told ?? unwritten;
    return { ...toSummary(ended, last.code, failed(last)), isWritten: false };
  }
}

function isLost({ code }: Failure): boolean {
  return code === 'lease_lost';
}

// The scope has failed already: that this fails too is only logged, and does not hide why.
async function flushLast({ batch, log }: SettleOptions): Promise<Failure | undefined> {
  try {
    await batch.flush();
    return undefined;
  } catch (error) {
    const unwritten = toFailure(error, log);
    log.error({ event: 'batch_not_written', ...unwritten }, 'the last records seen could not be written');
    return unwritten;
  }
}

async function finish(options: SettleOptions, all: Counts, failure: Failure | undefined): Promise<ScopeResult> {
  const { tally, pages, stamp, patience, writer, lease } = options;
  const { missing: _missing, vanished: _vanished, ...counts } = all;
  const ending: ScopeEnding = {
    outcome: outcomeOf(tally, failure),
    reason: failure ? reasonOf(failure) : describeSkipped(tally),
    counts,
    skipped: tally.skipped,
    root: tally.root,
    memo: tally.memo,
    measures: tally.measures,
    pages: [...pages],
    enumerated: listEnumerated(tally),
  };
  if (writer === undefined || lease === undefined) return { ...ending, missing: 0, vanished: 0 };
  return await callStore(patience, writer.finishScope(lease, stamp, ending));
}

function outcomeOf(tally: Tally, failure: Failure | undefined): ScopeEnding['outcome'] {
  if (failure !== undefined) return 'failed';
  return tally.skipped.length > 0 ? 'partial' : 'complete';
}

function describeSkipped({ skipped, unnamed }: Tally): string | null {
  if (skipped.length === 0) return null;
  const named = skipped.slice(0, 5).map(({ what }) => what);
  const more = skipped.length - named.length + unnamed;
  return `could not be read: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function failed(failure: Failure): ScopeResult {
  return { outcome: 'failed', reason: reasonOf(failure), missing: 0, vanished: 0 };
}

function reasonOf({ code, message }: Failure): string {
  return `${code}: ${message}`;
}

function toSummary(
  { scope, counts }: Pick<ScopeSummary, 'scope' | 'counts'>,
  code: string | null,
  { outcome, reason, missing, vanished }: ScopeResult,
): ScopeSummary {
  return { scope, outcome, code, reason, counts: { ...counts, missing, vanished }, isStopped: false, isWritten: true };
}
