// GET /api/v1/accounts, one account, its history and its provenance.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import type { Logger } from '#core/log.ts';
import { provenanceSchema } from '#core/provenance.ts';
import { accountListItemSchema, accountRecordSchema } from '#core/records.ts';
import type { App } from '#services/app.ts';
import { sendJson } from '#services/send.ts';
import type { Reader } from '#store/store.ts';
import { csvType, jsonType, ndjsonType, negotiate } from './accept.ts';
import { sendList } from './list.ts';
import { commonProblems, recordProblems } from './problems.ts';
import { asOfSchema, fieldsSchema, pageParameters, recordParameters } from './query.ts';

const columns = Object.keys(accountListItemSchema.shape);

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/accounts',
  summary: 'List accounts',
  request: {
    query: z.strictObject({
      ...recordParameters,
      fields: fieldsSchema(Object.keys(accountRecordSchema.shape)),
      ...pageParameters,
    }),
  },
  responses: {
    200: {
      description: 'a page, or with text/csv and application/x-ndjson the whole list',
      content: {
        [jsonType]: { schema: z.array(accountListItemSchema) },
        [ndjsonType]: { schema: z.string() },
        [csvType]: { schema: z.string() },
      },
    },
    ...commonProblems,
  },
});

/** Adds the routes of accounts. */
export function addAccounts(app: App, { reader, log }: { reader: Reader; log: Logger }): void {
  app.openapi(listRoute, (c) => {
    const { limit, cursor, fields, tag, ...filters } = c.req.valid('query');
    const options = { tenant_id: c.var.identity.tenant_id, tags: tag, ...filters };
    return sendList(
      c,
      { limit, cursor },
      {
        name: 'accounts',
        columns: fields ?? columns,
        identity: options,
        log,
        read: (page) => reader.listAccounts({ ...options, fields, ...page }),
      },
    );
  });
}
