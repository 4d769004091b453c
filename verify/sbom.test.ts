// The bill of materials against another reading of what esbuild has bundled: the one of CycloneDX's own generator.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { root, startProgram } from './inventory.ts';
import { isMissing } from './tool.ts';

const generator = join(process.env['INVENTORY_NPM_TOOLS'] ?? '', 'cyclonedx-esbuild/bin/cyclonedx-esbuild-cli.js');

const bomSchema = z.object({
  components: z.array(
    z.object({
      group: z.string().optional(),
      name: z.string(),
      version: z.string().optional(),
      scope: z.enum(['required', 'excluded']).default('required'),
      purl: z.string().optional(),
    }),
  ),
});

/** The npm packages of which code is in the bundle. */
function packagesOf(text: string): string[] {
  const { components } = bomSchema.parse(JSON.parse(text));
  const packages = components.filter(({ scope, purl }) => scope === 'required' && purl?.startsWith('pkg:npm/'));
  return [
    ...new Set(packages.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`)),
  ].sort();
}

test('CycloneDX’s own generator finds the same packages in the bundle', async (context) => {
  context.skip(await isMissing(generator), 'cyclonedx-esbuild is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'inventory-sbom-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const metafile = join(folder, 'metafile.json');
  const run = async (...command: string[]) => {
    const ended = await startProgram({}, [process.execPath, ...command], root).ended;
    expect(ended.code, ended.stderr).toBe(0);
    return ended.stdout;
  };

  await run('build.ts', `--outdir=${folder}`, `--metafile=${metafile}`);
  const theirs = packagesOf(await run(generator, '--bwd', root, metafile));
  const ours = packagesOf(await readFile(join(folder, 'asset-inventory.cdx.json'), 'utf8'));

  expect(ours.length).toBeGreaterThan(50);
  expect(theirs).toEqual(ours);
});
