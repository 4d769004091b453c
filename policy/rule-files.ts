// The policies as their files have them: Rego, with what it is for and what it judges in the comment that opens it.
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const kindsSchema = z.array(z.strictObject({ apiGroups: z.array(z.string()), kinds: z.array(z.string()) }));
const metadataSchema = z.strictObject({
  title: z.string(),
  custom: z.strictObject({
    // The objects that are judged.
    kinds: kindsSchema,
    // Its rules, each with its reason.
    rules: z.record(z.string().regex(/^[A-Z]+\d+$/), z.string()),
    // The objects that are looked up beside the one that is judged.
    inventory: z
      .array(z.strictObject({ groups: z.array(z.string()), versions: z.array(z.string()), kinds: z.array(z.string()) }))
      .default([]),
  }),
});

/** A Rego file that others import: `lib.<name>`. */
export interface Library {
  readonly name: string;
  readonly rego: string;
  readonly imports: readonly string[];
}

/** A Rego file with rules: `k8s.<name>`. */
export interface Policy extends Library {
  /** From the root. */
  readonly path: string;
  /** Whether it looks at other objects than the one that it judges. */
  readonly isCombined: boolean;
  readonly title: string;
  readonly kinds: z.output<typeof kindsSchema>;
  readonly rules: Readonly<Record<string, string>>;
  readonly inventory: z.output<typeof metadataSchema>['custom']['inventory'];
}

/** The policies in the order of their names, those of one object first. Throws for one that does not say what it is. */
export async function readPolicies(folder: string): Promise<Policy[]> {
  const [single, combined] = await Promise.all(
    ['rules', 'combined'].map(async (part) => {
      const files = await readRego(join(folder, part));
      return files.map((file) => ({ ...toPolicy(file, part), isCombined: part === 'combined' }));
    }),
  );
  return [...(single ?? []), ...(combined ?? [])];
}

/** The libraries by their names. */
export async function readLibraries(folder: string): Promise<ReadonlyMap<string, Library>> {
  const files = await readRego(join(folder, 'lib'));
  return new Map(files.map((file) => [file.name, { ...file, imports: importsOf(file.rego) }]));
}

interface RegoFile {
  readonly name: string;
  readonly rego: string;
}

function readRego(folder: string): Promise<RegoFile[]> {
  const names = globSync('*.rego', { cwd: folder }).filter((name) => !name.endsWith('_test.rego'));
  return Promise.all(
    names.sort().map(async (file) => ({
      name: basename(file, '.rego'),
      rego: await readFile(join(folder, file), 'utf8'),
    })),
  );
}

function toPolicy({ name, rego }: RegoFile, part: string): Omit<Policy, 'isCombined'> {
  const path = `policy/${part}/${name}.rego`;
  const [, comment] = /^# METADATA\n((?:#.*\n)+)package (\S+)$/m.exec(rego) ?? [];
  if (comment === undefined) throw new Error(`${path}: open it with # METADATA, its title, kinds and rules`);
  if (!rego.includes(`\npackage k8s.${name}\n`)) throw new Error(`${path}: its package is not k8s.${name}`);
  const { title, custom } = metadataSchema.parse(parse(comment.replace(/^# ?/gm, '')));
  return { name, path, rego, title, ...custom, imports: importsOf(rego) };
}

function importsOf(rego: string): string[] {
  return [...rego.matchAll(/^import data\.lib\.(\w+)$/gm)].map(([, name = '']) => name);
}

/** Every library that a policy needs, those of its libraries included. Throws for one that is not there. */
export function librariesOf(policy: Library, libraries: ReadonlyMap<string, Library>): Library[] {
  const found = new Map<string, Library>();
  const add = (name: string): void => {
    const library = libraries.get(name);
    if (library === undefined) throw new Error(`there is no policy/lib/${name}.rego`);
    if (found.has(name)) return;
    found.set(name, library);
    library.imports.forEach(add);
  };
  policy.imports.forEach(add);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
