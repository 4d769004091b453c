// The Reader on SQLite: the tenant in each statement is the only wall between tenants here.
import type { DatabaseSync } from 'node:sqlite';
import { type Statement, toParameters } from '../read/dialect.ts';
import { listPruneStatus, toPruneStatus } from '../read/prune.ts';
import { createReader } from '../read/reader.ts';
import type { ReadRow } from '../read/rows.ts';
import { listCollectorRuns, listScopeStatus, toCollectorRuns, toScopeStatus } from '../read/runs.ts';
import type { Reader } from '../store.ts';
import { attempt, prepare } from './connection.ts';
import { readSqliteSchema } from './migrations.ts';
import { sqliteDialect } from './reader-dialect.ts';

/** Creates the Reader for a connection that was opened for reading. */
export function createSqliteReader(database: DatabaseSync): Reader {
  const query = (statement: Statement) =>
    attempt(database, () => prepare<ReadRow>(database, statement.text).all(toParameters(statement.parameters)));
  return {
    ...createReader(sqliteDialect, async (_tenant_id, statements) => statements.map(query)),
    listCollectorRuns: async (tenant_id) => toCollectorRuns(query(listCollectorRuns(tenant_id, sqliteDialect))),
    listScopeStatus: async (tenant_id) => toScopeStatus(query(listScopeStatus(tenant_id, sqliteDialect))),
    listPruneStatus: async (tenant_id) => toPruneStatus(query(listPruneStatus(tenant_id, sqliteDialect))),
    schemaVersion: async () => readSqliteSchema(database),
  };
}
