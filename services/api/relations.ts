// GET /api/v1/relations, one relation, its history and its provenance.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { relationSchema } from '#core/monitoring.ts';
import { provenanceSchema } from '#core/provenance.ts';
import { relationListItemSchema, relationRecordSchema } from '#core/records.ts';
import type { App } from '#services/app.ts';
import { positionSchemas } from './cursor.ts';
import { sendList } from './list.ts';
import { asOfSchema, fieldsSchema, pageParameters, textSchema, unnamedParameters } from './query.ts';
import { type RouteContext, sendHistory, sendRecord, versionSchema } from './record.ts';
import { describeItem, listResponses, recordListResponses, recordResponses } from './responses.ts';

/** What lists of relations show. */
export const relationColumns = Object.keys(relationListItemSchema.shape);

/** A relation of such a list, as it is documented. */
export const relationItemSchema = relationRecordSchema
  .partial()
  .extend({ id: relationRecordSchema.shape.id })
  .meta({ id: 'Relation', description: describeItem(relationColumns) });

const positions = positionSchemas(z.tuple([z.string()]));
const fields = fieldsSchema(Object.keys(relationRecordSchema.shape), ['id']);
const params = z.object({ id: z.string().meta({ example: '5d41402abc4b2a76b9719d911017c592' }) });

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/relations',
  tags: ['relations'],
  summary: 'List what leads to what',
  description:
    'Each row is one claim. An explicit and an inferred claim of one link stand side by side; the most confident counts.',
  request: {
    query: z.strictObject({
      from_key: textSchema.optional().meta({ description: 'the monitoring endpoint it leads from' }),
      relation: relationSchema.shape.relation.optional(),
      to_kind: relationSchema.shape.to_kind.optional(),
      to_ref: textSchema.optional().meta({ description: 'compared whole', example: 'aws/111122223333' }),
      basis: relationSchema.shape.basis.optional(),
      q: textSchema.optional().meta({ description: 'a part of from_key or to_ref, in any case' }),
      ...unnamedParameters,
      fields,
      ...pageParameters,
    }),
  },
  responses: listResponses(relationItemSchema),
});

const recordRoute = createRoute({
  method: 'get',
  path: '/api/v1/relations/{id}',
  tags: ['relations'],
  summary: 'Get one relation',
  request: { params, query: z.strictObject({ as_of: asOfSchema.optional() }) },
  responses: recordResponses(relationRecordSchema),
});

const historyRoute = createRoute({
  method: 'get',
  path: '/api/v1/relations/{id}/history',
  tags: ['relations'],
  summary: 'List what a relation was, newest first',
  request: { params, query: z.strictObject(pageParameters) },
  responses: recordListResponses(versionSchema),
});

const provenanceRoute = createRoute({
  method: 'get',
  path: '/api/v1/relations/{id}/provenance',
  tags: ['relations'],
  summary: 'Get the requests and the run that a relation comes from',
  request: { params, query: z.strictObject({}) },
  responses: recordResponses(provenanceSchema),
});

const kind = 'relation';

/** Adds the routes of relations. */
export function addRelations(app: App, { reader, log }: RouteContext): void {
  app.openapi(listRoute, (c) => {
    const { limit, cursor, fields: chosen, ...filters } = c.req.valid('query');
    const options = { tenant_id: c.var.identity.tenant_id, ...filters };
    return sendList(
      c,
      { limit, cursor },
      {
        name: 'relations',
        columns: chosen ?? relationColumns,
        identity: options,
        position: positions[filters.sort.field],
        log,
        read: (page) => reader.listRelations({ ...options, fields: chosen, ...page }),
      },
    );
  });
  app.openapi(recordRoute, async (c) => {
    const key = { tenant_id: c.var.identity.tenant_id, ...c.req.valid('param'), ...c.req.valid('query') };
    return sendRecord(c, await reader.getRelation(key));
  });
  app.openapi(historyRoute, (c) => {
    return sendHistory(c, c.req.valid('query'), { reader, log, kind, key: c.req.valid('param').id });
  });
  app.openapi(provenanceRoute, async (c) => {
    const { tenant_id } = c.var.identity;
    return sendRecord(c, await reader.getProvenance({ tenant_id, kind, key: c.req.valid('param').id }));
  });
}
