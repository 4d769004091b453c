// The bill of materials against what is there: the packages' own manifests, the lock file.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import type { Metafile } from 'esbuild';
import { PackageURL } from 'packageurl-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createSbom } from './sbom.ts';

const root = import.meta.dirname;
const fileSchema = z.object({ bytesInOutput: z.number() });
const metafileSchema = z.object({
  outputs: z.record(z.string(), z.object({ inputs: z.record(z.string(), fileSchema) })),
});
const componentSchema = z.object({
  'bom-ref': z.string(),
  version: z.string(),
  purl: z.string(),
  hashes: z.array(z.object({ alg: z.string(), content: z.string() })).default([]),
  licenses: z.array(z.object({ license: z.object({ id: z.string() }) })),
});
const sbomSchema = z.object({
  serialNumber: z.string(),
  metadata: z.object({ timestamp: z.iso.datetime(), component: z.looseObject({ 'bom-ref': z.string() }) }),
  components: z.array(componentSchema),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});
const packageSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });
const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ integrity: z.string().optional() })),
});

async function readJson<T>(schema: z.ZodType<T>, path: string): Promise<T> {
  return schema.parse(JSON.parse(await readFile(path, 'utf8')));
}

let folder: string;
let text: string;
let sbom: z.output<typeof sbomSchema>;
let paths: string[];

async function build(name: string, ...flags: string[]): Promise<string> {
  const outdir = join(folder, name);
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
  await promisify(execFile)(process.execPath, ['build.ts', `--outdir=${outdir}`, ...flags], {
    cwd: root,
    env,
    timeout: 60_000,
  });
  return await readFile(join(outdir, 'asset-inventory.cdx.json'), 'utf8');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-sbom-'));
  const metafile = join(folder, 'metafile.json');
  text = await build('first', `--metafile=${metafile}`);
  sbom = sbomSchema.parse(JSON.parse(text));
  const { outputs } = await readJson(metafileSchema, metafile);
  paths = Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the sources are not built over', async () => {
  const sources = join(folder, 'sources');
  await mkdir(sources);
  for (const name of ['build.ts', 'sbom.ts', 'package.json']) await copyFile(join(root, name), join(sources, name));
  await symlink(join(root, 'node_modules'), join(sources, 'node_modules'));

  const built = promisify(execFile)(process.execPath, ['build.ts', '--outdir=.'], { cwd: sources });

  await expect(built).rejects.toThrow('--outdir=. would remove the sources');
  expect(await readdir(sources)).toContain('build.ts');
});

/** The folders of packages that left code in the bundle. */
function folders(): string[] {
  const found = paths.flatMap((path) => {
    const parts = path.split('/');
    const start = parts.lastIndexOf('node_modules') + 1;
    if (start === 0) return [];
    return [parts.slice(0, parts[start]?.startsWith('@') ? start + 2 : start + 1).join('/')];
  });
  return [...new Set(found)];
}

const toPurl = (name: string, version: string) => {
  const [base = name, scope] = name.split('/').reverse();
  return new PackageURL('npm', scope, base, version).toString();
};

test('every package of which code is in the bundle is in the bill of materials, and nothing else', async () => {
  const manifests = await Promise.all(
    folders().map((path) =>
      readJson(packageSchema.pick({ name: true, version: true }), join(root, path, 'package.json')),
    ),
  );
  const expected = new Set(manifests.map(({ name, version }) => toPurl(name, version)));
  const named = sbom.components.map(({ purl }) => purl);

  expect(expected.size).toBeGreaterThan(50);
  expect(named.sort()).toEqual([...expected].sort());
});

test('every package bears the hash of the lock file, its version and an SPDX license', async () => {
  const { packages } = await readJson(lockSchema, join(root, 'package-lock.json'));
  const byPurl = new Map(sbom.components.map((component) => [component.purl, component]));

  for (const path of folders()) {
    const { name, version, license } = await readJson(packageSchema, join(root, path, 'package.json'));
    const { hashes, licenses } = componentSchema.parse(byPurl.get(toPurl(name, version)));

    expect(hashes.map(({ alg, content }) => [alg, `sha512-${Buffer.from(content, 'hex').toString('base64')}`])).toEqual(
      [['SHA-512', packages[path]?.integrity]],
    );
    expect(licenses, name).toEqual([{ license: { id: license } }]);
  }
});

test('everything in it is there because the product needs it', () => {
  const needs = new Map(sbom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const reached = new Set([sbom.metadata.component['bom-ref']]);
  for (const ref of reached) for (const next of needs.get(ref) ?? []) reached.add(next);

  expect(sbom.components.map((component) => component['bom-ref']).filter((ref) => !reached.has(ref))).toEqual([]);
});

test('it is valid CycloneDX', async () => {
  expect(await new JsonStrictValidator(Version.v1dot6).validate(text)).toBeNull();
});

test('it is the same text when it is built again', async () => {
  expect(await build('again')).toBe(text);
  expect(sbom.metadata.timestamp).toBe('2023-11-14T22:13:20.000Z');
});

test('a package that the lock file does not know is an error', async () => {
  const path = 'node_modules/smuggled/index.js';
  const input = { bytes: 1, imports: [] };
  const output = { bytes: 1, imports: [], exports: [], inputs: { [path]: { bytesInOutput: 1 } } };
  const metafile: Metafile = { inputs: { [path]: input }, outputs: { 'cli/main.mjs': output } };

  await expect(createSbom(root, metafile)).rejects.toThrow('not locked: node_modules/smuggled');
});
