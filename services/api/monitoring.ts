// GET /api/v1/monitoring, one monitoring endpoint, its history, its provenance and its relations.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { authModeSchema, endpointStatusSchema } from '#core/monitoring.ts';
import { provenanceSchema } from '#core/provenance.ts';
import { monitoringEndpointListItemSchema, monitoringEndpointRecordSchema } from '#core/records.ts';
import type { App } from '#services/app.ts';
import { positionSchemas } from './cursor.ts';
import { sendList } from './list.ts';
import { asOfSchema, fieldsSchema, pageParameters, textSchema, unnamedParameters } from './query.ts';
import { notFound, type RouteContext, sendHistory, sendRecord, versionSchema } from './record.ts';
import { relationColumns, relationItemSchema } from './relations.ts';
import { describeItem, listResponses, recordListResponses, recordResponses } from './responses.ts';

const columns = Object.keys(monitoringEndpointListItemSchema.shape);
const positions = positionSchemas(z.tuple([z.string()]));
const fields = fieldsSchema(Object.keys(monitoringEndpointRecordSchema.shape), ['id']);
const itemSchema = monitoringEndpointRecordSchema
  .partial()
  .extend({ id: monitoringEndpointRecordSchema.shape.id })
  .meta({ id: 'MonitoringEndpoint', description: describeItem(columns) });

const params = z.object({
  id: z.string().meta({ description: 'the configured key, or the hash of its URL', example: 'prod-eu' }),
});

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/monitoring',
  tags: ['monitoring'],
  summary: 'List monitoring endpoints',
  request: {
    query: z.strictObject({
      kind: textSchema.optional().meta({ example: 'prometheus' }),
      status: endpointStatusSchema.optional(),
      auth_mode: authModeSchema.optional(),
      q: textSchema.optional().meta({ description: 'a part of URL or id, in any case' }),
      ...unnamedParameters,
      fields,
      ...pageParameters,
    }),
  },
  responses: listResponses(itemSchema),
});

const recordRoute = createRoute({
  method: 'get',
  path: '/api/v1/monitoring/{id}',
  tags: ['monitoring'],
  summary: 'Get one monitoring endpoint',
  request: { params, query: z.strictObject({ as_of: asOfSchema.optional() }) },
  responses: recordResponses(monitoringEndpointRecordSchema),
});

const historyRoute = createRoute({
  method: 'get',
  path: '/api/v1/monitoring/{id}/history',
  tags: ['monitoring'],
  summary: 'List what a monitoring endpoint was, newest first',
  request: { params, query: z.strictObject(pageParameters) },
  responses: recordListResponses(versionSchema),
});

const provenanceRoute = createRoute({
  method: 'get',
  path: '/api/v1/monitoring/{id}/provenance',
  tags: ['monitoring'],
  summary: 'Get the requests and the run that a monitoring endpoint comes from',
  request: { params, query: z.strictObject({}) },
  responses: recordResponses(provenanceSchema),
});

const relationsRoute = createRoute({
  method: 'get',
  path: '/api/v1/monitoring/{id}/relations',
  tags: ['monitoring'],
  summary: 'List the relations that lead from a monitoring endpoint or to it',
  request: { params, query: z.strictObject({ ...unnamedParameters, ...pageParameters }) },
  responses: recordListResponses(relationItemSchema),
});

const kind = 'monitoring_endpoint';

/** Adds the routes of monitoring endpoints. */
export function addMonitoring(app: App, { reader, log }: RouteContext): void {
  app.openapi(listRoute, (c) => {
    const { limit, cursor, fields: chosen, ...filters } = c.req.valid('query');
    const options = { tenant_id: c.var.identity.tenant_id, ...filters };
    return sendList(
      c,
      { limit, cursor },
      {
        name: 'monitoring',
        columns: chosen ?? columns,
        identity: options,
        position: positions[filters.sort.field],
        log,
        read: (page) => reader.listMonitoringEndpoints({ ...options, fields: chosen, ...page }),
      },
    );
  });
  app.openapi(recordRoute, async (c) => {
    const key = { tenant_id: c.var.identity.tenant_id, ...c.req.valid('param'), ...c.req.valid('query') };
    return sendRecord(c, await reader.getMonitoringEndpoint(key));
  });
  app.openapi(historyRoute, (c) => {
    return sendHistory(c, c.req.valid('query'), { reader, log, kind, key: c.req.valid('param').id });
  });
  app.openapi(provenanceRoute, async (c) => {
    const { tenant_id } = c.var.identity;
    return sendRecord(c, await reader.getProvenance({ tenant_id, kind, key: c.req.valid('param').id }));
  });
  addRelationsOfOne(app, { reader, log });
}

function addRelationsOfOne(app: App, { reader, log }: RouteContext): void {
  app.openapi(relationsRoute, async (c) => {
    const { limit, cursor, ...filters } = c.req.valid('query');
    const { tenant_id } = c.var.identity;
    const { id } = c.req.valid('param');
    if ((await reader.getProvenance({ tenant_id, kind, key: id })) === null) throw notFound();
    const options = { tenant_id, endpoint: id, ...filters };
    return await sendList(
      c,
      { limit, cursor },
      {
        name: 'relations',
        columns: relationColumns,
        identity: options,
        position: positions[filters.sort.field],
        log,
        read: (page) => reader.listRelations({ ...options, ...page }),
      },
    );
  });
}
