// Collects valid observations, each key once, and hands them to the Writer 500 at a time.
import type { Observation } from '#core/observation.ts';
import type { Stamp } from '#core/provenance.ts';
import type { Lease, NewPage, Writer } from '#store/store.ts';
import { see, type Tally } from './tally.ts';

/** Rows of one statement and one transaction; larger ones are no faster. */
export const batchSize = 500;

export interface BatchOptions {
  readonly stamp: Stamp;
  readonly configured_scopes: readonly string[];
  readonly tally: Tally;
  readonly pages: NewPage[];
  /** Both undefined in a dry run. */
  readonly writer: Writer | undefined;
  readonly lease: Lease | undefined;
}

export interface BatchWriter {
  /** Adds a valid observation; of two with one key the later counts. */
  add(observation: Observation): void;
  isFull(): boolean;
  /** Writes what was added and the requests made meanwhile. Nothing is lost when it throws, and nothing is written twice when it is called again. */
  flush(): Promise<void>;
}

/** A batch of one scope. */
export function createBatch(options: BatchOptions): BatchWriter {
  const { tally, pages } = options;
  const pending = new Map<string, Observation>();
  return {
    add(observation) {
      pending.set(`${observation.kind} ${observation.key}`, observation);
      see(tally, observation.kind, observation.key);
    },
    isFull: () => pending.size >= batchSize || pages.length >= batchSize,
    async flush() {
      if (pending.size === 0 && pages.length === 0) return;
      await write(options, [...pending.values()]);
      pending.clear();
      pages.length = 0;
    },
  };
}

async function write(options: BatchOptions, observations: readonly Observation[]): Promise<void> {
  const { stamp, configured_scopes, tally, pages, writer, lease } = options;
  if (writer === undefined || lease === undefined) return;
  // Pages can be there before the scope has said who it is; records cannot.
  const root = tally.root ?? '';
  const result = await writer.upsert(lease, { stamp, root, configured_scopes, observations, pages: [...pages] });
  for (const name of ['inserted', 'changed', 'unchanged', 'resurrected'] as const) tally.counts[name] += result[name];
  tally.inserted.account += result.inserted_by_kind.account;
  tally.inserted.org_node += result.inserted_by_kind.org_node;
  for (const conflict of result.conflicts) {
    tally.counts.rejected += 1;
    tally.restricted.add(conflict.kind);
    tally.skipped.push({ what: conflict.key, kinds: [conflict.kind], cause: conflict.reason });
  }
}
