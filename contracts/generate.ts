// Writes the contracts' files into contracts/generated/; with --check compares instead, and fails where they differ.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exampleProblems, findDrift, toDocuments } from './documents.ts';

const directory = join(import.meta.dirname, 'generated');

/** The generated files as they are checked in. */
export async function readGenerated(): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(directory);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const)),
  );
}

async function writeGenerated(documents: ReadonlyMap<string, string>): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  for (const [name, text] of documents) await writeFile(join(directory, name), text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const documents = toDocuments();
  if (!values.check) await writeGenerated(documents);
  const drift = findDrift(documents, await readGenerated());
  const problems = [
    ...drift.map((name) => `contracts/generated/${name} is not what contracts/ says: run node contracts/generate.ts`),
    ...exampleProblems(documents),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${documents.size} contract files are up to date, each example is valid`);
}

if (import.meta.main) await main();
