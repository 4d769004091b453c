// How an observation and the stored content become one: what was read replaces, what was omitted stays.
import { hashJson, isEqualJson, type Json } from '#core/json.ts';

/** Attributes by name, and which of them were ever read: null says "not set" only if its name is among them. */
export interface Content {
  readonly attributes: { [name: string]: Json };
  readonly known_fields: string[];
}

/**
 * The stored content with everything the observation read. `details` merges key by key, because its keys come from
 * different requests and each of them can fail alone; every other value, tags included, is replaced whole.
 */
export function mergeContent(stored: Content, observed: Content): Content {
  const attributes = { ...stored.attributes };
  for (const name of observed.known_fields) {
    attributes[name] = mergeAttribute(name, stored.attributes[name], observed.attributes[name] ?? null);
  }
  return { attributes, known_fields: sortedUnion(stored.known_fields, observed.known_fields) };
}

/** Whether the merged content is what was observed and nothing else, so that it has its hash. */
export function isWhole(merged: Content, observed: Content): boolean {
  const isSame = isEqualJson(merged.attributes[mergedByKey], observed.attributes[mergedByKey]);
  return isSame && merged.known_fields === observed.known_fields;
}

/**
 * The hash of the known attributes. Their names are part of it, so equal hashes mean equal known fields too; an attribute
 * that a newer release adds changes no hash until it is read.
 */
export function hashContent(content: Content): string {
  return hashJson(Object.fromEntries(content.known_fields.map((name) => [name, content.attributes[name] ?? null])));
}

/** Whether the value is a JSON object, neither null nor an array. */
export function isJsonObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const mergedByKey = 'details';

// What is equal stays the same object, so that comparing it again takes no time.
function mergeAttribute(name: string, stored: Json | undefined, observed: Json): Json {
  if (stored !== undefined && isEqualJson(stored, observed)) return stored;
  const byKey = name === mergedByKey && isJsonObject(stored) && isJsonObject(observed);
  if (!byKey || Object.keys(stored).every((key) => Object.hasOwn(observed, key))) return observed;
  return { ...stored, ...observed };
}

// The second itself when it has all of the first, as most observations know what was known before: mostly just that.
function sortedUnion(first: readonly string[], second: string[]): string[] {
  if (first.length === second.length && first.every((name, index) => name === second[index])) return second;
  const names = new Set(second);
  if (first.every((name) => names.has(name))) return second;
  return [...names.union(new Set(first))].sort();
}
