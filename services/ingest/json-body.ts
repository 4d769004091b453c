// What a body must be before anybody looks into it: said to be JSON, small, whole, and JSON.
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { RequestError } from '#core/errors.ts';
import type { AppEnv } from '#services/env.ts';

/** More than the longest seed takes, several times over. */
export const maxBodyBytes = 16 * 1024;

/**
 * Refuses what is not JSON. That its type must be named also keeps pages of other sites out where nobody authenticates:
 * a browser sends this type across origins only after it was told that it may.
 */
export const requireJson: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!/^application\/json\s*(;|$)/i.test(c.req.header('Content-Type') ?? '')) {
    throw new RequestError(415, 'unsupported_media_type', 'send JSON, with Content-Type: application/json');
  }
  if (!/^(identity)?$/i.test(c.req.header('Content-Encoding') ?? '')) {
    throw new RequestError(415, 'unsupported_media_type', 'send it as it is, without Content-Encoding');
  }
  // With a space before a parameter, or quotes in it (RFC 9110 §5.6.6), those who look after us would not know it.
  c.req.raw.headers.set('Content-Type', 'application/json');
  const bytes = await readBody(c);
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // Where it breaks off is not told: the parser would quote the body.
    throw new RequestError(400, 'invalid_json', 'the body is not JSON in UTF-8');
  }
  await next();
};

// Larger bodies are refused as soon as they are, whatever their length was said to be.
const limitBody = bodyLimit({
  maxSize: maxBodyBytes,
  onError: () => {
    throw new RequestError(413, 'body_too_large', `the body is larger than ${maxBodyBytes} bytes`);
  },
});

async function readBody(c: Context<AppEnv>): Promise<ArrayBuffer> {
  let body = new ArrayBuffer(0);
  try {
    await limitBody(c, async () => {
      body = await c.req.arrayBuffer();
    });
  } catch (cause) {
    if (cause instanceof RequestError) throw cause;
    // The caller left, or took too long: nobody hears this answer, but it is no fault of ours.
    throw new RequestError(400, 'incomplete_body', 'the body did not arrive whole: send it again', { cause });
  }
  return body;
}
