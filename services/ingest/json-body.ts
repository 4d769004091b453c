// What a body must be before anybody looks into it: small, said to be JSON, and JSON.
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { RequestError } from '#core/errors.ts';
import type { AppEnv } from '#services/env.ts';

/** More than the longest seed takes, several times over. */
export const maxBodyBytes = 16 * 1024;

/** Refuses larger bodies as soon as they are, whatever their length was said to be. */
export const limitBody: MiddlewareHandler<AppEnv> = bodyLimit({
  maxSize: maxBodyBytes,
  onError: () => {
    throw new RequestError(413, 'body_too_large', `the body is larger than ${maxBodyBytes} bytes`);
  },
});

/**
 * Refuses what is not JSON. That its type must be named also keeps pages of other sites out where nobody authenticates:
 * a browser sends this type across origins only after it was told that it may.
 */
export const requireJson: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!/^application\/json\s*(;|$)/i.test(c.req.header('Content-Type') ?? '')) {
    throw new RequestError(415, 'unsupported_media_type', 'send JSON, with Content-Type: application/json');
  }
  // With a space before a parameter, or quotes in it (RFC 9110 §5.6.6), those who look after us would not know it.
  c.req.raw.headers.set('Content-Type', 'application/json');
  const text = await c.req.text();
  try {
    JSON.parse(text);
  } catch {
    // Where it breaks off is not told: the parser would quote the body.
    throw new RequestError(400, 'invalid_json', 'the body is not JSON');
  }
  await next();
};
