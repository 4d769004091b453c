// The checked-in document, and the page made of it.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { createApp } from '#services/app.ts';
import { addDocs } from '#services/docs.ts';
import { addHealth } from '#services/health.ts';
import { updateOpenApiFile } from '#services/openapi-file.ts';
import { describeApi } from './openapi.ts';
import { toApiFile } from './openapi-file.ts';

const file = new URL('../../docs/openapi.json', import.meta.url);

describe('docs/openapi.json', () => {
  test('is what the schemas say', async () => {
    await expect(updateOpenApiFile(toApiFile(), { check: true })).resolves.toBeUndefined();
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

  test('gives examples that keep to their own schemas, so that whoever tries them is answered', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const document: unknown = JSON.parse(await readFile(file, 'utf8'));
    // References are resolved in the document.
    const isGood = (schema: object, value: unknown) =>
      ajv.validate({ ...schema, components: z.object({ components: z.unknown() }).parse(document).components }, value);

    const examples = listExamples(document);

    expect(examples.length).toBeGreaterThan(10);
    expect(examples.filter(({ schema, example }) => !isGood(schema, example))).toEqual([]);
  });

  test.for([
    { item: 'Account', key: ['provider', 'id'] },
    { item: 'OrgNode', key: ['id'] },
    { item: 'MonitoringEndpoint', key: ['id'] },
    { item: 'Relation', key: ['id'] },
  ])('requires of $item in lists the key alone, for `fields` may leave out or add the rest', async ({ item, key }) => {
    const objectSchema = z.object({ properties: z.record(z.string(), z.unknown()), required: z.array(z.string()) });
    const schemas = z
      .object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
      .parse(JSON.parse(await readFile(file, 'utf8'))).components.schemas;

    const listed = objectSchema.parse(schemas[item]);
    const detail = objectSchema.parse(schemas[`${item}Detail`]);

    expect(listed.required.sort()).toEqual(key.toSorted());
    expect(detail.required).toEqual(Object.keys(detail.properties));
    expect(listed.properties).toEqual(detail.properties);
  });
});

describe('/docs', () => {
  async function getDocs() {
    const log = createLogger({ level: 'silent' });
    const stopping = new AbortController().signal;
    const app = createApp({ clock: systemClock, log, stopping, observe: () => undefined });
    const schemaVersion = () => Promise.reject(new Error('not asked'));
    addHealth(app, { schemaVersion, log, stopping, schemaVersionExpected: 1 });
    addDocs(app, describeApi());
    return await app.request('/docs');
  }

  test('shows every operation of the document', async () => {
    const text = await (await getDocs()).text();

    expect(text).toContain('<code>GET /healthz</code>');
    expect(text).toContain('<code>GET /readyz</code>');
    expect(text).toContain('href="openapi.json"');
  });

  test('has no script, and its policy allows its own style alone', async () => {
    const response = await getDocs();
    const text = await response.text();

    expect(text).not.toMatch(/<script|javascript:|\son\w+=/i);
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(response.headers.get('Content-Security-Policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });
});

/** Every schema that has an example of its own or beside it, as parameters do. */
function listExamples(node: unknown): { schema: object; example: unknown }[] {
  if (Array.isArray(node)) return node.flatMap(listExamples);
  if (typeof node !== 'object' || node === null) return [];
  const { example, schema = node } = z.looseObject({ schema: z.looseObject({}).optional() }).parse(node);
  const own = example === undefined ? [] : [{ schema, example }];
  return [...own, ...Object.values(node).flatMap(listExamples)];
}
