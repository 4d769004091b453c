// Writes docs/openapi-ingest.json from the schemas; with --check it only compares, and fails when they have drifted apart.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { createIngest } from './ingest.ts';

const file = new URL('../../docs/openapi-ingest.json', import.meta.url);

/** Throws when the file is not what the schemas say, unless it may be written. */
export async function updateOpenApiFile({ check }: { check: boolean }): Promise<void> {
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
  const text = await (await app.request('/openapi.json')).text();
  if (!check) return await writeFile(file, text);
  if ((await readFile(file, 'utf8')) !== text) {
    throw new Error('docs/openapi-ingest.json differs from the schemas: run `node services/ingest/openapi-file.ts`');
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  await updateOpenApiFile({ check: values.check });
}
