// The configurations that the pages show, as a reader would copy them: all of the product's parts in them are valid.
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadCollector } from './load-collector.ts';
import { loadCollectorConfig, loadConfig } from './load-config.ts';

const root = join(import.meta.dirname, '..');
const parts = ['tenant', 'database', 'collectors', 'api', 'ingest', 'ops', 'retention', 'prune'];

// What a page leaves to its reader, and what has to be on his machine.
const leftOut = [
  ['sha256: …', `sha256: ${'a'.repeat(64)}`],
  ['00000000-0000-…', '00000000-0000-4000-8000-000000000000'],
] as const;
const variables = {
  DATABASE_URL: 'postgres://inventory@db.example/inventory',
  AWS_EXTERNAL_ID: 'an-external-id',
  PROM_URL: 'https://prometheus.example',
  GRAFANA_PASSWORD: 'a password',
  MIMIR_PASSWORD: 'a password',
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-documented-'));
  await writeFile(join(folder, 'targets.yaml'), '- targets: [prometheus.example:9090]\n');
});
afterAll(() => rm(folder, { recursive: true }));

interface Shown {
  readonly page: string;
  readonly text: string;
}

// Values of the chart share names with the product's parts, and have parts of their own beside them.
async function listShown(): Promise<readonly Shown[]> {
  const pages = ['README.md', ...globSync('docs/*.md', { cwd: root })].sort();
  const shown = await Promise.all(
    pages.map(async (page) => {
      const text = await readFile(join(root, page), 'utf8');
      return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => ({ page, text: block }));
    }),
  );
  return shown.flat().filter(({ text }) => {
    const documents = parseAllDocuments(text).map((document) =>
      z.record(z.string(), z.unknown()).safeParse(document.toJS()),
    );
    const [only] = documents;
    return documents.length === 1 && only?.success && Object.keys(only.data).every((key) => parts.includes(key));
  });
}

test('every configuration of README.md and docs/ is one that the product takes', async () => {
  const shown = await listShown();
  const refused: string[] = [];

  for (const { page, text } of shown) {
    const INVENTORY_CONFIG = join(folder, 'inventory.yaml');
    const here = text.replaceAll('/etc/inventory/prometheus/*.yaml', join(folder, 'targets.yaml'));
    await writeFile(
      INVENTORY_CONFIG,
      leftOut.reduce((document, [gap, value]) => document.replaceAll(gap, value), here),
    );
    const given = { ...variables, INVENTORY_CONFIG };
    const { collectors } = await loadConfig(given);
    for (const name of Object.keys(collectors)) {
      await loadCollectorConfig(given, await loadCollector(name)).catch((error: unknown) =>
        refused.push(`${page}: ${error}`),
      );
    }
  }

  expect(new Set(shown.map(({ page }) => page)).size).toBeGreaterThan(8);
  expect(refused).toEqual([]);
});
