// The Reader of either database: chooses the statement, has it run, and makes a page of the rows.
import { runIdSchema } from '#core/provenance.ts';
import type { Reader } from '../store.ts';
import type { Dialect } from './dialect.ts';
import { createLogReader } from './log-reader.ts';
import { toPage } from './page.ts';
import { createRecordReader } from './record-reader.ts';
import { type QueryAll, rowSchema, toQuery } from './rows.ts';
import { getRun, listRuns } from './runs.ts';

/** The part of the Reader that both databases answer with the same statements. */
export function createReader(
  dialect: Dialect,
  queryAll: QueryAll,
): Omit<Reader, 'listCollectorRuns' | 'listScopeStatus' | 'listPruneStatus' | 'schemaVersion'> {
  const query = toQuery(queryAll);
  return {
    ...createRecordReader(dialect, queryAll),
    ...createLogReader(dialect, query),
    async listRuns(options) {
      return toPage(await query(options.tenant_id, listRuns(options, dialect)), options.limit, ['id']);
    },
    async getRun({ tenant_id, id }) {
      // What is no UUID is no run; Postgres would refuse to compare it.
      const parsed = runIdSchema.safeParse(id.toLowerCase());
      if (!parsed.success) return null;
      const [row] = await query(tenant_id, getRun({ tenant_id, id: parsed.data }, dialect));
      return row === undefined ? null : rowSchema.parse(row).json;
    },
  };
}
