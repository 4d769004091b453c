// The schemas of Argo CD's own kinds, from the files that its release carries, and the documents of deploy/argocd.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from './inventory.ts';

const crdSchema = z.looseObject({
  spec: z.looseObject({
    names: z.looseObject({ kind: z.string() }),
    versions: z.array(z.looseObject({ name: z.string(), schema: z.looseObject({ openAPIV3Schema: z.unknown() }) })),
  }),
});

/** Where the CRDs are, or undefined when they are not installed. In CI they must be. */
export async function findCrds(): Promise<string | undefined> {
  const folder = join(process.env['INVENTORY_FILES'] ?? '', 'argo-cd-crds');
  const isThere = await readFile(join(folder, 'installed')).then(
    () => true,
    () => false,
  );
  return isThere || process.env['CI'] ? folder : undefined;
}

/** Checks an object of this kind as an API server does that warns of unknown fields. */
export async function openValidator(folder: string, kind: 'Application' | 'AppProject'): Promise<ValidateFunction> {
  const text = await readFile(join(folder, `${kind.toLowerCase()}-crd.yaml`), 'utf8');
  const { spec } = crdSchema.parse(parse(text));
  const [version, ...others] = spec.versions;
  if (spec.names.kind !== kind || version === undefined || others.length > 0) throw new Error(`not one ${kind}`);
  return new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(
    // A boundary cast: Ajv itself judges whether it is a schema.
    close(version.schema.openAPIV3Schema) as object,
  );
}

// A structural schema names every field there is, unless it says otherwise. What metadata has is the API server's own matter.
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, close(value)]));
  const isOpen = 'x-kubernetes-preserve-unknown-fields' in schema || 'additionalProperties' in schema;
  return 'properties' in schema && !isOpen ? { ...copy, additionalProperties: false } : copy;
}

/** One document of deploy/argocd. */
export async function readDocument(file: string): Promise<unknown> {
  return parse(await readFile(join(root, 'deploy/argocd', file), 'utf8'));
}

/** The paths at which something has to be filled in. */
export function placeholders(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('fill-in' in value) return [path.join('.')];
  return Object.entries(value).flatMap(([key, member]) => placeholders(member, [...path, key]));
}

/** A copy with the places filled in that there is a text for. */
export function fillIn(value: unknown, texts: Readonly<Record<string, string>>, path: readonly string[] = []): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('fill-in' in value) return texts[path.join('.')] ?? value;
  if (Array.isArray(value)) return value.map((member, index) => fillIn(member, texts, [...path, String(index)]));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fillIn(member, texts, [...path, key])]));
}
