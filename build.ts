// Bundles the product into dist/ for the image, the same for every platform, and says what is in it: `npm run build [-- --outdir=… --metafile=…]`.
// Development runs the sources as they are; nothing there needs a build.
import { cp, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { createSbom } from './sbom.ts';

const root = import.meta.dirname;

// CommonJS packages inside an ES module bundle still expect these three.
const commonJsNames = [
  `import{createRequire as __c}from'node:module';`,
  `import{fileURLToPath as __f}from'node:url';`,
  `import{dirname as __p}from'node:path';`,
  `const require=__c(import.meta.url),__filename=__f(import.meta.url),__dirname=__p(__filename);`,
].join('');

const { values } = parseArgs({
  options: {
    outdir: { type: 'string', default: 'dist' },
    // Where to put esbuild's own account of what it has bundled.
    metafile: { type: 'string' },
  },
});
const outdir = resolve(root, values.outdir);
// What is there goes first: never the sources themselves, or what they lie in.
if (!relative(outdir, root).startsWith('..'))
  throw new RangeError(`--outdir=${values.outdir} would remove the sources`);

await rm(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['cli/main.ts'],
  outdir,
  // Everything lands one level below dist/, as the sources lie one level below the root: `../migrations` is right in both.
  outbase: '.',
  chunkNames: 'cli/[name]-[hash]',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  splitting: true,
  minify: true,
  legalComments: 'external',
  metafile: true,
  // The AWS packages have no "exports": the default would take their CommonJS builds, which cannot be tree-shaken.
  mainFields: ['module', 'main'],
  // The sandbox belongs to development: its fakes never ship.
  external: ['#testkit/*'],
  banner: { js: commonJsNames },
  logLevel: 'warning',
});
await cp(join(root, 'migrations'), join(outdir, 'migrations'), { recursive: true });
if (values.metafile) await writeFile(values.metafile, JSON.stringify(metafile));
// The time of the commit, where whoever builds says it, as everywhere in the image: https://reproducible-builds.org/specs/source-date-epoch/
const epoch = process.env['SOURCE_DATE_EPOCH'];
const sbom = await createSbom(root, metafile, epoch ? new Date(Number(epoch) * 1000) : undefined);
await writeFile(join(outdir, 'asset-inventory.cdx.json'), sbom);

const outputs = Object.values(metafile.outputs);
const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
console.log(`${values.outdir}/: ${outputs.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
