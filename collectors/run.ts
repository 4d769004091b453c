// One run as its scopes share it.
import type { Logger } from '#core/log.ts';
import type { RunOptions } from './options.ts';
import type { Progress } from './progress.ts';
import type { RunTimes } from './store-call.ts';

/** What every scope of a run is observed with. */
export interface ActiveRun {
  readonly options: RunOptions;
  readonly run_id: string;
  /** Carries run and trace id. */
  readonly log: Logger;
  /** Aborts when the run is stopped or its time is up. */
  readonly signal: AbortSignal;
  /** Aborts when even the time to write the ending is up. */
  readonly endingSignal: AbortSignal;
  readonly times: RunTimes;
  readonly progress: Progress;
  /** Every scope that is configured, also those this run was not asked for. */
  readonly configured_scopes: readonly string[];
  /** Records seen in all scopes so far, for the progress line. */
  readonly totals: { records: number };
  /** Who asked and with what, as the scopes identify themselves. */
  readonly principals: Set<string>;
  readonly sdks: Set<string>;
}
