// Which runs are taken for dead, and what is said of them.

/** A run whose lease lapsed, and by when it must have ended. */
export interface DeadRun {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly scope: string;
  readonly lapsed_at: string;
}

/** Why a run failed whose scope another one took over. */
export const takenOver = {
  error_code: 'lease_lapsed',
  error: 'the run stopped renewing its lease and another run took the scope over',
};

/** Why a run failed that died over a scope which nobody has taken over yet. */
export const lapsed = {
  error_code: 'lease_lapsed',
  error: 'the run stopped renewing its lease: its process died, or lost the database',
};

/**
 * How long a run without an end may go without beginning or ending a scope or having one's lease. The longest that a living one
 * can: it waits out a dead one's lease and is refused, and the store takes all the time it is given for each of three answers.
 */
export const silentMinutes = 5;

/** Why a run failed that was not heard of for so long and had no scope. */
export const silent = {
  error_code: 'run_silent',
  error: `the run did not say how it ended and was not heard of for ${silentMinutes} minutes: its process died, or lost the database`,
};
