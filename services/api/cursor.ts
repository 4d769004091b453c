// The opaque place in a list: the last row's position, sealed to the list, its sort, its filters and its tenant.
import { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import { hashText } from '#core/json.ts';
import { timestampSchema } from '#core/provenance.ts';
import type { Position, SortField } from '#store/store.ts';

const cursorSchema = z.tuple([z.string(), z.string().nullable(), z.array(z.string())]);

/** What the position of a list looks like. Anything else would be an error of the database. */
export type PositionSchema = z.ZodType<Position>;

/** The positions in a list whose rows have such a key, by the field it is sorted by. */
export function positionSchemas(key: z.ZodType<readonly string[]>): Readonly<Record<SortField, PositionSchema>> {
  const time = z.object({ value: timestampSchema, key });
  return {
    id: z.object({ value: z.string(), key }),
    name: z.object({ value: z.string().nullable(), key }),
    discovered_at: time,
    valid_from: time,
  };
}

/** What a cursor belongs to, and what it holds. */
export interface CursorList {
  /** Whatever must be the same for the next page: list, tenant, sort and filters, members in the same order. */
  readonly identity: unknown;
  readonly position: PositionSchema;
}

/** The cursor of a position. */
export function toCursor(position: Position, { identity }: CursorList): string {
  const content = [seal(position, identity), position.value, position.key];
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** The position, or RequestError `invalid_cursor` for garbage and for the cursor of another list, sort or filter. */
export function parseCursor(text: string, list: CursorList): Position {
  const parsed = cursorSchema.safeParse(decode(text));
  if (parsed.success) {
    const [mark, value, key] = parsed.data;
    const position = list.position.safeParse({ value, key });
    if (position.success && mark === seal({ value, key }, list.identity)) return position.data;
  }
  throw new RequestError(
    400,
    'invalid_cursor',
    'cursor: belongs to another list, sort or filter; begin again without it',
  );
}

// Not a secret: a position only says where to go on, in rows the caller may read anyway. It tells mistakes from cursors.
function seal(position: Position, identity: unknown): string {
  return hashText(JSON.stringify([identity, position.value, position.key])).slice(0, 16);
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    // Garbage, which no schema accepts.
    return undefined;
  }
}
