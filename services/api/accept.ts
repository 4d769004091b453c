// Which representation the caller takes (RFC 9110 §12.5.1).
import type { Context } from 'hono';
import { parseAccept } from 'hono/utils/accept';
import { RequestError } from '#core/errors.ts';

export const jsonType = 'application/json';
export const ndjsonType = 'application/x-ndjson';
export const csvType = 'text/csv';
export const eventStreamType = 'text/event-stream';

/** The representations of a list. */
export const listTypes = [jsonType, ndjsonType, csvType] as const;

/** The caller's favourite of the types offered, the first one where it does not care; RequestError 406 if it takes none. */
export function negotiate<Type extends string>(c: Context, offered: readonly [Type, ...Type[]]): Type {
  const header = c.req.header('Accept');
  if (header === undefined || header.trim() === '') return offered[0];
  const accepted = parseAccept(header).filter((range) => range.q > 0);
  for (const range of accepted) {
    const found = offered.find((type) => isInRange(type, range.type.toLowerCase()));
    if (found !== undefined) return found;
  }
  throw new RequestError(406, 'not_acceptable', `this is sent as ${offered.join(', ')}`);
}

/** Whether the caller wants server-sent events before anything else. */
export function acceptsEventStream(c: Context): boolean {
  return parseAccept(c.req.header('Accept') ?? '')[0]?.type.toLowerCase() === eventStreamType;
}

function isInRange(type: string, range: string): boolean {
  return range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));
}
