// Runs a collector: begins the run, observes its scopes, ends the run, tells what it did.
import { openDeadline, openGrace } from '#core/deadline.ts';
import { toTraceId } from '#core/trace.ts';
import { toFailure } from './failure.ts';
import { type RunOptions, selectScopes } from './options.ts';
import { createProgress } from './progress.ts';
import type { ActiveRun } from './run.ts';
import { runScope } from './scope.ts';
import { callStore, runTimes } from './store-call.ts';
import { exitCodeOf, formatSummary, type RunSummary, type ScopeSummary, sumCounts, worstOutcome } from './summary.ts';

/**
 * One run of the selected scopes. A failure of a scope is told in the summary; what is thrown is a ConfigError for an
 * unknown scope, or a StoreError when not even the run's begin could be written.
 */
export async function runCollector(options: RunOptions): Promise<RunSummary> {
  const scopes = selectScopes(options);
  const startedMs = performance.now();
  const tooLong = `the run was not done within ${options.timeoutMs / 1000} s`;
  const deadline = openDeadline(options.timeoutMs, options.signal, tooLong);
  const grace = openGrace((options.times ?? runTimes).endingMs, deadline.signal);
  const run = openRun(options, deadline.signal, grace.signal);
  try {
    await beginRun(run);
    const summaries = await observeScopes(run, scopes);
    const ended = summarize(run, summaries, performance.now() - startedMs);
    const isFinished = await finishRun(run, ended);
    const summary: RunSummary = { ...ended, exit_code: isFinished ? ended.exit_code : 1 };
    tell(run, summary);
    return summary;
  } finally {
    run.progress.end();
    grace.clear();
    deadline.clear();
  }
}

function openRun(options: RunOptions, signal: AbortSignal, endingSignal: AbortSignal): ActiveRun {
  const run_id = options.clock.uuid();
  return {
    options,
    run_id,
    log: options.log.child({ trace_id: toTraceId(run_id), run_id, collector: options.collector.name }),
    signal,
    endingSignal,
    times: options.times ?? runTimes,
    progress: createProgress(options.terminal, () => performance.now()),
    configured_scopes: options.collector.scopes(options.config),
    totals: { records: 0 },
    principals: new Set(),
    sdks: new Set(),
  };
}

async function beginRun(run: ActiveRun): Promise<void> {
  const { tenant_id, version, image_digest, trigger, collector, writer } = run.options;
  const { run_id: id, configured_scopes } = run;
  const begun = { tenant_id, id, collector: collector.name, version, image_digest, trigger, configured_scopes };
  if (writer) await callStore(run, writer.beginRun(begun));
}

// As many at once as the collector can take, in the configuration's order.
async function observeScopes(run: ActiveRun, scopes: readonly string[]): Promise<readonly ScopeSummary[]> {
  const waiting = [...scopes.entries()];
  const summaries: ScopeSummary[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, scope] = next;
      summaries[index] = await runScope(run, scope);
    }
  };
  await Promise.all(Array.from({ length: run.options.collector.concurrency ?? 1 }, work));
  return summaries;
}

function summarize(run: ActiveRun, scopes: readonly ScopeSummary[], durationMs: number): RunSummary {
  return {
    run_id: run.run_id,
    collector: run.options.collector.name,
    dry_run: run.options.writer === undefined,
    outcome: worstOutcome(scopes),
    exit_code: exitCodeOf(scopes),
    duration_ms: Math.round(durationMs),
    counts: sumCounts(scopes),
    scopes,
  };
}

// False when it could not be written: a store that is gone cannot be told that it is gone; the log line and the exit code remain.
async function finishRun(run: ActiveRun, { outcome, counts, scopes }: RunSummary): Promise<boolean> {
  const { writer, tenant_id } = run.options;
  const failed = scopes.find((scope) => scope.outcome === 'failed') ?? scopes.find((scope) => scope.isStopped);
  const ending = {
    ...counts,
    outcome,
    principal: joined(run.principals),
    sdk: joined(run.sdks),
    error_code: failed?.code ?? null,
    error: failed?.reason ?? null,
    unwritten: scopes
      .filter(({ isWritten }) => !isWritten)
      .map((scope) => ({ scope: scope.scope, outcome: scope.outcome, reason: scope.reason, ...scope.counts })),
  };
  try {
    if (writer) await callStore(run, writer.finishRun({ tenant_id, id: run.run_id }, ending));
    return true;
  } catch (error) {
    const { code, message } = toFailure(error, run.log);
    run.log.error({ event: 'run_not_finished', code, reason: message }, 'how the run ended could not be written');
    return false;
  }
}

function joined(names: ReadonlySet<string>): string | null {
  return names.size === 0 ? null : [...names].sort().join(', ');
}

function tell(run: ActiveRun, summary: RunSummary): void {
  const { terminal } = run.options;
  run.progress.end();
  if (terminal) {
    terminal.write(formatSummary(summary));
    return;
  }
  const { run_id: _run_id, collector: _collector, scopes, ...ended } = summary;
  const told = scopes.map(({ isStopped: _isStopped, isWritten: _isWritten, ...scope }) => scope);
  run.log[summary.exit_code === 0 ? 'info' : 'error'](
    { event: 'run_finished', ...ended, scopes: told },
    'run finished',
  );
}
