// How every list is answered: one page as JSON with a link to the next, or the whole list as a stream of lines.
import { setImmediate } from 'node:timers/promises';
import type { Context } from 'hono';
import { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import type { Logger } from '#core/log.ts';
import type { AppEnv } from '#services/env.ts';
import { sendJson } from '#services/send.ts';
import type { ListPage, Position } from '#store/store.ts';
import { csvType, jsonType, listTypes, ndjsonType, negotiate } from './accept.ts';
import { toCsvLine } from './csv.ts';
import { type PositionSchema, parseCursor, toCursor } from './cursor.ts';
import { defaultLimit, maxLimit } from './query.ts';

interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** One list, ready to be read page by page. */
export interface Listing {
  /** The file name of an export, and part of what a cursor belongs to. */
  readonly name: string;
  /** Columns of a CSV. */
  readonly columns: readonly string[];
  /** Tenant, sort and filters: what a cursor belongs to. */
  readonly identity: unknown;
  readonly position: PositionSchema;
  read(page: { limit: number; after: Position | undefined }): Promise<ListPage>;
  readonly log: Logger;
  /** The list grows at its end: a page links to the next one even when there is none yet, so that a reader can come back. */
  readonly isLog?: boolean;
  /** A page takes one pass over all that there is, however short it is: an export reads few long ones. */
  readonly isPast?: boolean;
}

/** Answers with a page or, where the caller accepts lines, with the whole list. */
export async function sendList(c: Context<AppEnv>, query: PageQuery, listing: Listing) {
  const type = negotiate(c, listTypes);
  if (type !== jsonType) return await sendExport(c, type, { query, listing });
  const list = { identity: [listing.name, listing.identity], position: listing.position };
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor, list);
  const page = await listing.read({ limit: query.limit ?? defaultLimit, after });
  const next = page.next ?? (listing.isLog ? after : undefined);
  return sendJson(c, page.json, next ? { Link: toNextLink(c.req.url, toCursor(next, list)) } : {});
}

// RFC 8288. Without scheme and host, which only the proxy in front knows.
function toNextLink(requestUrl: string, cursor: string): string {
  const url = new URL(requestUrl);
  url.searchParams.set('cursor', cursor);
  return `<${url.pathname}${url.search}>; rel="next"`;
}

// Short pages die young. Of long ones, what is still being written when V8 collects its young objects moves in with the old
// ones: 100,000 rows in pages of 1,000 make the process some 70 MiB larger than 10,000 do, in pages of 100 no 20, and are no slower.
const exportLimit = 100;

type ExportType = typeof csvType | typeof ndjsonType;

async function sendExport(
  c: Context<AppEnv>,
  type: ExportType,
  { query, listing }: { query: PageQuery; listing: Listing },
): Promise<Response> {
  if (query.limit !== undefined || query.cursor !== undefined) {
    throw new RequestError(400, 'invalid_request', 'limit and cursor: an export is always the whole list');
  }
  const limit = listing.isPast ? maxLimit : exportLimit;
  // Read before the answer begins, so that a database that is down is a 503 and not a broken file.
  const first = await listing.read({ limit, after: undefined });
  const extension = type === csvType ? 'csv' : 'ndjson';
  return c.body(streamPages(c, type, { first, limit, listing }), 200, {
    'Content-Type': type === csvType ? `${csvType}; charset=utf-8; header=present` : type,
    'Content-Disposition': `attachment; filename="${listing.name}.${extension}"`,
    'Cache-Control': 'private, no-store',
    Vary: 'Accept, Accept-Encoding, Authorization',
  });
}

// A page is read only when the client has taken the one before, and none any more once it has left: then nobody pulls.
function streamPages(
  c: Context<AppEnv>,
  type: ExportType,
  { first, limit, listing }: { first: ListPage; limit: number; listing: Listing },
) {
  const encoder = new TextEncoder();
  let page: ListPage | null = first;
  let head = type === csvType ? toCsvLine(listing.columns) : '';
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (page === null) return controller.close();
        // SQLite answers at once: without this an export that is taken as fast as it comes would let nobody else have a turn.
        await setImmediate();
        controller.enqueue(encoder.encode(head + toLines(page, listing, type)));
        head = '';
        try {
          page = page.next && (await listing.read({ limit, after: page.next }));
        } catch (error) {
          listing.log.error({ trace_id: c.var.traceId, err: error, list: listing.name }, 'export broke off');
          breakOff(c, controller, error);
        }
      },
    },
    { highWaterMark: 0 },
  );
}

// A shortened file must not look like a whole one. An error of the stream would not do: the server adapter ends such an
// answer properly, with the error's text as its last line.
function breakOff(c: Context<AppEnv>, controller: ReadableStreamDefaultController, error: unknown): void {
  if (c.env?.outgoing) c.env.outgoing.destroy();
  else controller.error(error);
}

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

function toLines(page: ListPage, listing: Listing, type: ExportType): string {
  const rows = rowsSchema.parse(JSON.parse(page.json));
  if (type === ndjsonType) return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return rows.map((row) => toCsvLine(listing.columns.map((column) => row[column]))).join('');
}
