// The Reader on Postgres: every statement in a read-only transaction of its tenant.
import { type Statement, toParameters } from '../read/dialect.ts';
import { listPruneStatus, toPruneStatus } from '../read/prune.ts';
import { createReader } from '../read/reader.ts';
import { type ReadRow, toQuery } from '../read/rows.ts';
import { listCollectorRuns, listScopeStatus, toCollectorRuns, toScopeStatus } from '../read/runs.ts';
import type { Reader } from '../store.ts';
import type { PostgresConnection } from './connection.ts';
import { readPostgresSchema } from './migrations.ts';
import { postgresDialect } from './reader-dialect.ts';
import { sqlTime } from './records.ts';

/** Creates the Reader for a connection of a role that may read. */
export function createPostgresReader(connection: PostgresConnection): Reader {
  const queryAll = createPostgresQuery(connection);
  const query = toQuery(queryAll);
  return {
    ...createReader(postgresDialect, queryAll),
    async listCollectorRuns(tenant_id) {
      const statement = tenant_id === undefined ? allCollectors : listCollectorRuns(tenant_id, postgresDialect);
      return toCollectorRuns(await query(tenant_id ?? null, statement));
    },
    async listScopeStatus(tenant_id) {
      const statement = tenant_id === undefined ? allScopes : listScopeStatus(tenant_id, postgresDialect);
      return toScopeStatus(await query(tenant_id ?? null, statement));
    },
    async listPruneStatus(tenant_id) {
      const source = tenant_id === undefined ? 'prune_metrics()' : 'prune_status';
      return toPruneStatus(await query(tenant_id ?? null, listPruneStatus(tenant_id, postgresDialect, source)));
    },
    schemaVersion: () => connection.transact({ tenant_id: null, mode: 'read only' }, readPostgresSchema),
  };
}

/** Runs a reader's statements in a read-only transaction of their tenant, or of none. */
export function createPostgresQuery(connection: PostgresConnection) {
  return (tenant_id: string | null, statements: readonly Statement[]): Promise<readonly (readonly ReadRow[])[]> => {
    const settings = statements.some(({ inOrder }) => inOrder) ? keepOrder : {};
    return connection.read<ReadRow>({ tenant_id, settings }, statements.map(toPositional));
  };
}

// Until autovacuum comes by after a first load there are no statistics, and Postgres takes a tenant for a handful of rows: it
// would fetch all of them and sort them for every page, where an index has them in order.
const keepOrder = { enable_sort: 'off' } as const;

// Row-level security shows a transaction without a tenant nothing; these functions of the owner are the one way around it.
const allCollectors: Statement = {
  text: `select tenant_id, collector, configured_scopes, ${sqlTime('last_attempt_at')} as last_attempt_at, last_run_status,
      last_duration_seconds, seen, missing, vanished, rejected
    from collector_metrics()`,
  parameters: {},
};

const allScopes: Statement = {
  text: `select tenant_id, collector, scope, ${sqlTime('last_attempt_at')} as last_attempt_at,
      ${sqlTime('last_complete_at')} as last_complete_at, held_kinds, measures::text as measures, outcome, duration_seconds,
      seen, missing, vanished, rejected
    from scope_metrics()`,
  parameters: {},
};

/** The statement with its parameters numbered, as Postgres has them. */
export function toPositional({ text, parameters }: Statement) {
  const names: string[] = [];
  const values = toParameters(parameters);
  const positional = text.replaceAll(/@([a-z]\w*)/g, (_match, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text: positional, values: names.map((name) => values[name] ?? null) };
}
