// Keeps out of the databases what PostgreSQL refuses: one NUL or lone surrogate must not cost a batch of 500 records.
import type { Json } from '#core/json.ts';
import { storableJson } from '#core/text.ts';

// How JSON text spells NUL and surrogates that have no other half. An escaped backslash before "u0000" matches too; that
// costs a needless cleaning, which changes nothing.
const suspicious = /\\u(?:0000|d[89a-f])/;

/** Whether a JSON text can be stored as it is: one search in a text that was made anyway, instead of a walk over the value. */
export function isStorable(jsonText: string): boolean {
  return !suspicious.test(jsonText);
}

/** The JSON text of a value, storable whatever its strings hold. */
export function toStorableText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return isStorable(text) ? text : JSON.stringify(toStorableJson(text));
}

/** The value of a JSON text, cleaned. */
export function toStorableJson(jsonText: string): Json {
  return storableJson(JSON.parse(jsonText));
}
