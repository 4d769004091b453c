// /metrics in the Prometheus text format: this process, its HTTP answers, and every scope as the database has it at that moment.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import type { Logger } from '#core/log.ts';
import type { App } from '#services/app.ts';
import { metricsScope } from '#services/auth.ts';
import type { ProcessMetrics } from '#services/process-metrics.ts';
import { authResponses, commonResponses } from '#services/responses.ts';
import type { Reader, ScopeStatus } from '#store/store.ts';
import { scopeMetrics } from './scope-metrics.ts';

// Below Prometheus' own default of 10 s, so that a slow database shows as a failed reading and not as a failed scrape.
const readTimeoutMs = 5000;

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['operations'],
  summary: 'Metrics for Prometheus',
  description: `Freshness, outcome and counts of every scope of every tenant, read at that moment. Where they are served on the
port of the API, a token with the scope ${metricsScope} is asked for. When the database does not answer the scrape succeeds
with \`inventory_database_up 0\` and without scopes.`,
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
}

/**
 * Adds /metrics. A database that does not answer is a value, not a failed scrape: the process stays observable, and no
 * old value passes for a fresh one.
 */
export function addMetrics(app: App, { reader, clock, log, metrics }: MetricsOptions): void {
  app.openapi(metricsRoute, async (c) => {
    const statuses = await readStatuses(reader, log);
    const scopes = scopeMetrics(statuses, clock.now());
    const text = `${await metrics.registry.metrics()}\n${await scopes.metrics()}`;
    return c.text(text, 200, { 'Content-Type': metrics.registry.contentType, 'Cache-Control': 'no-store' });
  });
}

async function readStatuses(reader: Reader, log: Logger): Promise<readonly ScopeStatus[] | null> {
  const deadline = openDeadline(readTimeoutMs);
  try {
    return await raceSignal(reader.listScopeStatus(undefined), deadline.signal);
  } catch (error) {
    log.error({ err: error }, 'scopes could not be read for a scrape');
    return null;
  } finally {
    deadline.clear();
  }
}
