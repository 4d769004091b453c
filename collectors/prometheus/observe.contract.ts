// A fake endpoint and the configuration that reads it, for the tests of the collector.
import { onTestFinished } from 'vitest';
import { openPrometheusFake, type PrometheusFake, type PrometheusFakeOptions } from '#testkit/prometheus/fake.ts';
import type { Access } from '#testkit/prometheus/world.ts';
import { type Observed, type ObserveOptions, observeScope } from '../observe.contract.ts';
import { collector } from './collector.ts';

/** A fake that closes when the test ends. */
export async function startPrometheus(
  options: PrometheusFakeOptions & { access?: Access } = {},
): Promise<PrometheusFake> {
  const fake = await openPrometheusFake(options);
  onTestFinished(() => fake.close());
  if (options.access !== undefined) fake.world.access = options.access;
  return fake;
}

/** Reads one endpoint. */
export function observe(
  endpoint: Readonly<Record<string, unknown>>,
  options: ObserveOptions & { timeout?: string } = {},
): Promise<Observed> {
  const { timeout = '2s', ...rest } = options;
  return observeScope(collector, { timeout, endpoints: [{ name: 'main', ...endpoint }] }, rest);
}
