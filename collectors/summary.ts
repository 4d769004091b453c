// What a run did, as one value: logged as a line of JSON, or told in words on a terminal.
import { type Counts, type Outcome, zeroCounts } from '#core/run.ts';

/** How one scope ended. */
export interface ScopeSummary {
  readonly scope: string;
  readonly outcome: Outcome;
  readonly code: string | null;
  readonly reason: string | null;
  readonly counts: Counts;
  /** It was not attempted, because the run was stopped before. */
  readonly isStopped: boolean;
  /** The store has its row of the run, or there is none to write. */
  readonly isWritten: boolean;
}

/** How the run ended. */
export interface RunSummary {
  readonly run_id: string;
  readonly collector: string;
  readonly dry_run: boolean;
  readonly outcome: Outcome;
  readonly exit_code: 0 | 1;
  readonly duration_ms: number;
  readonly counts: Counts;
  readonly scopes: readonly ScopeSummary[];
}

const countNames = [
  'seen',
  'inserted',
  'changed',
  'unchanged',
  'resurrected',
  'missing',
  'vanished',
  'rejected',
  'pages',
] as const satisfies readonly (keyof Counts)[];

const worstFirst: readonly Outcome[] = ['held', 'partial', 'complete', 'skipped'];

/** The worst outcome of the scopes, `skipped` only when all of them were; a run that was stopped before it came to one has failed. */
export function worstOutcome(scopes: readonly ScopeSummary[]): Outcome {
  if (exitCodeOf(scopes) === 1) return 'failed';
  return worstFirst.find((outcome) => scopes.some((scope) => scope.outcome === outcome)) ?? 'skipped';
}

/** 1 when a scope failed or the run was stopped before it came to one; everything else is no reason to run again. */
export function exitCodeOf(scopes: readonly ScopeSummary[]): 0 | 1 {
  return scopes.some((scope) => scope.outcome === 'failed' || scope.isStopped) ? 1 : 0;
}

/** The sum of the scopes' counts. */
export function sumCounts(scopes: readonly ScopeSummary[]): Counts {
  const sum = zeroCounts();
  for (const { counts } of scopes) {
    for (const name of countNames) sum[name] += counts[name];
  }
  return sum;
}

/** One line per scope, for people. */
export function formatSummary(summary: RunSummary): string {
  const lines = summary.scopes.map(({ scope, outcome, counts, reason }) => {
    const told = countNames.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`);
    const why = reason === null ? '' : `\n  ${reason}`;
    return `${scope}: ${outcome}${told.length > 0 ? `, ${told.join(', ')}` : ''}${why}`;
  });
  const seconds = (summary.duration_ms / 1000).toFixed(1);
  const mode = summary.dry_run ? ', dry run: nothing was written' : '';
  return `${lines.join('\n')}\nrun ${summary.run_id} ended ${summary.outcome} in ${seconds} s${mode}\n`;
}
