// JSON values, their canonical text and hash: equal content has equal text, whatever the order of its keys.
import { hash } from 'node:crypto';
import { z } from 'zod';

/** Any JSON value. */
export const jsonSchema = z.json();
export type Json = z.output<typeof jsonSchema>;

/** A JSON object. */
export const jsonObjectSchema = z.record(z.string(), jsonSchema);
export type JsonObject = z.output<typeof jsonObjectSchema>;

/** JSON text with sorted keys and no spaces. Members that are undefined are left out, as JSON.stringify does. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, member: unknown) => (isPlainObject(member) ? sortKeys(member) : member)) ?? 'null'
  );
}

/** Lower-case hex SHA-256 of the canonical text. */
export function hashJson(value: unknown): string {
  return hashText(canonicalJson(value));
}

/** Lower-case hex SHA-256 of a text. */
export function hashText(text: string): string {
  return hash('sha256', text);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// A null prototype, so that a member named __proto__ stays a member.
function sortKeys(value: Record<string, unknown>): Record<string, unknown> {
  const sorted: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value).sort()) sorted[key] = value[key];
  return sorted;
}
