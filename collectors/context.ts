// What the runner lends a collector: every word the collector says about its scope is noted here.
import type { ObserveContext } from '#core/collector.ts';
import { ProviderError } from '#core/errors.ts';
import type { Logger } from '#core/log.ts';
import { requestSchema } from '#core/provenance.ts';
import { describeError } from '#core/redact.ts';
import { measuresSchema } from '#core/run.ts';
import type { NewPage } from '#store/store.ts';
import type { ActiveRun } from './run.ts';
import { noteSkipped, seeUnread, type Tally } from './tally.ts';

export interface ContextOptions {
  readonly run: ActiveRun;
  readonly scope: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly tally: Tally;
  /** Requests that no batch has carried yet. */
  readonly pages: NewPage[];
  readonly memo: unknown;
  /** The root that the scope's first complete run pinned. */
  readonly pinned_root: string | null;
}

/** The context of one scope. */
export function createContext(options: ContextOptions): ObserveContext<unknown> {
  const { run, scope, signal, log, tally, pages, memo } = options;
  const { clock, config, http, proxyEnv } = run.options;
  let toldRecords = 0;
  return {
    ...{ config, scope, run_id: run.run_id, signal, http, log, proxyEnv, memo },
    now: () => clock.now(),
    remember: (remembered) => {
      tally.memo = remembered;
    },
    identify: ({ root, configured, principal, sdk }) => {
      refuseWrongRoot(scope, { root, configured, pinned: options.pinned_root });
      tally.root = root;
      if (principal !== null) run.principals.add(principal);
      run.sdks.add(sdk);
    },
    fetched: (request) => {
      tally.counts.pages += 1;
      const fetched_at = clock.now().toISOString();
      pages.push({ ...requestSchema.parse(request), seq: tally.counts.pages, fetched_at });
      run.totals.records += tally.counts.seen - toldRecords;
      toldRecords = tally.counts.seen;
      run.progress.tell({ records: run.totals.records, scope, page: tally.counts.pages });
    },
    measure: (measures) => {
      tally.measures = { ...tally.measures, ...measuresSchema.parse(measures) };
    },
    enumerated: (kind) => void tally.enumerated.add(kind),
    keep: ({ kind, key }) => seeUnread(tally, kind, key),
    skip: ({ what, kinds = [] }, cause) => {
      const noted = noteSkipped(tally, { what, kinds: [...kinds], cause: describeError(cause) });
      if (noted) log.warn({ event: 'skipped', ...noted }, 'a part could not be read');
    },
  };
}

// Credentials of another organization would make every record of this one missing.
function refuseWrongRoot(
  scope: string,
  { root, configured, pinned }: { root: string; configured: string | undefined; pinned: string | null },
): void {
  if (configured !== undefined && configured !== root) {
    throw new ProviderError(
      'wrong_root',
      `${scope} is configured for ${configured}, but its credentials answer for ${root}: use credentials of ${configured}`,
    );
  }
  if (configured === undefined && pinned !== null && pinned !== root) {
    throw new ProviderError(
      'wrong_root',
      `${scope} has always been ${pinned}, but its credentials now answer for ${root}: use credentials of ${pinned}, or name ${root} in the configuration if it is meant`,
    );
  }
}
