// Collects valid observations, each key once, and hands them to the Writer 500 at a time.
import type { Observation } from '#core/observation.ts';
import type { Stamp } from '#core/provenance.ts';
import { isOlder } from '#store/observed.ts';
import type { Lease, NewPage, Writer } from '#store/store.ts';
import { callStore, type Patience } from './store-call.ts';
import { countBatch, see, type Tally } from './tally.ts';

/** Rows of one statement and one transaction; larger ones are no faster. */
export const batchSize = 500;

export interface BatchOptions {
  readonly stamp: Stamp;
  readonly configured_scopes: readonly string[];
  readonly tally: Tally;
  readonly pages: NewPage[];
  readonly patience: Patience;
  /** Both undefined in a dry run. */
  readonly writer: Writer | undefined;
  readonly lease: Lease | undefined;
}

export interface BatchWriter {
  /** Adds a valid observation; of two with one key the later counts, unless the provider dates it as the older one. */
  add(observation: Observation): void;
  isFull(): boolean;
  /** Writes what was added and the requests made meanwhile. What a failed call could not write, the next one writes. */
  flush(): Promise<void>;
}

/** A batch of one scope. */
export function createBatch(options: BatchOptions): BatchWriter {
  const { tally, pages } = options;
  const pending = new Map<string, Observation>();
  return {
    add(observation) {
      const id = `${observation.kind} ${observation.key}`;
      const earlier = pending.get(id);
      if (earlier === undefined || !isOlder(observation, earlier)) pending.set(id, observation);
      see(tally, observation.kind, observation.key);
    },
    isFull: () => pending.size >= batchSize || pages.length >= batchSize,
    async flush() {
      const sent = [...pages];
      if (pending.size === 0 && sent.length === 0) return;
      await write(options, [...pending.values()], sent);
      pending.clear();
      // A collector that asks ahead has made more requests in the meantime.
      pages.splice(0, sent.length);
    },
  };
}

async function write(
  { stamp, configured_scopes, tally, patience, writer, lease }: BatchOptions,
  observations: readonly Observation[],
  pages: readonly NewPage[],
): Promise<void> {
  if (writer === undefined || lease === undefined) return;
  // Requests can be made before the scope has said who it is; without records the root means nothing.
  const root = tally.root ?? '';
  const batch = { stamp, root, configured_scopes, observations, pages };
  countBatch(tally, await callStore(patience, writer.upsert(lease, batch)));
}
