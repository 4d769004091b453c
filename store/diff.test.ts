// Differences as JSON pointers: they say all that changed, and nothing that was only learned.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeSchema } from '#contracts/payloads.ts';
import { canonicalJson, type Json } from '#core/json.ts';
import { type Change, contentChanges, diffJson } from './diff.ts';
import { isJsonObject } from './merge.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const pointerName = fc.string({ unit: fc.constantFrom('a', '/', '~', '0', '1', ''), maxLength: 4 });
const object = fc.dictionary(pointerName, fc.oneof(json, fc.dictionary(pointerName, json)));

describe('any two values', () => {
  test('differ by changes that turn the one into the other', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        expect(canonicalJson(applyChanges(from, diffJson(from, to)))).toBe(canonicalJson(to));
      }),
    );
  });

  test('that are equal have no difference', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(diffJson(value, structuredClone(value))).toEqual([]);
      }),
    );
  });

  test('differ by changes in order of their names, each path once', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const paths = diffJson(from, to).map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
      }),
    );
  });

  test('below an attribute differ by changes that fit the event contract', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        for (const change of diffJson(from, to, '/tags')) expect(changeSchema.safeParse(change).success).toBe(true);
      }),
    );
  });
});

test('a member that is null is not a member that is absent', () => {
  expect(diffJson({ a: null }, {})).toEqual([{ path: '/a', from: null }]);
  expect(diffJson({}, { a: null })).toEqual([{ path: '/a', to: null }]);
  expect(diffJson({ a: null }, { a: 1 })).toEqual([{ path: '/a', from: null, to: 1 }]);
});

test('names are escaped as RFC 6901 says', () => {
  expect(diffJson({}, { 'a/b~c': 1 })).toEqual([{ path: '/a~1b~0c', to: 1 }]);
});

test('arrays are compared whole', () => {
  expect(diffJson({ a: [1, 2] }, { a: [2, 1] })).toEqual([{ path: '/a', from: [1, 2], to: [2, 1] }]);
});

test('names that JavaScript knows are plain members', () => {
  expect(diffJson({}, JSON.parse('{"constructor": "x", "__proto__": 1}'))).toEqual([
    { path: '/__proto__', to: 1 },
    { path: '/constructor', to: 'x' },
  ]);
});

test('what was not known before is no change, nor is a new key of details', () => {
  const stored = { attributes: { name: 'a', details: { x: 1 }, tags: null }, known_fields: ['details', 'name'] };
  const merged = {
    attributes: { name: 'b', details: { x: 2, y: 3 }, tags: { t: '1' } },
    known_fields: ['details', 'name', 'tags'],
  };

  expect(contentChanges(stored, merged)).toEqual([
    { path: '/details/x', from: 1, to: 2 },
    { path: '/name', from: 'a', to: 'b' },
  ]);
});

// What a consumer of the events would do.
function applyChanges(value: Json, changes: readonly Change[]): Json {
  const result = structuredClone(value);
  for (const change of changes) {
    const names = change.path
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop() ?? '';
    let parent = result;
    for (const name of names) parent = isJsonObject(parent) ? (parent[name] ?? null) : null;
    if (!isJsonObject(parent)) throw new Error(`${change.path} leads nowhere`);
    if (change.to === undefined) delete parent[last];
    else parent[last] = change.to;
  }
  return result;
}
