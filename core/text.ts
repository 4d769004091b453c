// Text that both databases can hold.
import type { Json } from './json.ts';

/** The text without NUL (Postgres refuses it) and with lone surrogates replaced by U+FFFD (they are no Unicode). */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}

/** A copy of the JSON value in which every name and string is storable. */
export function storableJson(value: Json): Json {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storableJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [storableText(name), storableJson(member)]));
}
