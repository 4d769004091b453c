// Writes what is made of the policies: conftest's adapters, their parameters, Gatekeeper's objects and a table of docs/policy.md; with --check it compares.
// With --values FILE or --namespace NAME, and --out FOLDER: what an installation with these values tells conftest and Gatekeeper.
import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parsePart } from '#core/config.ts';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';
import { describeError, toTold } from '#core/redact.ts';
import { parseYaml } from '#core/yaml.ts';
import { replaceBetween } from '../charts/documents.ts';
import { findDrift, readCollectors, readValues } from '../charts/generate.ts';
import { createValuesSchema } from '../charts/values.ts';
import { toAdapter, toCombinedAdapter } from './conftest.ts';
import { toConstraint, toSyncSet, toTemplate } from './gatekeeper.ts';
import type { PolicyParams } from './params.ts';
import { networkParams } from './params-network.ts';
import { workloadParams } from './params-workload.ts';
import { librariesOf, type Policy, readLibraries, readPolicies } from './rule-files.ts';

const root = dirname(import.meta.dirname);

/** The parameters of every policy, as this release has them for these values of its chart. Throws ConfigError for values that the chart refuses. */
export async function readParams(own: unknown = {}): Promise<Readonly<Record<string, PolicyParams>>> {
  const collectors = await readCollectors();
  const { schema } = await readValues();
  const problems: ConfigProblem[] = [];
  const values = parsePart(createValuesSchema(collectors), own, '', problems);
  if (values === undefined) throw new ConfigError('bad_values', problems);
  return { ...networkParams(collectors, values), ...workloadParams(schema, values) };
}

/** What conftest and Gatekeeper are told of an installation, by its path: from its values, while policies and templates stay the release's. */
export async function toInstallation(own: unknown, namespace?: string): Promise<ReadonlyMap<string, string>> {
  const params = await readParams(own);
  return new Map([
    ['data/params.json', toParamsFile(params)],
    ...(await readPolicies(import.meta.dirname)).map((policy): [string, string] => [
      `constraints/${policy.name}.yaml`,
      toConstraint(policy, paramsOf(policy, params), namespace),
    ]),
  ]);
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
  return new Map([
    ['policy/main.rego', toAdapter(policies)],
    ['policy/combined.rego', toCombinedAdapter(policies)],
    ['policy/data/params.json', toParamsFile(params)],
    ...policies.flatMap((policy): [string, string][] => {
      const own = paramsOf(policy, params);
      return [
        [`policy/gatekeeper/templates/${policy.name}.yaml`, toTemplate(policy, own, librariesOf(policy, libraries))],
        [`policy/gatekeeper/constraints/${policy.name}.yaml`, toConstraint(policy, own)],
      ];
    }),
    ['policy/gatekeeper/sync.yaml', toSyncSet(policies)],
    ['docs/policy.md', replaceBetween(page, 'rules', toTable(policies))],
  ]);
}

function paramsOf({ name, path }: Policy, params: Readonly<Record<string, PolicyParams>>): PolicyParams {
  const own = params[name];
  if (own === undefined) throw new Error(`${path}: give it parameters, if only noParams`);
  return own;
}

// Policies see it as data.params.
function toParamsFile(params: Readonly<Record<string, PolicyParams>>): string {
  const values = Object.fromEntries(Object.entries(params).map(([name, { value }]) => [name, value]));
  return `${JSON.stringify({ params: values }, undefined, 2)}\n`;
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

async function readOwn(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ConfigError('bad_values', [{ key: '--values', remedy: describeError(cause) }], { cause });
  });
  const { value, problems } = parseYaml(text);
  const told = problems.map(({ line, remedy }) => ({ key: `${path}:${line}`, remedy }));
  if (told.length > 0) throw new ConfigError('bad_values', told);
  return value ?? {};
}

/** Writes files by their paths below a folder. */
async function writeAll(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      values: { type: 'string' },
      namespace: { type: 'string' },
      out: { type: 'string', default: 'policy-installation' },
    },
  });
  if (values.values !== undefined || values.namespace !== undefined) {
    const own = values.values === undefined ? {} : await readOwn(values.values);
    await writeAll(values.out, await toInstallation(own, values.namespace));
    return;
  }
  const files = await toFiles();
  if (!values.check) {
    for (const path of findStale(files)) await rm(join(root, path));
    await writeAll(root, files);
  }
  const drift = [...(await findDrift(files)), ...findStale(files)];
  for (const path of drift) console.error(`${path} is not what the sources say: run npm run generate`);
  if (drift.length > 0) process.exitCode = 1;
  else console.log(`${files.size} files of the policies are up to date`);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    for (const { key, remedy } of error.problems) console.error(toTold(`${key}: ${remedy}`));
    process.exitCode = 2;
  });
}
