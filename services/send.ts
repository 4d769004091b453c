// How a JSON text leaves: with a validator, so that an unchanged answer costs the client nothing (RFC 9110 §8.8 and §13).
import type { Context, TypedResponse } from 'hono';
import { hashText } from '#core/json.ts';

/**
 * Sends JSON text as it is, or 304 when the client has it already. The validator covers the headers given too: a page
 * whose rows are the same may have got a successor. It is weak, for gzip changes the bytes and not what they say.
 */
export function sendJson(c: Context, text: string, headers: Readonly<Record<string, string>> = {}) {
  const etag = `W/"${hashText(`${JSON.stringify(headers)}\n${text}`).slice(0, 32)}"`;
  // `no-cache` means: keep it, but ask before each use. What one caller may see is not for a shared cache.
  // Vary is complete here: added to afterwards, the response would be rebuilt with its text as a stream.
  const vary = 'Accept, Accept-Encoding, Authorization';
  const common = { 'Cache-Control': 'private, no-cache', ETag: etag, Vary: vary, ...headers };
  const response: Response = hasMatch(c.req.header('If-None-Match'), etag)
    ? c.body(null, 304, common)
    : c.body(text, 200, {
        'Content-Type': 'application/json',
        'Content-Length': String(Buffer.byteLength(text)),
        ...common,
      });
  // The one cast: the database built the text in the shape of the route's schema, and the tests parse every answer with it.
  return response as Response & TypedResponse<never, 200, 'json'>;
}

// Weak comparison, as If-None-Match wants it (RFC 9110 §13.1.2).
function hasMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const opaque = etag.slice('W/'.length);
  return header.trim() === '*' || (header.match(/"[^"]*"/g) ?? []).some((tag) => tag === opaque);
}
