// A checked-in OpenAPI document: written from the schemas, or held against them.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { App } from './app.ts';

/** The one file that an app's document is checked in as, below docs/. */
export interface OpenApiFile {
  readonly app: App;
  readonly name: string;
}

/** Writes the file; with `check` it only compares, and throws when the two have drifted apart. */
export async function updateOpenApiFile({ app, name }: OpenApiFile, { check }: { check: boolean }): Promise<void> {
  const file = new URL(`../docs/${name}`, import.meta.url);
  const text = await (await app.request('/openapi.json')).text();
  if (!check) return await writeFile(file, text);
  if ((await readFile(file, 'utf8')) !== text) {
    throw new Error(`docs/${name} differs from the schemas: run \`npm run generate\``);
  }
}

/** As a command; `--check` compares. */
export async function runOpenApiFile(file: OpenApiFile): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  await updateOpenApiFile(file, { check: values.check });
}
