// What differs between two contents, as JSON pointers (RFC 6901) with the values before and after.
import { isEqualJson, type Json } from '#core/json.ts';
import { type Content, isJsonObject } from './merge.ts';

/** One difference. `from` is absent where there was no such member before, `to` where there is none any more. */
export interface Change {
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

/** Every difference below the path, objects member by member and in order of their names, arrays whole. */
export function diffJson(from: Json | undefined, to: Json | undefined, path = ''): Change[] {
  if (isEqualJson(from, to)) return [];
  if (isJsonObject(from) && isJsonObject(to)) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return names.flatMap((name) => diffMember([member(from, name), member(to, name)], path, name));
  }
  return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
}

/**
 * What changed in the world between the stored content and the merged one. An attribute, or a key of `details`, that was
 * not known before is no change: we learned it, it did not happen.
 */
export function contentChanges(stored: Content, merged: Content): Change[] {
  const changes: Change[] = [];
  for (const name of stored.known_fields) {
    const from = stored.attributes[name] ?? null;
    const to = merged.attributes[name] ?? null;
    // Most are as they were, and need no path.
    if (!isEqualJson(from, to)) changes.push(...attributeChanges(name, from, to));
  }
  return changes;
}

function attributeChanges(name: string, from: Json, to: Json): Change[] {
  if (name !== 'details' || !isJsonObject(from) || !isJsonObject(to)) return diffMember([from, to], '', name);
  const known = Object.keys(from).sort();
  return known.flatMap((key) => diffMember([from[key], member(to, key)], '/details', key));
}

function diffMember([from, to]: readonly [from: Json | undefined, to: Json | undefined], path: string, name: string) {
  return diffJson(from, to, joinPointer(path, name));
}

/** The attribute that a change belongs to. */
export function changedField(change: Change): string {
  return change.path.split('/', 2)[1] ?? '';
}

function joinPointer(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

// Own members only: a tag named `constructor` is no inherited function.
function member(object: { readonly [name: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
