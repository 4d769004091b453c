// Writes docs/openapi.json from the schemas; with --check it only compares, and fails when they have drifted apart.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import type { Reader } from '#store/store.ts';
import { createApi } from './api.ts';

const file = new URL('../../docs/openapi.json', import.meta.url);

/** Throws when the file is not what the schemas say, unless it may be written. */
export async function updateOpenApiFile({ check }: { check: boolean }): Promise<void> {
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
  const text = await (await app.request('/openapi.json')).text();
  if (!check) return await writeFile(file, text);
  if ((await readFile(file, 'utf8')) !== text) {
    throw new Error('docs/openapi.json differs from the schemas: run `node services/api/openapi-file.ts`');
  }
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
  schemaVersion: refuse,
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  await updateOpenApiFile({ check: values.check });
}
