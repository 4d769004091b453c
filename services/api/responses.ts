// What the routes of /api/v1 document as their answers.
import { z } from 'zod';
import { readScope } from '#services/auth.ts';
import { authResponses, commonResponses, problem } from '#services/responses.ts';
import { csvType, jsonType, ndjsonType } from './accept.ts';

const problemResponses = {
  304: { description: 'unchanged since the ETag named in If-None-Match' },
  406: { description: 'none of the types in Accept is offered', content: problem },
  ...commonResponses,
  ...authResponses(readScope),
} as const;

const notFoundResponse = { 404: { description: "no such record, or another tenant's", content: problem } } as const;

/** One JSON document, or 404. */
export function recordResponses<Schema extends z.ZodType>(schema: Schema) {
  return {
    200: { description: 'the record', headers: { ETag: etag }, content: { [jsonType]: { schema } } },
    ...problemResponses,
    ...notFoundResponse,
  } as const;
}

/**
 * Says of a list's item which members it has. One flat type, of which only the key is required, because `fields` leaves out
 * the rest: a choice of two types (`anyOf`) becomes a wrapper to be unpacked in most generated clients, and names nothing
 * that one would want to tell apart. The tests hold answers without `fields` to the strict schema of `core/records.ts`.
 */
export function describeItem(columns: readonly string[]): string {
  return `Without \`fields\` exactly ${columns.join(', ')}; with it those named, and the key.`;
}

/** A page of a list, or the whole of it as lines. */
export function listResponses<Schema extends z.ZodType>(item: Schema) {
  return {
    200: {
      description: 'a page as JSON; as NDJSON or CSV the whole list, without `limit` and `cursor`',
      headers: { ETag: etag, Link: link },
      content: {
        [jsonType]: { schema: z.array(item) },
        [ndjsonType]: { schema: z.string().meta({ description: 'one JSON object a line' }) },
        [csvType]: {
          schema: z.string().meta({
            description:
              "RFC 4180 with a header line; objects as JSON; a text that begins like a formula gets a leading '",
          }),
        },
      },
    },
    ...problemResponses,
  } as const;
}

/** A list that belongs to a record, which may not be there. */
export function recordListResponses<Schema extends z.ZodType>(item: Schema) {
  return { ...listResponses(item), ...notFoundResponse } as const;
}

const etag = { description: 'a weak validator; send it back in If-None-Match', schema: { type: 'string' } } as const;
const link = {
  description: '`<…>; rel="next"` (RFC 8288), relative to the host; absent on the last page, but of events',
  schema: { type: 'string' },
} as const;
