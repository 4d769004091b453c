// Writes what is made of the policies: conftest's adapters, their parameters, Gatekeeper's objects and a table of docs/policy.md; with --check it compares.
import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { replaceBetween } from '../charts/documents.ts';
import { findDrift, readCollectors, readValues } from '../charts/generate.ts';
import { toAdapter, toCombinedAdapter } from './conftest.ts';
import { toConstraint, toSyncSet, toTemplate } from './gatekeeper.ts';
import type { PolicyParams } from './params.ts';
import { networkParams } from './params-network.ts';
import { librariesOf, type Policy, readLibraries, readPolicies } from './rule-files.ts';

const root = dirname(import.meta.dirname);

/** The parameters of every policy, as this release and its chart have them. */
export async function readParams(): Promise<Readonly<Record<string, PolicyParams>>> {
  const collectors = await readCollectors();
  const { defaults } = await readValues();
  return { ...networkParams(collectors, defaults) };
}

/** Every generated file by its path from the root. Throws for a policy without parameters, and for parameters without a policy. */
export async function toFiles(): Promise<ReadonlyMap<string, string>> {
  const policies = await readPolicies(import.meta.dirname);
  const libraries = await readLibraries(import.meta.dirname);
  const params = await readParams();
  const names = new Set(policies.map(({ name }) => name));
  const strays = Object.keys(params).filter((name) => !names.has(name));
  if (strays.length > 0) throw new Error(`there are parameters for ${strays.join(', ')}, but no such policy`);
  const page = await readFile(join(root, 'docs/policy.md'), 'utf8');
  const values = Object.fromEntries(Object.entries(params).map(([name, { value }]) => [name, value]));
  return new Map([
    ['policy/main.rego', toAdapter(policies)],
    ['policy/combined.rego', toCombinedAdapter(policies)],
    // Policies see it as data.params.
    ['policy/data/params.json', `${JSON.stringify({ params: values }, undefined, 2)}\n`],
    ...policies.flatMap((policy): [string, string][] => {
      const own = params[policy.name];
      if (own === undefined) throw new Error(`${policy.path}: give it parameters, if only noParams`);
      return [
        [`policy/gatekeeper/templates/${policy.name}.yaml`, toTemplate(policy, own, librariesOf(policy, libraries))],
        [`policy/gatekeeper/constraints/${policy.name}.yaml`, toConstraint(policy, own)],
      ];
    }),
    ['policy/gatekeeper/sync.yaml', toSyncSet(policies)],
    ['docs/policy.md', replaceBetween(page, 'rules', toTable(policies))],
  ]);
}

function toTable(policies: readonly Policy[]): string {
  const rows = policies.flatMap(({ name, path, rules, isCombined }) =>
    Object.entries(rules).map(
      ([rule, reason]) => `| ${rule} | ${reason} | [${name}](../${path})${isCombined ? ', sees other objects' : ''} |`,
    ),
  );
  const number = (row: string) => Number(/\d+/.exec(row)?.[0]);
  const letter = (row: string) => row.charAt(2);
  rows.sort((a, b) => letter(a).localeCompare(letter(b)) || number(a) - number(b));
  return ['| rule | holds, and why | policy |', '|---|---|---|', ...rows].join('\n');
}

/** The files that an earlier generation left behind. */
export function findStale(files: ReadonlyMap<string, string>): string[] {
  return globSync('policy/gatekeeper/{templates,constraints}/*.yaml', { cwd: root }).filter((path) => !files.has(path));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const files = await toFiles();
  if (!values.check) {
    for (const path of findStale(files)) await rm(join(root, path));
    for (const [path, text] of files) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  }
  const drift = [...(await findDrift(files)), ...findStale(files)];
  for (const path of drift) console.error(`${path} is not what the sources say: run npm run generate`);
  if (drift.length > 0) process.exitCode = 1;
  else console.log(`${files.size} files of the policies are up to date`);
}

if (import.meta.main) await main();
