// Runs a collector: begins the run, observes its scopes, ends the run, tells what it did.
import { openDeadline } from '#core/deadline.ts';
import { zeroCounts } from '#core/run.ts';
import { toTraceId } from '#core/trace.ts';
import { toFailure } from './failure.ts';
import { leaseTimes } from './lease.ts';
import { type RunOptions, selectScopes } from './options.ts';
import { createProgress } from './progress.ts';
import type { ActiveRun } from './run.ts';
import { runScope, withinEnding } from './scope.ts';
import { exitCodeOf, formatSummary, type RunSummary, type ScopeSummary, sumCounts, worstOutcome } from './summary.ts';

/**
 * One run of the selected scopes. A failure of a scope is told in the summary; what is thrown is a ConfigError for an
 * unknown scope, or a StoreError when not even the run's begin could be written.
 */
export async function runCollector(options: RunOptions): Promise<RunSummary> {
  const scopes = selectScopes(options);
  const startedMs = performance.now();
  const deadline = openDeadline(options.timeoutMs, options.signal);
  const run = openRun(options, deadline.signal);
  try {
    const { tenant_id, version, image_digest, trigger, collector, writer } = options;
    await writer?.beginRun({ tenant_id, id: run.run_id, collector: collector.name, version, image_digest, trigger });
    const summaries = await observeScopes(run, scopes);
    const summary = summarize(run, summaries, performance.now() - startedMs);
    await finishRun(run, summary);
    tell(run, summary);
    return summary;
  } finally {
    run.progress.clear();
    deadline.clear();
  }
}

function openRun(options: RunOptions, signal: AbortSignal): ActiveRun {
  const run_id = options.clock.uuid();
  return {
    options,
    run_id,
    log: options.log.child({ trace_id: toTraceId(run_id), run_id, collector: options.collector.name }),
    signal,
    leaseTimes: options.leaseTimes ?? leaseTimes,
    progress: createProgress(options.terminal, () => performance.now()),
    configured_scopes: options.collector.scopes(options.config),
    totals: { records: 0 },
    principals: new Set(),
    sdks: new Set(),
  };
}

// As many at once as the collector can take, in the configuration's order.
async function observeScopes(run: ActiveRun, scopes: readonly string[]): Promise<readonly ScopeSummary[]> {
  const waiting = [...scopes.entries()];
  const summaries: ScopeSummary[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, scope] = next;
      summaries[index] = run.signal.aborted ? await skipStopped(run, scope) : await runScope(run, scope);
    }
  };
  await Promise.all(Array.from({ length: run.options.collector.concurrency ?? 1 }, work));
  return summaries;
}

async function skipStopped(run: ActiveRun, scope: string): Promise<ScopeSummary> {
  const { tenant_id, collector, writer } = run.options;
  const reason = 'the run was stopped before it came to this scope';
  const request = { tenant_id, run_id: run.run_id, scope, collector: collector.name };
  if (writer) {
    await withinEnding(writer.skipScope(request, reason)).catch((error: unknown) => {
      run.log.error({ event: 'scope_not_finished', scope, err: error }, 'how the scope ended could not be written');
    });
  }
  return { scope, outcome: 'skipped', code: 'stopped', reason, counts: zeroCounts(), isStopped: true };
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

// A store that is gone cannot be told that it is gone; the log line and the exit code remain.
async function finishRun(run: ActiveRun, { outcome, counts, scopes }: RunSummary): Promise<void> {
  const { writer, tenant_id } = run.options;
  const failed = scopes.find((scope) => scope.outcome === 'failed');
  const ending = {
    ...counts,
    outcome,
    principal: joined(run.principals),
    sdk: joined(run.sdks),
    error_code: failed?.code ?? null,
    error: failed?.reason ?? null,
  };
  try {
    if (writer) await withinEnding(writer.finishRun({ tenant_id, id: run.run_id }, ending));
  } catch (error) {
    const { code, message } = toFailure(error, run.log);
    run.log.error({ event: 'run_not_finished', code, reason: message }, 'how the run ended could not be written');
  }
}

function joined(names: ReadonlySet<string>): string | null {
  return names.size === 0 ? null : [...names].sort().join(', ');
}

function tell(run: ActiveRun, summary: RunSummary): void {
  const { terminal } = run.options;
  run.progress.clear();
  if (terminal) {
    terminal.write(formatSummary(summary));
    return;
  }
  const { run_id: _run_id, collector: _collector, scopes, ...ended } = summary;
  const told = scopes.map(({ isStopped: _isStopped, ...scope }) => scope);
  run.log[summary.exit_code === 0 ? 'info' : 'error'](
    { event: 'run_finished', ...ended, scopes: told },
    'run finished',
  );
}
