// Bundles the product into dist/ for the image, the same for every platform: `npm run build [-- --outdir=…]`.
// Development runs the sources as they are; nothing there needs a build.
import { cp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

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
  },
});
const outdir = resolve(root, values.outdir);

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

const outputs = Object.values(metafile.outputs);
const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
console.log(`${values.outdir}/: ${outputs.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
