// GET /api/v1/runs and one run with its scopes and the requests it made.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { runIdSchema, timestampSchema } from '#core/provenance.ts';
import { outcomeSchema, runPageSchema, runSchema, runScopeSchema } from '#core/run.ts';
import type { App } from '#services/app.ts';
import { maxRequests } from '#store/read/runs.ts';
import { sendList } from './list.ts';
import { pageParameters, textSchema } from './query.ts';
import { type RouteContext, sendRecord } from './record.ts';
import { listResponses, recordResponses } from './responses.ts';

/** A run with what it did. */
export const runDetailSchema = runSchema
  .extend({
    scopes: z.array(runScopeSchema),
    requests: z.array(runPageSchema).meta({
      description: `by scope, in their order; of more than ${maxRequests} the first, \`pages\` counts them all`,
    }),
  })
  .meta({ id: 'RunDetail' });

const position = z.object({ value: timestampSchema, key: z.tuple([runIdSchema]) });

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/runs',
  tags: ['runs'],
  summary: 'List runs, newest first',
  request: {
    query: z.strictObject({
      collector: textSchema.optional(),
      scope: textSchema.optional().meta({ description: 'runs that had this scope', example: 'aws:main' }),
      outcome: outcomeSchema.optional(),
      ...pageParameters,
    }),
  },
  responses: listResponses(runSchema),
});

const runRoute = createRoute({
  method: 'get',
  path: '/api/v1/runs/{id}',
  tags: ['runs'],
  summary: 'Get one run with its scopes and requests',
  request: { params: z.object({ id: z.string().meta({ description: "the run's UUID" }) }), query: z.strictObject({}) },
  responses: recordResponses(runDetailSchema),
});

/** Adds the routes of runs. */
export function addRuns(app: App, { reader, log }: RouteContext): void {
  app.openapi(listRoute, (c) => {
    const { limit, cursor, ...filters } = c.req.valid('query');
    const options = { tenant_id: c.var.identity.tenant_id, ...filters };
    return sendList(
      c,
      { limit, cursor },
      {
        name: 'runs',
        columns: Object.keys(runSchema.shape),
        identity: options,
        position,
        log,
        read: (page) => reader.listRuns({ ...options, ...page }),
      },
    );
  });
  app.openapi(runRoute, async (c) => {
    const { tenant_id } = c.var.identity;
    return sendRecord(c, await reader.getRun({ tenant_id, id: c.req.valid('param').id }));
  });
}
