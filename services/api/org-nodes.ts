// GET /api/v1/org-nodes, one node, its history and its provenance. An id such as o-abc/ou-def is one segment: o-abc%2Fou-def.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { orgNodeSchema } from '#core/observation.ts';
import { provenanceSchema } from '#core/provenance.ts';
import { orgNodeListItemSchema, orgNodeRecordSchema } from '#core/records.ts';
import type { App } from '#services/app.ts';
import { positionSchemas } from './cursor.ts';
import { sendList } from './list.ts';
import { asOfSchema, fieldsSchema, pageParameters, recordParameters, textSchema } from './query.ts';
import { type RouteContext, sendHistory, sendRecord, versionSchema } from './record.ts';
import { describeItem, listResponses, recordListResponses, recordResponses } from './responses.ts';

const columns = Object.keys(orgNodeListItemSchema.shape);
const positions = positionSchemas(z.tuple([z.string()]));
const fields = fieldsSchema(Object.keys(orgNodeRecordSchema.shape), ['id']);
const itemSchema = orgNodeRecordSchema
  .partial()
  .extend({ id: orgNodeRecordSchema.shape.id })
  .meta({ id: 'OrgNode', description: describeItem(columns) });
const asOf = z.strictObject({ as_of: asOfSchema.optional() });

const params = z.object({
  id: z.string().meta({ description: 'its slash percent-encoded', example: 'o-abc123def4/ou-ab12-cdefghij' }),
});

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/org-nodes',
  tags: ['org-nodes'],
  summary: 'List the nodes above accounts',
  request: {
    query: z.strictObject({
      kind: orgNodeSchema.shape.kind.optional(),
      parent_id: textSchema.optional().meta({ description: 'the node right above it' }),
      ...recordParameters,
      fields,
      ...pageParameters,
    }),
  },
  responses: listResponses(itemSchema),
});

const recordRoute = createRoute({
  method: 'get',
  path: '/api/v1/org-nodes/{id}',
  tags: ['org-nodes'],
  summary: 'Get one node',
  request: { params, query: asOf },
  responses: recordResponses(orgNodeRecordSchema),
});

const historyRoute = createRoute({
  method: 'get',
  path: '/api/v1/org-nodes/{id}/history',
  tags: ['org-nodes'],
  summary: 'List what a node was, newest first',
  request: { params, query: z.strictObject(pageParameters) },
  responses: recordListResponses(versionSchema),
});

const provenanceRoute = createRoute({
  method: 'get',
  path: '/api/v1/org-nodes/{id}/provenance',
  tags: ['org-nodes'],
  summary: 'Get the requests and the run that a node comes from',
  request: { params, query: z.strictObject({}) },
  responses: recordResponses(provenanceSchema),
});

// For whoever types the id as it is. Proxies that decode %2F produce this form too.
const twoSegmentRoute = createRoute({
  method: 'get',
  path: '/api/v1/org-nodes/{organization}/{node}',
  hide: true,
  request: { params: z.object({ organization: z.string(), node: z.string() }), query: asOf },
  responses: recordResponses(orgNodeRecordSchema),
});

/** Adds the routes of nodes. */
export function addOrgNodes(app: App, { reader, log }: RouteContext): void {
  app.openapi(listRoute, (c) => {
    const { limit, cursor, fields: chosen, tag: tags, ...filters } = c.req.valid('query');
    const options = { tenant_id: c.var.identity.tenant_id, tags, ...filters };
    return sendList(
      c,
      { limit, cursor },
      {
        name: 'org-nodes',
        columns: chosen ?? columns,
        identity: options,
        position: positions[filters.sort.field],
        log,
        isPast: filters.as_of !== undefined,
        read: (page) => reader.listOrgNodes({ ...options, fields: chosen, ...page }),
      },
    );
  });
  app.openapi(recordRoute, async (c) => {
    const key = { tenant_id: c.var.identity.tenant_id, ...c.req.valid('param'), ...c.req.valid('query') };
    return sendRecord(c, await reader.getOrgNode(key));
  });
  app.openapi(historyRoute, (c) => {
    return sendHistory(c, c.req.valid('query'), { reader, log, kind: 'org_node', key: c.req.valid('param').id });
  });
  app.openapi(provenanceRoute, async (c) => {
    const { tenant_id } = c.var.identity;
    return sendRecord(c, await reader.getProvenance({ tenant_id, kind: 'org_node', key: c.req.valid('param').id }));
  });
  // Last, for `history` and `provenance` are no nodes.
  app.openapi(twoSegmentRoute, async (c) => {
    const { organization, node } = c.req.valid('param');
    const key = { tenant_id: c.var.identity.tenant_id, id: `${organization}/${node}`, ...c.req.valid('query') };
    return sendRecord(c, await reader.getOrgNode(key));
  });
}
