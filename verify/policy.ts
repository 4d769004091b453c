// The policies as conftest and Gatekeeper run them, and the manifests to try them on.
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type Ended, root, startProgram } from './inventory.ts';

/** Files and folders with Rego and what it looks up; the YAML beside them is not for OPA. */
export const sources = [
  ...['lib', 'rules', 'combined', 'release', 'data'].map((name) => `policy/${name}`),
  ...globSync('policy/*.rego', { cwd: root }),
];

/** What policies and Constraints are told: those of the release, or of an installation. */
export interface Told {
  readonly data: string;
  readonly constraints: string;
  /** A file with the rest of the namespace, which is seen and judged too. */
  readonly beside?: string;
}
export const toldByRelease: Told = { data: 'policy/data', constraints: 'policy/gatekeeper/constraints' };

/** What a manifest of good/ or bad/ needs beside it to be judged alone. */
export const toldForOne: Told = { ...toldByRelease, beside: 'policy/surroundings.yaml' };

/** What a rule has found. */
export interface Found {
  readonly rule: string;
  /** Of the object. */
  readonly kind: string;
  /** Begins with the rule, the kind and the name of the object. */
  readonly text: string;
}

/** Runs a tool in the repository. */
export function run(...command: readonly string[]): Promise<Ended> {
  return startProgram({}, command).ended;
}

const detailsSchema = z.object({ rule: z.string(), kind: z.string() });
const conftestSchema = z.array(
  z.object({
    failures: z
      .array(z.object({ msg: z.string(), metadata: z.object({ details: detailsSchema.optional() }) }))
      .default([]),
  }),
);

// Several checks ask for the same.
const known = new Map<string, Promise<Found[]>>();

/** What conftest finds in a file: each object for itself, then all together. Throws when it judges nothing. */
export function conftest(path: string, told: Told): Promise<Found[]> {
  const key = `${path} ${Object.values(told).join(' ')}`;
  const found = known.get(key) ?? conftestTwice(path, told);
  known.set(key, found);
  return found;
}

async function conftestTwice(path: string, { data, beside = path }: Told): Promise<Found[]> {
  const files = [...new Set([path, beside])];
  const alone = await conftestOnce(files, data);
  const together = await conftestOnce(['--namespace', 'combined', '--combine', ...files], data);
  return sort([...alone, ...together]);
}

async function conftestOnce(parameters: readonly string[], data: string): Promise<Found[]> {
  const how = ['--policy', 'policy', '--data', data, '--output', 'json', '--no-color'];
  const { stdout, stderr } = await run('conftest', 'test', ...how, ...parameters);
  if (stderr !== '') throw new Error(stderr);
  const failures = conftestSchema.parse(JSON.parse(stdout)).flatMap((result) => result.failures);
  return failures.map(({ msg, metadata }) => ({ rule: '', kind: '', ...metadata.details, text: msg }));
}

const gatorSchema = z.array(z.object({ msg: z.string(), metadata: z.object({ details: detailsSchema }) })).nullable();

/** What Gatekeeper's engine finds in a file, by the templates and constraints that are generated of the policies. */
export async function gator(path: string, { constraints, beside = path }: Told): Promise<Found[]> {
  const objects = [...new Set([path, beside]), 'policy/gatekeeper/templates', constraints];
  const parameters = ['--output', 'json', ...objects.flatMap((name) => ['--filename', name])];
  const { stdout, stderr } = await run('gator', 'test', ...parameters);
  if (stderr !== '') throw new Error(stderr);
  const results = gatorSchema.parse(JSON.parse(stdout)) ?? [];
  return sort(results.map(({ msg, metadata }) => ({ ...metadata.details, text: msg })));
}

function sort(found: readonly Found[]): Found[] {
  return [...found].sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** A file of manifests. */
export interface Manifest {
  readonly path: string;
  /** Of the file, without its ending. */
  readonly name: string;
  readonly documents: readonly unknown[];
}

/** The manifests of a folder of `policy/`. */
export function readManifests(folder: 'good' | 'bad'): Promise<Manifest[]> {
  const paths = globSync(`policy/${folder}/*.yaml`, { cwd: root }).sort();
  return Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(root, path), 'utf8');
      return {
        path,
        name: basename(path, '.yaml'),
        documents: parseAllDocuments(text, { version: '1.1' }).map((part) => part.toJS()),
      };
    }),
  );
}

/** Where two values differ: the shortest paths. A list of another length differs as a whole, and so does what is empty from what is not. */
export function differences(one: unknown, other: unknown, path = ''): string[] {
  const [mine, theirs] = [partsSchema.safeParse(one), partsSchema.safeParse(other)];
  const isWhole = !mine.success || !theirs.success || Array.isArray(one) !== Array.isArray(other);
  if (isWhole || (Array.isArray(one) && Object.keys(mine.data).length !== Object.keys(theirs.data).length)) {
    return JSON.stringify(one) === JSON.stringify(other) ? [] : [path];
  }
  const keys = new Set([...Object.keys(mine.data), ...Object.keys(theirs.data)]);
  return [...keys].flatMap((key) => differences(mine.data[key], theirs.data[key], `${path}/${key}`));
}

// Objects and lists that hold something.
const partsSchema = z.preprocess(
  (value) => (Array.isArray(value) ? { ...value } : value),
  z.record(z.string(), z.unknown()).refine((parts) => Object.keys(parts).length > 0),
);
