// Reads one monitoring endpoint as the tests of its collectors do: its record, or what the reading failed with.
import type { z } from 'zod';
import type { Collector } from '#core/collector.ts';
import type { Observation } from '#core/observation.ts';
import { type Observed, type ObserveOptions, observeScope } from './observe.contract.ts';

/** What became of reading one endpoint; its only record in `attributes`. */
export interface Read extends Observed {
  readonly attributes: Extract<Observation, { kind: 'monitoring_endpoint' }>['attributes'];
  readonly raw: unknown;
}

/** Reads the one endpoint that is configured; throws what the reading failed with. */
export async function readEndpoint<Schema extends z.ZodType>(
  collector: Collector<Schema>,
  endpoint: Readonly<Record<string, unknown>>,
  { timeout = '2s', ...options }: ObserveOptions & { timeout?: string } = {},
): Promise<Read> {
  const observed = await observeScope(collector, { timeout, endpoints: [{ name: 'main', ...endpoint }] }, options);
  if (observed.error !== undefined) throw observed.error;
  const [observation] = observed.observations;
  if (observation?.kind !== 'monitoring_endpoint') throw new Error('no endpoint was observed');
  return { ...observed, attributes: observation.attributes, raw: observation.raw };
}
