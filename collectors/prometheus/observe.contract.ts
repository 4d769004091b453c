// A fake endpoint and the configuration that reads it, for the tests of the collector.
import { onTestFinished } from 'vitest';
import type { Observation } from '#core/observation.ts';
import { openPrometheusFake, type PrometheusFake, type PrometheusFakeOptions } from '#testkit/prometheus/fake.ts';
import { type Observed, type ObserveOptions, observeScope } from '../observe.contract.ts';
import { collector } from './collector.ts';

/** A fake that closes when the test ends. */
export async function startPrometheus(options: PrometheusFakeOptions = {}): Promise<PrometheusFake> {
  const fake = await openPrometheusFake(options);
  onTestFinished(() => fake.close());
  return fake;
}

/** What became of reading one endpoint; its only record in `attributes`. */
export interface Read extends Observed {
  readonly attributes: Extract<Observation, { kind: 'monitoring_endpoint' }>['attributes'];
  readonly raw: unknown;
}

/** Reads one endpoint; throws what the reading failed with. */
export async function read(
  endpoint: Readonly<Record<string, unknown>>,
  { timeout = '2s', ...options }: ObserveOptions & { timeout?: string } = {},
): Promise<Read> {
  const observed = await observeScope(collector, { timeout, endpoints: [{ name: 'main', ...endpoint }] }, options);
  if (observed.error !== undefined) throw observed.error;
  const [observation] = observed.observations;
  if (observation?.kind !== 'monitoring_endpoint') throw new Error('no endpoint was observed');
  return { ...observed, attributes: observation.attributes, raw: observation.raw };
}
