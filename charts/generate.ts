// Writes the generated files of the chart, docs/egress.md and the policies' data; with --check it compares, and fails where they differ.
import { globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Egress } from '#core/egress.ts';
import { replaceBetween, toEgressData, toEgressPage, toValuesTable, toValuesYaml } from './documents.ts';
import { type JsonSchema, toConfigSchema, toValuesSchema } from './json-schema.ts';
import { createValuesSchema } from './values.ts';
import type { CollectorFacts } from './values-collectors.ts';

const root = dirname(import.meta.dirname);
const chart = 'charts/asset-inventory';

// The boundary between dynamic imports and the types: collectors.test.ts holds what the folders export.
const moduleSchemas = {
  collector: z.object({ collector: z.object({ config: z.custom<z.ZodType>((value) => value instanceof z.ZodType) }) }),
  egress: z.object({ egress: z.custom<Egress>((value) => typeof value === 'object' && value !== null) }),
};

/** The collectors of this release, in the order of their names. */
export async function readCollectors(): Promise<CollectorFacts[]> {
  const names = globSync('collectors/*/collector.ts', { cwd: root }).map((path) => path.split('/')[1] ?? '');
  return await Promise.all(
    names.sort().map(async (name) => {
      const folder = `../collectors/${name}`;
      const { collector } = moduleSchemas.collector.parse(await import(`${folder}/collector.ts`));
      const { egress } = moduleSchemas.egress.parse(await import(`${folder}/egress.ts`));
      return { name, egress, config: toConfigSchema(collector.config) };
    }),
  );
}

/** The schema that Helm is given, and the defaults. */
export async function readValues(): Promise<{ schema: JsonSchema; defaults: Readonly<Record<string, unknown>> }> {
  const schema = createValuesSchema(await readCollectors());
  return { schema: toValuesSchema(schema), defaults: schema.parse({}) };
}

/** Every generated file by its path from the root. */
export async function toFiles(): Promise<ReadonlyMap<string, string>> {
  const collectors = await readCollectors();
  const { schema, defaults } = await readValues();
  const readme = await readFile(join(root, chart, 'README.md'), 'utf8');
  return new Map([
    [`${chart}/values.yaml`, toValuesYaml(schema, defaults)],
    [`${chart}/values.schema.json`, toJson(schema)],
    [`${chart}/README.md`, replaceBetween(readme, 'values', toValuesTable(schema, defaults))],
    [`${chart}/files/egress.json`, toJson(toEgressData(collectors))],
    // Policies see it as data.egress.
    ['policy/data/egress.json', toJson({ egress: toEgressData(collectors) })],
    ['docs/egress.md', toEgressPage(collectors)],
  ]);
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The paths of the files that are not as they should be. */
export async function findDrift(files: ReadonlyMap<string, string>): Promise<string[]> {
  const drifted = await Promise.all(
    [...files].map(async ([path, text]) => {
      const found = await readFile(join(root, path), 'utf8').catch(() => '');
      return found === text ? [] : [path];
    }),
  );
  return drifted.flat();
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const files = await toFiles();
  if (!values.check) {
    for (const [path, text] of files) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  }
  const drift = await findDrift(files);
  for (const path of drift) console.error(`${path} is not what the sources say: run npm run generate`);
  if (drift.length > 0) process.exitCode = 1;
  else console.log(`${files.size} files of the chart are up to date`);
}

if (import.meta.main) await main();
