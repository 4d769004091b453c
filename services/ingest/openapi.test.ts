// The checked-in document of ingest.
import { expect, test } from 'vitest';
import { updateOpenApiFile } from './openapi-file.ts';

test('docs/openapi-ingest.json is what the schemas say', async () => {
  await expect(updateOpenApiFile({ check: true })).resolves.toBeUndefined();
});
