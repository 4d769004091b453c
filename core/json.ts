// JSON values, their canonical text and hash: equal content has equal text, whatever the order of its keys.
import { hash } from 'node:crypto';
import { z } from 'zod';

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** A JSON object. */
export type JsonObject = { [name: string]: Json };

// Deeper than anything that is meant. SQLite reads no more than 1000 levels: one such record, and no list with it could be read.
const maxDepth = 500;

/**
 * Any JSON value. One walk, where zod's own would try six schemas at every member: observations and events are full of them.
 * Boundary casts, here and below: zod's refine narrows no type.
 */
export const jsonSchema = z.unknown().refine((value) => isJson(value, maxDepth), {
  error: 'not a JSON value, or nested too deep',
}) as z.ZodType<Json>;

/** A JSON object. */
export const jsonObjectSchema: z.ZodType<JsonObject> = toObjectSchema(
  {},
  (member) => isJson(member, maxDepth),
  'not a JSON object, or nested too deep',
);

/** An object of texts, such as tags. */
export const textsSchema: z.ZodType<Record<string, string>> = toObjectSchema(
  { type: 'string' },
  (member) => typeof member === 'string',
  'not an object of texts',
);

// A record of zod's would lose a member called `__proto__` without a word. Lazy, for the generator of the OpenAPI documents
// takes the type that a schema tells for all that a nullable one is.
function toObjectSchema<Value>(
  additionalProperties: z.core.JSONSchema.JSONSchema,
  isMember: (member: unknown) => boolean,
  error: string,
): z.ZodType<Record<string, Value>> {
  const schema = z
    .unknown()
    .refine((value) => isPlainObject(value) && Object.values(value).every(isMember), { error })
    .meta({ type: 'object', additionalProperties });
  return z.lazy(() => schema as z.ZodType<Record<string, Value>>);
}

/** What a text says in JSON; undefined when it is none: cut off, or a page of whoever stands in front. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON without what JSON cannot say: members that are undefined are left out. */
export function toJson(value: object | null): Json {
  return JSON.parse(JSON.stringify(value));
}

/** JSON text with sorted keys and no spaces. Members that are undefined are left out, as JSON.stringify does. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortMembers(value)) ?? 'null';
}

/** Whether two JSON values have the same canonical text. */
export function isEqualJson(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    for (let index = 0; index < one.length; index += 1) if (!isEqualJson(one[index], other[index])) return false;
    return true;
  }
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  for (const name of names) if (!Object.hasOwn(other, name) || !isEqualJson(one[name], other[name])) return false;
  return true;
}

/** Lower-case hex SHA-256 of the canonical text. */
export function hashJson(value: unknown): string {
  return hashText(canonicalJson(value));
}

/** Lower-case hex SHA-256 of a text. */
export function hashText(text: string): string {
  return hash('sha256', text);
}

/**
 * A copy with sorted members at every level, without those that are undefined: its JSON text is the canonical one. Twice as
 * fast as a replacer that JSON.stringify asks for each member, and every observation is hashed.
 */
export function sortMembers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sortMembers);
  const sorted: Record<string, unknown> = {};
  for (const name of sortNames(Object.keys(value))) {
    const member = Reflect.get(value, name);
    if (member !== undefined) setMember(sorted, name, typeof member === 'object' ? sortMembers(member) : member);
  }
  return sorted;
}

// By insertion: of the few names that objects have, Array.prototype.sort takes twice as long. Many are sorted as they came.
function sortNames(names: string[]): string[] {
  if (names.length > 32) return names.sort();
  for (let index = 1; index < names.length; index += 1) {
    const name = names[index] ?? '';
    let place = index;
    while (place > 0 && (names[place - 1] ?? '') > name) {
      names[place] = names[place - 1] ?? '';
      place -= 1;
    }
    names[place] = name;
  }
  return names;
}

/** Sets a member of a JSON object. Assigning to __proto__ would set the prototype; as JSON's it is a member like any other. */
export function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true });
}

function isJson(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (depth === 0) return false;
  if (!Array.isArray(value) && !isPlainObject(value)) return false;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const member of members) if (!isJson(member, depth - 1)) return false;
  return true;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
