// /metrics in the Prometheus text format: this process, its HTTP answers, and every collector and scope as the database has it at that moment.
import { createRoute } from '@hono/zod-openapi';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import type { Logger } from '#core/log.ts';
import type { Answer, App } from '#services/app.ts';
import { metricsScope } from '#services/auth.ts';
import type { Reader } from '#store/store.ts';
import { addCollectorMetrics } from './collector-metrics.ts';
import { type CollectorFacts, type ConfiguredCollectors, toCollectorStatus } from './collector-status.ts';
import { authResponses, commonResponses } from './responses.ts';
import { addScopeMetrics } from './scope-metrics.ts';

/** What one process counts of itself, shared by its listeners. */
export interface ProcessMetrics {
  readonly registry: Registry;
  /** Counts one answer. */
  observe(answer: Answer): void;
}

// Below Prometheus' own default of 10 s, so that a slow database shows as a failed reading and not as a failed scrape.
const readTimeoutMs = 5000;

const knownMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Process metrics, the release, and a histogram of answers by route pattern. */
export function createProcessMetrics({
  version,
  schemaVersion,
}: {
  version: string;
  schemaVersion: number;
}): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const build = new Gauge({
    name: 'inventory_build_info',
    help: 'Always 1; the labels tell the release, its Node and the schema it needs.',
    labelNames: ['version', 'node_version', 'schema_version'],
    registers: [registry],
  });
  build.set({ version, node_version: process.version, schema_version: schemaVersion }, 1);
  const durations = new Histogram({
    name: 'inventory_http_request_duration_seconds',
    help: 'Time until an answer began, by route pattern.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return {
    registry,
    observe({ method, route, status, seconds }) {
      // A caller may invent methods; each would be a series.
      durations.observe({ method: knownMethods.includes(method) ? method : 'other', route, status }, seconds);
    },
  };
}

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['operations'],
  summary: 'Metrics for Prometheus',
  description: `Freshness, outcome and counts of every collector and scope of every tenant, read at that moment. Where they are
served on the port of the API, a token with the scope ${metricsScope} is asked for. When the database does not answer the scrape
succeeds with \`inventory_db_up 0\` and without collectors and scopes.`,
  responses: {
    200: { description: 'the text format', content: { 'text/plain': { schema: z.string() } } },
    ...commonResponses,
    ...authResponses(metricsScope),
  },
});

interface MetricsOptions {
  readonly reader: Reader;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ProcessMetrics;
  readonly configured: ConfiguredCollectors;
}

/**
 * Adds /metrics. A database that does not answer is a value, not a failed scrape: the process stays observable, and no
 * old value passes for a fresh one.
 */
export function addMetrics(app: App, { reader, clock, log, metrics, configured }: MetricsOptions): void {
  app.openapi(metricsRoute, async (c) => {
    const facts = await readFacts(reader, log);
    const found = storedMetrics(facts, configured, clock.now());
    const text = `${await metrics.registry.metrics()}\n${await found.metrics()}`;
    return c.text(text, 200, { 'Content-Type': metrics.registry.contentType, 'Cache-Control': 'no-store' });
  });
}

/** A registry of one scrape: no reset, so two scrapes at once cannot mix. Null facts: the database did not answer. */
export function storedMetrics(facts: CollectorFacts | null, configured: ConfiguredCollectors, now: Date): Registry {
  const registry = new Registry();
  const up = new Gauge({
    name: 'inventory_db_up',
    help: 'Whether the database answered this scrape.',
    registers: [registry],
  });
  up.set(facts === null ? 0 : 1);
  if (facts === null) return registry;
  addCollectorMetrics(registry, toCollectorStatus(facts, configured, now));
  addScopeMetrics(registry, facts.scopes, now);
  return registry;
}

async function readFacts(reader: Reader, log: Logger): Promise<CollectorFacts | null> {
  const deadline = openDeadline(readTimeoutMs);
  try {
    const reading = Promise.all([reader.listCollectorRuns(undefined), reader.listScopeStatus(undefined)]);
    const [runs, scopes] = await raceSignal(reading, deadline.signal);
    return { runs, scopes };
  } catch (error) {
    log.error({ err: error }, 'collectors and scopes could not be read for a scrape');
    return null;
  } finally {
    deadline.clear();
  }
}
