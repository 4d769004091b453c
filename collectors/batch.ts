// Collects valid observations, each key once, and hands them to the Writer 500 at a time.
import type { Observation } from '#core/observation.ts';
import type { Stamp } from '#core/provenance.ts';
import { storableText } from '#core/text.ts';
import { isOlder } from '#store/observed.ts';
import type { Lease, NewPage, UpsertResult, Writer } from '#store/store.ts';
import { callStore, type Patience } from './store-call.ts';
import { countBatch, noKeys, see, type Tally } from './tally.ts';

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
  let repeated = noKeys();
  return {
    add(observation) {
      const { kind, key } = observation;
      const id = `${kind} ${key}`;
      const earlier = pending.get(id);
      if (earlier === undefined || !isOlder(observation, earlier)) pending.set(id, observation);
      const isGiven = see(tally, kind, key);
      if (isGiven && earlier === undefined) repeated[kind].add(storableText(key));
    },
    isFull: () => pending.size >= batchSize || pages.length >= batchSize,
    async flush() {
      const sent = [...pages];
      if (pending.size === 0 && sent.length === 0) return;
      const result = await write(options, [...pending.values()], sent);
      if (result !== undefined) countBatch(tally, result, repeated);
      pending.clear();
      repeated = noKeys();
      // A collector that asks ahead has made more requests in the meantime.
      pages.splice(0, sent.length);
    },
  };
}

async function write(
  { stamp, configured_scopes, tally, patience, writer, lease }: BatchOptions,
  observations: readonly Observation[],
  pages: readonly NewPage[],
): Promise<UpsertResult | undefined> {
  if (writer === undefined || lease === undefined) return undefined;
  // Requests can be made before the scope has said who it is; without records the root means nothing.
  const root = tally.root ?? '';
  const batch = { stamp, root, configured_scopes, observations, pages };
  return await callStore(patience, writer.upsert(lease, batch));
}
