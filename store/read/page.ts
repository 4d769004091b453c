// A page of rows: the items as JSON text, and where the next page begins.
import type { ListPage } from '../store.ts';
import { type ReadRow, rowSchema, toArray } from './rows.ts';

/** The first `limit` of the rows found. One more than that says that there is a next page, after the last one's `key`. */
export function toPage(found: readonly ReadRow[], limit: number, key: readonly string[]): ListPage {
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rowSchema.parse(rows.at(-1)) : undefined;
  return {
    json: toArray(rows),
    next: last ? { value: last.sorted_by ?? null, key: key.map((name) => String(last[name])) } : null,
  };
}
