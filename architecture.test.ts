// Holds the repository to its own architecture: directions, caps, documented folders, and no trace of any one machine.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  contentProblems,
  forbiddenTextProblems,
  importCycles,
  importProblems,
  readImports,
  roomOf,
  type SourceFile,
} from './architecture.ts';

const root = import.meta.dirname;
const generated = ['node_modules', 'dist', 'data', '.git'];

const paths = listFiles();
const sources = paths.filter((path) => /\.tsx?$/.test(path)).map(readSource);

describe('the repository', () => {
  test('has sources to check', () => {
    expect(sources.length).toBeGreaterThan(10);
  });

  test('imports only in the allowed directions, and only the packages of the room', () => {
    expect(sources.flatMap(importProblems)).toEqual([]);
  });

  test('has no import cycle', () => {
    expect(importCycles(sources)).toEqual([]);
  });

  test('has no file that is too long, unexplained, or that touches the process outside cli/', () => {
    expect(sources.flatMap(contentProblems)).toEqual([]);
  });

  test('holds nothing that Node cannot run by erasing types', () => {
    const { compilerOptions } = z
      .object({ compilerOptions: z.object({ erasableSyntaxOnly: z.boolean(), verbatimModuleSyntax: z.boolean() }) })
      .parse(JSON.parse(readText('tsconfig.json')));

    expect(paths.filter((path) => path.endsWith('.tsx'))).toEqual([]);
    expect(compilerOptions).toEqual({ erasableSyntaxOnly: true, verbatimModuleSyntax: true });
  });

  test('lets the linter hold the caps on functions', () => {
    const cap = (name: string) => z.object({ level: z.literal('error'), options: z.object({ [name]: z.number() }) });
    const { linter } = z
      .object({
        linter: z.object({
          rules: z.object({
            complexity: z.object({ noExcessiveLinesPerFunction: cap('maxLines'), useMaxParams: cap('max') }),
          }),
        }),
      })
      .parse(JSON.parse(readText('biome.json')));

    expect(linter.rules.complexity.noExcessiveLinesPerFunction.options).toEqual({ maxLines: 50 });
    expect(linter.rules.complexity.useMaxParams.options).toEqual({ max: 4 });
  });

  test('says of every script and migration what it is for', () => {
    const scripts = paths.filter((path) => /\.(sql|sh)$/.test(path) && !path.includes('fixtures/'));

    expect(scripts.filter((path) => !/^(#!.*\n)?(--|#) \S/.test(readText(path)))).toEqual([]);
  });

  test('has the same migration numbers and names for both databases', () => {
    const migrations = (dialect: string) => globSync('*.sql', { cwd: join(root, 'migrations', dialect) }).sort();

    expect(migrations('postgres').length).toBeGreaterThan(0);
    expect(migrations('postgres')).toEqual(migrations('sqlite'));
  });

  test('pins every dependency exactly and justifies it in docs/dependencies.md', () => {
    const versions = z.record(z.string(), z.string());
    const manifest = z
      .object({ dependencies: versions, devDependencies: versions })
      .parse(JSON.parse(readText('package.json')));
    const rows = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    const text = readText('docs/dependencies.md');

    expect(rows.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    expect(rows.filter(([name, version]) => !text.includes(`| ${name} | ${version} |`))).toEqual([]);
  });

  test('contains no path of the machine it was written on', () => {
    const texts = paths.filter((path) => !/\.(png|ico|woff2|gz|node)$/.test(path)).map(readSource);

    expect(texts.flatMap(forbiddenTextProblems)).toEqual([]);
  });

  test.runIf(existsSync(join(root, 'ARCHITECTURE.md')))('names every folder and every room in ARCHITECTURE.md', () => {
    const text = readText('ARCHITECTURE.md');
    const folders = paths
      .filter((path) => path.includes('/') && !path.startsWith('.'))
      .map((path) => path.split('/')[0]);
    const rooms = sources.map(({ path }) => roomOf(path)).filter((room) => room !== '.');

    expect([...new Set([...folders, ...rooms])].filter((name) => !text.includes(`${name}/`))).toEqual([]);
  });
});

describe('the rules', () => {
  const file = (path: string, text: string): SourceFile => ({ path, text });

  test.for([
    ['core/a.ts', `import { b } from '#store/b.ts';`],
    ['core/a.ts', `import postgres from 'postgres';`],
    ['contracts/a.ts', `import type { Store } from '#store/store.ts';`],
    ['store/a.ts', `export { run } from '../collectors/runner.ts';`],
    ['store/a.ts', `import {\n  createApp,\n} from '#services/app.ts';`],
    ['collectors/aws/collector.ts', `import { open } from '#store/open.ts';`],
    ['collectors/aws/collector.ts', `import { x } from '../gcp/collector.ts';`],
    ['collectors/aws/collector.ts', `import { run } from '../runner.ts';`],
    ['collectors/aws/collector.ts', `import { ProjectsClient } from '@google-cloud/resource-manager';`],
    ['collectors/aws/collector.ts', `import { DatabaseSync } from 'node:sqlite';`],
    ['collectors/aws/collector.ts', `const sql = await import('postgres');`],
    ['collectors/ssh/collector.ts', `import { spawn } from 'node:child_process';`],
    ['collectors/runner.ts', `import { collector } from './aws/collector.ts';`],
    ['services/api/app.ts', `import aws from '#collectors/aws/collector.ts';`],
    ['services/console/page.ts', `import { DatabaseSync } from 'node:sqlite';`],
    ['services/api/app.ts', `import postgres from 'postgres';`],
    ['services/api/app.ts', `import { fake } from '#testkit/aws.ts';`],
    ['cli/collect.ts', `const fake = await import('#testkit/aws.ts');`],
    ['cli/sandbox.ts', `import { fake } from '#testkit/aws.ts';`],
    ['cli/collect.ts', `import aws from '#collectors/aws/collector.ts';`],
    ['core/a.ts', `import { cases } from './b.test.ts';`],
    ['newroom/a.ts', ''],
  ])('refuse in %s: %s', ([path, text]) => {
    expect(importProblems(file(String(path), String(text)))).toHaveLength(1);
  });

  test.for([
    [
      'core/a.ts',
      `import { z } from 'zod';\nimport { b } from './b.ts';\nimport { readFile } from 'node:fs/promises';`,
    ],
    ['store/postgres/a.ts', `import postgres from 'postgres';\nimport type { Store } from '../store.ts';`],
    ['collectors/aws/tags.ts', `import { STSClient } from '@aws-sdk/client-sts';\nimport { b } from '#core/b.ts';`],
    ['collectors/ssh/collector.ts', `import type { Store } from '#store/store.ts';`],
    ['services/api/app.ts', `import { createApp } from '../app.ts';`],
    ['cli/collect.ts', `const module = await import(\`../collectors/\${name}/collector.ts\`);`],
    ['cli/sandbox.ts', `const { fake } = await import('#testkit/aws.ts');`],
    ['collectors/aws/collector.test.ts', `import { open } from '#store/open.ts';`],
    ['core/a.ts', `// import { b } from '#store/b.ts';\n/* import postgres from 'postgres'; */`],
  ])('allow in %s: %s', ([path, text]) => {
    expect(importProblems(file(String(path), String(text)))).toEqual([]);
  });

  test('read every form of import', () => {
    const text = `import './a.ts';\nimport type { B } from './b.ts';\nexport * from './c.ts';\nconst d = import('./d.ts');`;

    const found = readImports(file('core/x.ts', text));

    expect(found.map(({ target }) => target)).toEqual(['core/a.ts', 'core/b.ts', 'core/c.ts', 'core/d.ts']);
    expect(found.map(({ isTypeOnly }) => isTypeOnly)).toEqual([false, true, false, false]);
    expect(found.map(({ isDynamic }) => isDynamic)).toEqual([false, false, false, true]);
  });

  test('find a cycle over three files and ignore one that vanishes with the types', () => {
    const a = file('core/a.ts', `import { b } from './b.ts';`);
    const b = file('core/b.ts', `import { c } from '#core/c.ts';`);

    expect(importCycles([a, b, file('core/c.ts', `import { a } from './a.ts';`)])).toEqual([
      'core/a.ts -> core/b.ts -> core/c.ts -> core/a.ts',
    ]);
    expect(importCycles([a, b, file('core/c.ts', `import type { A } from './a.ts';`)])).toEqual([]);
  });

  test.for([
    ['core/a.ts', 'does not open with a comment', 'export const a = 1;'],
    ['core/a.ts', 'more than 300 lines', `// A.\n${'a();\n'.repeat(300)}`],
    ['collectors/aws/a.ts', 'reads process.env', '// A.\nconst region = process.env.AWS_REGION;'],
    ['services/a.ts', 'acts on the process', `// A.\nprocess.on('SIGTERM', stop);`],
    ['core/a.ts', 'cannot erase', '// A.\nexport enum Color { Red }'],
    ['core/b.ts', 'cannot erase', '// A.\nnamespace Colors {}'],
  ])('refuse the content of %s: it %s', ([path, problem, text]) => {
    expect(contentProblems(file(String(path), String(text)))).toEqual([expect.stringContaining(String(problem))]);
  });

  test.for([
    ['cli/main.ts', '#!/usr/bin/env node\n// A.\nconst url = process.env.DATABASE_URL;'],
    ['core/a.test.ts', `// A.\n${'a();\n'.repeat(400)}`],
    ['core/a.ts', '// A.\n// Nothing here reads process.env.'],
  ])('allow the content of %s', ([path, text]) => {
    expect(contentProblems(file(String(path), String(text)))).toEqual([]);
  });

  test('find a path of the machine, but not a longer word that holds it', () => {
    expect(forbiddenTextProblems(file('a.md', `see ${'../sha'}red/design.md`))).toHaveLength(1);
    expect(forbiddenTextProblems(file('a.md', `cd ${'/wo'}rk/main`))).toHaveLength(1);
    expect(forbiddenTextProblems(file('a.md', `https://example.com/net${'wo'}rk/x`))).toEqual([]);
  });
});

function listFiles(): string[] {
  const entries = globSync('**/*', { cwd: root, withFileTypes: true, exclude: ({ name }) => generated.includes(name) });
  const hidden = globSync('.{ci,github}/**/*', { cwd: root, withFileTypes: true });
  return [...entries, ...hidden]
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

function readSource(path: string): SourceFile {
  return { path, text: readText(path) };
}

function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
