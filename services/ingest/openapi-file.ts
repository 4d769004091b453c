// Writes docs/openapi-ingest.json from the schemas; with --check it only compares, and fails when they have drifted apart.
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { type OpenApiFile, runOpenApiFile } from '#services/openapi-file.ts';
import { createIngest } from './ingest.ts';

/** The document of ingest. */
export function toIngestFile(): OpenApiFile {
  // The document is made without a request, so nothing is ever written.
  const refuse = () => Promise.reject(new Error('there is no database'));
  const { app } = createIngest({
    seeder: { seed: refuse, schemaVersion: refuse },
    auth: { mode: 'none' },
    tenant: 'default',
    requestsPerMinute: 1,
    allowedHosts: [],
    origin: 'http://127.0.0.1',
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
    schemaVersionExpected: 0,
    version: '0',
    image_digest: null,
    ops: false,
    stopping: new AbortController().signal,
  });
  return { app, name: 'openapi-ingest.json' };
}

if (import.meta.main) await runOpenApiFile(toIngestFile());
