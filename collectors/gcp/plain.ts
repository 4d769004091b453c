// The SDK's messages as plain JSON: what is hashed, stored as `raw` and parsed.
import type { Json, JsonObject } from '#core/json.ts';

/**
 * The message with its timestamps as RFC 3339 in UTC and without members that are not set. Enums and long numbers are
 * strings already, for that is how the SDK reads the wire.
 */
export function toPlain(message: unknown): Json {
  if (Array.isArray(message)) return message.map(toPlain);
  if (typeof message === 'object' && message !== null) {
    const time = toTime(message);
    if (time !== undefined) return time;
    const members = Object.entries(message).filter(([, value]) => value !== null && value !== undefined);
    return Object.fromEntries(members.map(([name, value]) => [name, toPlain(value)]));
  }
  if (typeof message === 'number' || typeof message === 'boolean' || message === null) return message;
  return String(message);
}

/** Whether it is an object, neither a list nor null. What is plain already needs no schema, which would copy every answer. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The time in the product's precision, or undefined for what is none. */
export function toTimestamp(time: string | undefined): string | undefined {
  const date = new Date(time ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

// A google.protobuf.Timestamp: no other message of this API has these two members, and labels are strings.
function toTime(message: object): string | undefined {
  const { seconds, nanos, ...rest }: { seconds?: unknown; nanos?: unknown } = message;
  if (typeof nanos !== 'number' || Object.keys(rest).length > 0) return undefined;
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  const fraction = String(nanos)
    .padStart(9, '0')
    .replace(/(?:000){1,3}$/, '');
  return date.toISOString().replace(/\.000Z$/, fraction === '' ? 'Z' : `.${fraction}Z`);
}
