// /metrics of ingest: its process and its answers. Scopes are told by the API.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { App } from '#services/app.ts';
import { metricsScope } from '#services/auth.ts';
import type { ProcessMetrics } from '#services/process-metrics.ts';
import { authResponses, commonResponses } from '#services/responses.ts';

const route = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['operations'],
  summary: 'Metrics for Prometheus',
  description: `Where they are served on the port of the service, a token with the scope ${metricsScope} is asked for.`,
  responses: {
    200: { description: 'the text format', content: { 'text/plain': { schema: z.string() } } },
    ...commonResponses,
    ...authResponses(metricsScope),
  },
});

/** Adds /metrics. */
export function addMetrics(app: App, { registry }: ProcessMetrics): void {
  app.openapi(route, async (c) => {
    const headers = { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' };
    return c.text(await registry.metrics(), 200, headers);
  });
}
