// The checked-in document, and the page made of it.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { updateOpenApiFile } from './openapi-file.ts';

const file = new URL('../../docs/openapi.json', import.meta.url);

describe('docs/openapi.json', () => {
  test('is what the schemas say', async () => {
    await expect(updateOpenApiFile({ check: true })).resolves.toBeUndefined();
  });

  test('has every reference, and nothing that can never be', async () => {
    const text = await readFile(file, 'utf8');

    const names = Object.keys(
      z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) }).parse(JSON.parse(text))
        .components.schemas,
    );
    const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(references.length).toBeGreaterThan(20);
    expect(names).toEqual(expect.arrayContaining([...new Set(references)]));
    expect(text).not.toContain('"allOf"');
  });
});
