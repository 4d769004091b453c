// Rows as the readers' statements return them.
import { z } from 'zod';
import type { Statement } from './dialect.ts';

/** A row as a database returns it. */
export type ReadRow = Readonly<Record<string, unknown>>;

/** Runs statements, each after the one before it, in one transaction of the tenant; answers the rows of each. */
export type QueryAll = (
  tenant_id: string,
  statements: readonly Statement[],
) => Promise<readonly (readonly ReadRow[])[]>;

/** Runs one statement in a transaction of the tenant. */
export type Query = (tenant_id: string, statement: Statement) => Promise<readonly ReadRow[]>;

/** For whoever has but one. */
export function toQuery<Tenant extends string | null>(
  queryAll: (tenant_id: Tenant, statements: readonly Statement[]) => ReturnType<QueryAll>,
) {
  return async (tenant_id: Tenant, statement: Statement): Promise<readonly ReadRow[]> => {
    const [rows = []] = await queryAll(tenant_id, [statement]);
    return rows;
  };
}

/** An item of a list: its JSON, and what it is sorted by where that is a column of its own. */
export const rowSchema = z
  .object({ json: z.string(), sorted_by: z.string().nullable().optional() })
  .catchall(z.unknown());

/** The text of the JSON array of the rows' items. */
export function toArray(rows: readonly ReadRow[]): string {
  return `[${rows.map(toItem).join(',')}]`;
}

// Not by the schema, which takes longer for the rows of a page than the driver does.
function toItem(row: ReadRow): string {
  const json = row['json'];
  if (typeof json !== 'string') throw new TypeError('a row of a list has no JSON');
  return json;
}
