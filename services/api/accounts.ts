// GET /api/v1/accounts, one account, its history and its provenance.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { providerSchema } from '#core/observation.ts';
import { provenanceSchema } from '#core/provenance.ts';
import { accountListItemSchema, accountRecordSchema } from '#core/records.ts';
import type { App } from '#services/app.ts';
import { positionSchemas } from './cursor.ts';
import { sendList } from './list.ts';
import { asOfSchema, fieldsSchema, pageParameters, recordParameters } from './query.ts';
import { type RouteContext, sendHistory, sendRecord, versionSchema } from './record.ts';
import { describeItem, listResponses, recordListResponses, recordResponses } from './responses.ts';

const columns = Object.keys(accountListItemSchema.shape);
const positions = positionSchemas(z.tuple([providerSchema, z.string()]));
const fields = fieldsSchema(Object.keys(accountRecordSchema.shape), ['provider', 'id']);
const { provider, id } = accountRecordSchema.shape;
const itemSchema = accountRecordSchema
  .partial()
  .extend({ provider, id })
  .meta({ id: 'Account', description: describeItem(columns) });

const params = z.object({
  provider: z.string().meta({ description: 'aws, gcp or azure', example: 'aws' }),
  id: z.string().meta({ description: 'account id, project number or subscription id', example: '111122223333' }),
});

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/accounts',
  tags: ['accounts'],
  summary: 'List accounts',
  request: { query: z.strictObject({ ...recordParameters, fields, ...pageParameters }) },
  responses: listResponses(itemSchema),
});

const recordRoute = createRoute({
  method: 'get',
  path: '/api/v1/accounts/{provider}/{id}',
  tags: ['accounts'],
  summary: 'Get one account',
  request: { params, query: z.strictObject({ as_of: asOfSchema.optional() }) },
  responses: recordResponses(accountRecordSchema),
});

const historyRoute = createRoute({
  method: 'get',
  path: '/api/v1/accounts/{provider}/{id}/history',
  tags: ['accounts'],
  summary: 'List what an account was, newest first',
  request: { params, query: z.strictObject(pageParameters) },
  responses: recordListResponses(versionSchema),
});

const provenanceRoute = createRoute({
  method: 'get',
  path: '/api/v1/accounts/{provider}/{id}/provenance',
  tags: ['accounts'],
  summary: 'Get the requests and the run that an account comes from',
  request: { params, query: z.strictObject({}) },
  responses: recordResponses(provenanceSchema),
});

/** Adds the routes of accounts. */
export function addAccounts(app: App, { reader, log }: RouteContext): void {
  app.openapi(listRoute, (c) => {
    const { limit, cursor, fields: chosen, tag: tags, ...filters } = c.req.valid('query');
    const options = { tenant_id: c.var.identity.tenant_id, tags, ...filters };
    return sendList(
      c,
      { limit, cursor },
      {
        name: 'accounts',
        columns: chosen ?? columns,
        identity: options,
        position: positions[filters.sort.field],
        log,
        isPast: filters.as_of !== undefined,
        read: (page) => reader.listAccounts({ ...options, fields: chosen, ...page }),
      },
    );
  });
  app.openapi(recordRoute, async (c) => {
    const key = { tenant_id: c.var.identity.tenant_id, ...c.req.valid('param'), ...c.req.valid('query') };
    return sendRecord(c, await reader.getAccount(key));
  });
  app.openapi(historyRoute, (c) => {
    return sendHistory(c, c.req.valid('query'), { reader, log, kind: 'account', key: toKey(c.req.valid('param')) });
  });
  app.openapi(provenanceRoute, async (c) => {
    const { tenant_id } = c.var.identity;
    const key = toKey(c.req.valid('param'));
    return sendRecord(c, await reader.getProvenance({ tenant_id, kind: 'account', key }));
  });
}

// Any provider may be asked for: an unknown one has no account.
function toKey({ provider, id }: z.output<typeof params>): string {
  return `${provider}/${id}`;
}
