// A fake endpoint and the configuration that reads it, for the tests of the collector.
import { onTestFinished } from 'vitest';
import { openPrometheusFake, type PrometheusFake, type PrometheusFakeOptions } from '#testkit/prometheus/fake.ts';
import { type Read, readEndpoint } from '../endpoint.contract.ts';
import type { ObserveOptions } from '../observe.contract.ts';
import { collector } from './collector.ts';

/** A fake that closes when the test ends. */
export async function startPrometheus(options: PrometheusFakeOptions = {}): Promise<PrometheusFake> {
  const fake = await openPrometheusFake(options);
  onTestFinished(() => fake.close());
  return fake;
}

/** Reads one endpoint; throws what the reading failed with. */
export function read(
  endpoint: Readonly<Record<string, unknown>>,
  options?: ObserveOptions & { timeout?: string },
): Promise<Read> {
  return readEndpoint(collector, endpoint, options);
}
