// A fake Grafana and the configuration that reads it, for the tests of the collector.
import { onTestFinished } from 'vitest';
import { type GrafanaFake, type GrafanaFakeOptions, openGrafanaFake } from '#testkit/grafana/fake.ts';
import { type Read, readEndpoint } from '../endpoint.contract.ts';
import type { ObserveOptions } from '../observe.contract.ts';
import { collector } from './collector.ts';

/** A fake that closes when the test ends, and the endpoint that reads it as a viewer. */
export interface Started {
  readonly fake: GrafanaFake;
  readonly endpoint: { readonly name: 'main'; readonly url: string; readonly auth: { readonly token: string } };
}

/** Starts both. */
export async function startGrafana(options: GrafanaFakeOptions = {}): Promise<Started> {
  const fake = await openGrafanaFake(options);
  onTestFinished(() => fake.close());
  const token = fake.addToken({ role: 'Viewer' });
  return { fake, endpoint: { name: 'main', url: fake.url, auth: { token } } };
}

/** Reads one endpoint; throws what the reading failed with. */
export function read(
  endpoint: Readonly<Record<string, unknown>>,
  options?: ObserveOptions & { timeout?: string },
): Promise<Read> {
  return readEndpoint(collector, endpoint, options);
}
