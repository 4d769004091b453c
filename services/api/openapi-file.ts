// Writes docs/openapi.json from the schemas; with --check it only compares, and fails when they have drifted apart.
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { type OpenApiFile, runOpenApiFile } from '#services/openapi-file.ts';
import type { Reader } from '#store/store.ts';
import { createApi } from './api.ts';

/** The document of the read API. */
export function toApiFile(): OpenApiFile {
  const { app } = createApi({
    reader: unreadable,
    auth: { mode: 'none' },
    tenant: 'default',
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
    schemaVersionExpected: 0,
    version: '0',
    ops: false,
    stopping: new AbortController().signal,
  });
  return { app, name: 'openapi.json' };
}

// The document is made without a request, so nothing is ever read.
const refuse = () => Promise.reject(new Error('there is no database'));
const unreadable: Reader = {
  listAccounts: refuse,
  getAccount: refuse,
  listOrgNodes: refuse,
  getOrgNode: refuse,
  listMonitoringEndpoints: refuse,
  getMonitoringEndpoint: refuse,
  listRelations: refuse,
  getRelation: refuse,
  listHistory: refuse,
  getProvenance: refuse,
  listRuns: refuse,
  getRun: refuse,
  listEvents: refuse,
  listDifferences: refuse,
  listCollectorRuns: refuse,
  listScopeStatus: refuse,
  listPruneStatus: refuse,
  schemaVersion: refuse,
};

if (import.meta.main) await runOpenApiFile(toApiFile());
