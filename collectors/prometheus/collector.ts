// The Prometheus collector: monitoring endpoints that speak Prometheus' API, dead or alive.
import { defineCollector, type ObserveContext } from '#core/collector.ts';
import type { Observation } from '#core/observation.ts';
import { type PrometheusConfig, prometheusConfigFromEnvironment, prometheusConfigSchema, toScope } from './config.ts';
import { noDetails, readDetails } from './details.ts';
import { toMeasures, toObservation } from './endpoint.ts';
import { toRelations } from './relations.ts';
import { openSession } from './session.ts';
import { isOpen, readVitals } from './vitals.ts';

/** Scopes are the endpoints, `prometheus:<name>`. */
export const collector = defineCollector({
  name: 'prometheus',
  config: prometheusConfigSchema,
  fromEnvironment: prometheusConfigFromEnvironment,
  scopes: (config) => config.endpoints.map(toScope),
  concurrency: 32,
  observe,
});

async function* observe(context: ObserveContext<PrometheusConfig>): AsyncGenerator<Observation, void, undefined> {
  const session = await openSession(context);
  try {
    // There is nothing else that could answer for an endpoint: its root is its own URL.
    const { url } = session.configured;
    const { principal, sdk } = session.endpoint;
    context.identify({ root: url, configured: url, principal, sdk });
    const vitals = await readVitals(session);
    const isReadable = vitals.status === 'up' || (vitals.status === 'degraded' && vitals.runtime !== undefined);
    const found = isReadable ? await readDetails(session) : noDetails;
    const learnt = { vitals, found, isOpen: isReadable && !found.isGone ? await isOpen(session, vitals) : undefined };
    context.measure(toMeasures(session, learnt));
    yield toObservation(session, learnt);
    yield* toRelations(session.configured, found, session.endpoint.requests);
    context.enumerated('monitoring_endpoint');
    // Without its own configuration nobody knows what it no longer leads to.
    if (found.arePeersKnown) context.enumerated('relation');
  } finally {
    await session.endpoint.close();
  }
}
