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

/** What a rule has found. */
export interface Found {
  readonly rule: string;
  /** Begins with the rule, the kind and the name of the object. */
  readonly text: string;
}

/** Runs a tool in the repository. */
export function run(...command: readonly string[]): Promise<Ended> {
  return startProgram({}, command).ended;
}

const detailsSchema = z.object({ rule: z.string() });
const conftestSchema = z.array(
  z.object({
    failures: z
      .array(z.object({ msg: z.string(), metadata: z.object({ details: detailsSchema.optional() }) }))
      .default([]),
  }),
);

// Several checks ask for the same.
const known = new Map<string, Promise<Found[]>>();

/** What is known beside a file. */
export interface Surroundings {
  /** A file with more objects: they are seen, and in order themselves. */
  readonly beside?: string;
  /** A folder as `toInstallation` has it, with parameters for conftest and constraints for Gatekeeper; the release's own unless told otherwise. */
  readonly installation?: string;
}

/** What conftest finds in a file: each object for itself, then all together. Throws when it judges nothing. */
export function conftest(path: string, surroundings: Surroundings = {}): Promise<Found[]> {
  const key = `${JSON.stringify(surroundings)} ${path}`;
  const found = known.get(key) ?? conftestTwice(path, surroundings);
  known.set(key, found);
  return found;
}

async function conftestTwice(path: string, { beside, installation = 'policy' }: Surroundings): Promise<Found[]> {
  const data = join(installation, 'data');
  const files = beside === undefined ? [path] : [path, beside];
  const alone = await conftestOnce([path], data);
  const together = await conftestOnce(['--namespace', 'combined', '--combine', ...files], data);
  return sort([...alone, ...together]);
}

async function conftestOnce(parameters: readonly string[], data: string): Promise<Found[]> {
  const how = ['--policy', 'policy', '--data', data, '--output', 'json', '--no-color'];
  const { stdout, stderr } = await run('conftest', 'test', ...how, ...parameters);
  if (stderr !== '') throw new Error(stderr);
  const failures = conftestSchema.parse(JSON.parse(stdout)).flatMap((result) => result.failures);
  return failures.map(({ msg, metadata }) => ({ rule: metadata.details?.rule ?? '', text: msg }));
}

const gatorSchema = z.array(z.object({ msg: z.string(), metadata: z.object({ details: detailsSchema }) })).nullable();

/** What Gatekeeper's engine finds in a file, by the templates and constraints that are generated of the policies. */
export async function gator(path: string, surroundings: Surroundings = {}): Promise<Found[]> {
  const { beside, installation = 'policy/gatekeeper' } = surroundings;
  const files = beside === undefined ? [path] : [path, beside];
  const objects = [...files, 'policy/gatekeeper/templates', join(installation, 'constraints')];
  const parameters = ['--output', 'json', ...objects.flatMap((name) => ['--filename', name])];
  const { stdout, stderr } = await run('gator', 'test', ...parameters);
  if (stderr !== '') throw new Error(stderr);
  const results = gatorSchema.parse(JSON.parse(stdout)) ?? [];
  return sort(results.map(({ msg, metadata }) => ({ rule: metadata.details.rule, text: msg })));
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
