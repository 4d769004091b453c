// The opaque place in a list: the last row's position, sealed to the list, its sort, its filters and its tenant.
import { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import { hashJson } from '#core/json.ts';
import type { Position } from '#store/store.ts';

const cursorSchema = z.tuple([z.string(), z.string().nullable(), z.array(z.string())]);

/** `list` is whatever must be the same for the next page: route, tenant, sort and filters. */
export function toCursor(position: Position, list: unknown): string {
  const content = [seal(position, list), position.value, position.key];
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** The position, or RequestError `invalid_cursor` for garbage and for the cursor of another list, sort or filter. */
export function parseCursor(text: string, list: unknown): Position {
  const parsed = cursorSchema.safeParse(decode(text));
  if (parsed.success) {
    const [mark, value, key] = parsed.data;
    if (mark === seal({ value, key }, list)) return { value, key };
  }
  throw new RequestError(
    400,
    'invalid_cursor',
    'cursor: belongs to another list, sort or filter; begin again without it',
  );
}

// Not a secret: a position only says where to go on, in rows the caller may read anyway. It tells mistakes from cursors.
function seal(position: Position, list: unknown): string {
  return hashJson([list, position.value, position.key]).slice(0, 16);
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    // Garbage, which no schema accepts.
    return undefined;
  }
}
