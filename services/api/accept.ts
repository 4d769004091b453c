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
  const taken = offered
    .map((type) => ({ type, place: findPlace(type, ranges) }))
    .filter(({ place }) => (ranges[place]?.q ?? 0) > 0);
  const [best] = taken.toSorted((a, b) => a.place - b.place);
  if (best !== undefined) return best.type;
  throw new RequestError(406, 'not_acceptable', `this is sent as ${offered.join(', ')}`);
}

// Where the most specific range is, which decides on a type: what is ruled out by its name is not let in again by a wildcard.
function findPlace(type: string, ranges: readonly { readonly type: string }[]): number {
  const names = [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*'];
  const places = names.map((name) => ranges.findIndex((range) => range.type.toLowerCase() === name));
  return places.find((place) => place >= 0) ?? -1;
}
