// How one record is answered, and what all records have in common: a history and a provenance.
import type { Context } from 'hono';
import { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import { jsonObjectSchema } from '#core/json.ts';
import type { Logger } from '#core/log.ts';
import type { ObservationKind } from '#core/observation.ts';
import { provenanceSchema, runIdSchema, timestampSchema } from '#core/provenance.ts';
import type { AppEnv } from '#services/env.ts';
import { sendJson } from '#services/send.ts';
import type { Reader } from '#store/store.ts';
import { jsonType, negotiate } from './accept.ts';
import { sendList } from './list.ts';

/** What routes read from, and where they say what went wrong after an answer has begun. */
export interface RouteContext {
  readonly reader: Reader;
  readonly log: Logger;
}

/** Content and the half-open interval in which it was the truth; the present content has no end. */
export const versionSchema = z
  .strictObject({
    valid_from: timestampSchema,
    valid_to: timestampSchema.nullable().meta({ description: 'null: it still is' }),
    content: jsonObjectSchema.meta({
      description: 'the attributes, known_fields, provider_updated_at, vanished_at and vanished_reason',
    }),
    changed_fields: z
      .array(z.string())
      .meta({ description: 'what the next version changed; empty for the present one' }),
    provenance: provenanceSchema,
    run_id: runIdSchema,
  })
  .meta({ id: 'Version' });

// The time alone: no record has two versions of one.
const position = z.object({ value: timestampSchema, key: z.tuple([]) });

/** Sends what the store found. Unknown and another tenant's are one answer, so that nobody can probe for ids. */
export function sendRecord(c: Context<AppEnv>, text: string | null) {
  negotiate(c, [jsonType]);
  if (text === null) throw notFound();
  return sendJson(c, text);
}

/** Sends a page of a record's versions, the newest first, or all of them. */
export async function sendHistory(
  c: Context<AppEnv>,
  query: { limit?: number | undefined; cursor?: string | undefined },
  { reader, log, ...record }: RouteContext & { kind: ObservationKind; key: string },
) {
  const options = { tenant_id: c.var.identity.tenant_id, ...record };
  return await sendList(c, query, {
    name: 'history',
    columns: Object.keys(versionSchema.shape),
    identity: options,
    position,
    log,
    async read(page) {
      const found = await reader.listHistory({ ...options, ...page });
      if (found === null) throw notFound();
      return found;
    },
  });
}

/** Unknown, or another tenant's. */
export function notFound(): RequestError {
  return new RequestError(404, 'not_found', 'there is no such record');
}
