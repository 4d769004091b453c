// The Reader of either database: chooses the statement, has it run, and makes a page of the rows.
import type { ObservationKind } from '#core/observation.ts';
import { accountKey, providerSchema } from '#core/observation.ts';
import { runIdSchema } from '#core/provenance.ts';
import { recordTables } from '../records.ts';
import type { ListPage, Reader } from '../store.ts';
import { type RecordListOptions, resolveUnder, toUnder, type Under } from './conditions.ts';
import type { Dialect, Statement } from './dialect.ts';
import { createHorizons } from './horizons.ts';
import { createLogReader } from './log-reader.ts';
import { getProvenance, getRecord, listHistory, listRecords, type RecordKey } from './records.ts';
import { type Query, type ReadRow, rowSchema, toArray } from './rows.ts';
import { getRun, listRuns } from './runs.ts';

/** The part of the Reader that both databases answer with the same statements. */
export function createReader(dialect: Dialect, query: Query): Omit<Reader, 'listScopeStatus' | 'schemaVersion'> {
  const horizons = createHorizons(dialect, query);

  async function listKind(kind: ObservationKind, options: RecordListOptions): Promise<ListPage> {
    const under = options.under === undefined ? undefined : await readUnder(options.tenant_id, options.under);
    const rows = await query(options.tenant_id, listRecords(kind, options, { dialect, under }));
    await requirePast(options);
    return toPage(rows, options.limit, recordTables[kind].primaryKey);
  }

  async function readUnder(tenant_id: string, under: string): Promise<Under> {
    return toUnder(await query(tenant_id, resolveUnder({ tenant_id, under }, dialect)));
  }

  async function readRecord(key: RecordKey & { readonly as_of?: string | undefined }): Promise<string | null> {
    const json = await getJson(key.tenant_id, getRecord(key, dialect));
    await requirePast(key);
    return json;
  }

  async function requirePast({ tenant_id, as_of }: { tenant_id: string; as_of?: string | undefined }): Promise<void> {
    if (as_of !== undefined) await horizons.requireHistory(tenant_id, as_of, 'as_of');
  }

  async function getJson(tenant_id: string, statement: Statement): Promise<string | null> {
    const [row] = await query(tenant_id, statement);
    return row === undefined ? null : rowSchema.parse(row).json;
  }

  return {
    listAccounts: (options) => listKind('account', options),
    listOrgNodes: (options) => listKind('org_node', options),
    async getAccount({ provider, id, ...rest }) {
      const parsed = providerSchema.safeParse(provider);
      if (!parsed.success) return null;
      const key = accountKey({ provider: parsed.data, id });
      return await readRecord({ ...rest, kind: 'account', key });
    },
    getOrgNode: ({ id, ...rest }) => readRecord({ ...rest, kind: 'org_node', key: id }),
    async listHistory(options) {
      const [page, exists] = await Promise.all([
        query(options.tenant_id, listHistory(options, dialect)),
        getJson(options.tenant_id, getProvenance(options, dialect)),
      ]);
      return exists === null ? null : toPage(page, options.limit, []);
    },
    getProvenance: (key: RecordKey) => getJson(key.tenant_id, getProvenance(key, dialect)),
    async listRuns(options) {
      return toPage(await query(options.tenant_id, listRuns(options, dialect)), options.limit, ['id']);
    },
    ...createLogReader(dialect, query),
    async getRun({ tenant_id, id }) {
      // What is no UUID is no run; Postgres would refuse to compare it.
      const parsed = runIdSchema.safeParse(id.toLowerCase());
      return parsed.success ? await getJson(tenant_id, getRun({ tenant_id, id: parsed.data }, dialect)) : null;
    },
  };
}

function toPage(found: readonly ReadRow[], limit: number, key: readonly string[]): ListPage {
  const rows = found.slice(0, limit).map((row) => rowSchema.parse(row));
  const last = found.length > limit ? rows.at(-1) : undefined;
  return {
    json: toArray(rows),
    next: last ? { value: last.sorted_by ?? null, key: key.map((name) => String(last[name])) } : null,
  };
}
