// The part of the Reader that shows records: lists of each kind, single records, their history and provenance.
import type { ObservationKind } from '#core/observation.ts';
import { accountKey, providerSchema } from '#core/observation.ts';
import { recordTables } from '../records.ts';
import type { ListPage, Reader } from '../store.ts';
import type { RecordListOptions } from './conditions.ts';
import type { Dialect, Statement } from './dialect.ts';
import { createHorizons } from './horizons.ts';
import { toPage } from './page.ts';
import { getProvenance, getRecord, listHistory, listRecords, type RecordKey } from './records.ts';
import { type QueryAll, rowSchema, toQuery } from './rows.ts';

type RecordReader = Pick<
  Reader,
  | 'listAccounts'
  | 'listOrgNodes'
  | 'listMonitoringEndpoints'
  | 'listRelations'
  | 'getAccount'
  | 'getOrgNode'
  | 'getMonitoringEndpoint'
  | 'getRelation'
  | 'listHistory'
  | 'getProvenance'
>;

/** What a record is looked up by, as it is or as of a time. */
type Sought = RecordKey & { readonly as_of?: string | undefined };

/** Shows records with the statements of a dialect. */
export function createRecordReader(dialect: Dialect, queryAll: QueryAll): RecordReader {
  const query = toQuery(queryAll);
  const horizons = createHorizons(dialect, query);

  async function listKind(kind: ObservationKind, options: RecordListOptions): Promise<ListPage> {
    const rows = await query(options.tenant_id, listRecords(kind, options, dialect));
    await requirePast(options);
    return toPage(rows, options.limit, recordTables[kind].primaryKey);
  }

  async function readRecord(sought: Sought): Promise<string | null> {
    const json = await readJson(sought.tenant_id, getRecord(sought, dialect));
    await requirePast(sought);
    return json;
  }

  async function requirePast({ tenant_id, as_of }: { tenant_id: string; as_of?: string | undefined }): Promise<void> {
    if (as_of !== undefined) await horizons.requireHistory(tenant_id, as_of, 'as_of');
  }

  async function readJson(tenant_id: string, statement: Statement): Promise<string | null> {
    const [row] = await query(tenant_id, statement);
    return row === undefined ? null : rowSchema.parse(row).json;
  }

  return {
    listAccounts: (options) => listKind('account', options),
    listOrgNodes: (options) => listKind('org_node', options),
    listMonitoringEndpoints: (options) => listKind('monitoring_endpoint', options),
    listRelations: (options) => listKind('relation', options),
    async getAccount({ provider, id, ...rest }) {
      const parsed = providerSchema.safeParse(provider);
      if (!parsed.success) return null;
      return await readRecord({ ...rest, kind: 'account', key: accountKey({ provider: parsed.data, id }) });
    },
    getOrgNode: ({ id, ...rest }) => readRecord({ ...rest, kind: 'org_node', key: id }),
    getMonitoringEndpoint: ({ id, ...rest }) => readRecord({ ...rest, kind: 'monitoring_endpoint', key: id }),
    getRelation: ({ id, ...rest }) => readRecord({ ...rest, kind: 'relation', key: id }),
    async listHistory(options) {
      const [page = [], existing = []] = await queryAll(options.tenant_id, [
        listHistory(options, dialect),
        getProvenance(options, dialect),
      ]);
      return existing.length === 0 ? null : toPage(page, options.limit, []);
    },
    getProvenance: (key) => readJson(key.tenant_id, getProvenance(key, dialect)),
  };
}
