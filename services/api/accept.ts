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
  // The best first, and of equally good ones the one named first.
  const ranges = parseAccept(header);
  for (const range of ranges.filter(({ q }) => q > 0)) {
    const found = offered.find((type) => findRange(type, ranges) === range);
    if (found !== undefined) return found;
  }
  throw new RequestError(406, 'not_acceptable', `this is sent as ${offered.join(', ')}`);
}

// The most specific range decides on a type: what is ruled out by its name is not let in again by a wildcard.
function findRange<Range extends { readonly type: string }>(type: string, ranges: readonly Range[]): Range | undefined {
  const names = [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*'];
  return names
    .map((name) => ranges.find((range) => range.type.toLowerCase() === name))
    .find((range) => range !== undefined);
}
