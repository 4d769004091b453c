// Keeps out of the databases what PostgreSQL refuses: one NUL or lone surrogate must not cost a batch of 500 records.
import { type Json, setMember } from '#core/json.ts';
import { storableJson } from '#core/text.ts';

// How JSON text spells NUL and surrogates that have no other half. An escaped backslash before "u0000" matches too; that
// costs a needless cleaning, which changes nothing.
const suspicious = /\\u(?:0000|d[89a-f])/;

/** Whether a JSON text can be stored as it is: one search in a text that was made anyway, instead of a walk over the value. */
export function isStorable(jsonText: string): boolean {
  // Hardly any text has such an escape, and this is ten times as fast as the pattern.
  return !jsonText.includes('\\u') || !suspicious.test(jsonText);
}

/** The JSON text of a value, storable whatever its strings hold. */
export function toStorableText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return isStorable(text) ? text : JSON.stringify(toStorableJson(text));
}

/** JSON texts of values that were serialised already, as they are stored: all of them storable. */
export type JsonTexts = ReadonlyMap<object, string>;

/** For whoever has serialised nothing yet. */
export const noTexts: JsonTexts = new Map();

/** The JSON text of an object, taking over the texts of members that have one; they come last. */
export function joinText(object: object, texts: JsonTexts): string {
  const others: Record<string, unknown> = {};
  let taken = '';
  for (const name of Object.keys(object)) {
    const value: unknown = Reflect.get(object, name);
    const text = typeof value === 'object' && value !== null ? texts.get(value) : undefined;
    if (text === undefined) setMember(others, name, value);
    else taken += `,${toStorableText(name)}:${text}`;
  }
  const text = toStorableText(others);
  if (taken === '') return text;
  return text === '{}' ? `{${taken.slice(1)}}` : `${text.slice(0, -1)}${taken}}`;
}

/** The same, but of a value that is the last one again it says what it said: the rows of a batch have much in common. */
export function rememberText(): (value: object) => string {
  let last: object | undefined;
  let text = '';
  return (value) => {
    if (value !== last) {
      text = toStorableText(value);
      last = value;
    }
    return text;
  };
}

/** The value of a JSON text, cleaned. */
export function toStorableJson(jsonText: string): Json {
  return storableJson(JSON.parse(jsonText));
}
