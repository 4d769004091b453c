// /metrics in the Prometheus text format: this process, its HTTP answers, and every collector and scope as the database has it at that moment.
import { createRoute } from '@hono/zod-openapi';
import { Gauge, Registry } from 'prom-client';
import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import type { Logger } from '#core/log.ts';
import type { App } from '#services/app.ts';
import { metricsScope } from '#services/auth.ts';
import type { ProcessMetrics } from '#services/process-metrics.ts';
import { authResponses, commonResponses } from '#services/responses.ts';
import type { PruneStatus } from '#store/status.ts';
import type { Reader } from '#store/store.ts';
import { addCollectorMetrics } from './collector-metrics.ts';
import { type CollectorFacts, type ConfiguredCollectors, toCollectorStatus } from './collector-status.ts';
import { addPruneMetrics, type ConfiguredPruning, judgePruning } from './prune-status.ts';
import { addScopeMetrics } from './scope-metrics.ts';

// Below Prometheus' own default of 10 s, so that a slow database shows as a failed reading and not as a failed scrape.
const readTimeoutMs = 5000;

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['operations'],
  summary: 'Metrics for Prometheus',
  description: `Freshness, outcome and counts of every collector and scope of every tenant, and of pruning, read at that moment. Where they are
served on the port of the API, a token with the scope ${metricsScope} is asked for. When the database does not answer the scrape
succeeds with \`inventory_db_up 0\` and without collectors and scopes.`,
  responses: {
    200: { description: 'the text format', content: { 'text/plain': { schema: z.string() } } },
    ...commonResponses,
    ...authResponses(metricsScope),
  },
});

/** What the database says. */
interface StoredFacts extends CollectorFacts {
  readonly prunings: readonly PruneStatus[];
}

type Configured = ConfiguredCollectors & ConfiguredPruning;

interface MetricsOptions {
  readonly reader: Reader;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ProcessMetrics;
  readonly configured: Configured;
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
export function storedMetrics(facts: StoredFacts | null, configured: Configured, now: Date): Registry {
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
  addPruneMetrics(registry, judgePruning(facts.prunings, configured, now));
  return registry;
}

async function readFacts(reader: Reader, log: Logger): Promise<StoredFacts | null> {
  const deadline = openDeadline(readTimeoutMs);
  try {
    const reading = Promise.all([
      reader.listCollectorRuns(undefined),
      reader.listScopeStatus(undefined),
      reader.listPruneStatus(undefined),
    ]);
    const [runs, scopes, prunings] = await raceSignal(reading, deadline.signal);
    return { runs, scopes, prunings };
  } catch (error) {
    log.error({ err: error }, 'collectors, scopes and pruning could not be read for a scrape');
    return null;
  } finally {
    deadline.clear();
  }
}
