// The checked-in document of ingest.
import { expect, test } from 'vitest';
import { updateOpenApiFile } from '#services/openapi-file.ts';
import { toIngestFile } from './openapi-file.ts';

test('docs/openapi-ingest.json is what the schemas say', async () => {
  await expect(updateOpenApiFile(toIngestFile(), { check: true })).resolves.toBeUndefined();
});
