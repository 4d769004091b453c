// The Grafana collector: each configured Grafana, dead or alive, with its organization and its data sources.
import { defineCollector, type ObserveContext } from '#core/collector.ts';
import type { Observation } from '#core/observation.ts';
import { type GrafanaConfig, grafanaConfigFromEnvironment, grafanaConfigSchema, toScope } from './config.ts';
import { readDetails } from './details.ts';
import { toMeasures, toObservation } from './endpoint.ts';
import { toRelations } from './relations.ts';
import { openSession } from './session.ts';
import { readVitals } from './vitals.ts';

/** Scopes are the endpoints, `grafana:<name>`. */
export const collector = defineCollector({
  name: 'grafana',
  config: grafanaConfigSchema,
  fromEnvironment: grafanaConfigFromEnvironment,
  scopes: (config) => config.endpoints.map(toScope),
  concurrency: 32,
  observe,
});

async function* observe(context: ObserveContext<GrafanaConfig>): AsyncGenerator<Observation, void, undefined> {
  const session = await openSession(context);
  try {
    // There is nothing else that could answer for an endpoint: its root is its own URL.
    const { url } = session.configured;
    const { principal, sdk } = session.endpoint;
    context.identify({ root: url, configured: url, principal, sdk });
    const vitals = await readVitals(session);
    const found = vitals.status === 'up' ? await readDetails(session) : { build: undefined, datasources: undefined };
    context.measure(toMeasures(vitals));
    yield toObservation(session, { vitals, found });
    yield* toRelations(session.configured, found.datasources ?? [], session.endpoint.requests);
    context.enumerated('monitoring_endpoint');
    // Without the data sources nobody knows what it no longer leads to.
    if (found.datasources !== undefined) context.enumerated('relation');
  } finally {
    await session.endpoint.close();
  }
}
