// Merging: what was read replaces, what was omitted stays.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '#core/json.ts';
import { type Content, hashContent, mergeContent } from './merge.ts';

const names = ['name', 'tags', 'details', 'parent_id'];
const json = fc.jsonValue({ maxDepth: 2, noUnicodeString: true }) as fc.Arbitrary<Json>;
const details = fc.oneof(fc.constant(null), fc.dictionary(fc.constantFrom('a', 'b', 'c'), json));
const content: fc.Arbitrary<Content> = fc
  .record({ name: json, tags: json, details, parent_id: json }, { requiredKeys: [] })
  .map((attributes) => toContent(attributes));

describe('any two contents', () => {
  test('merged again give the same', () => {
    fc.assert(
      fc.property(content, content, (stored, observed) => {
        const merged = mergeContent(stored, observed);
        expect(mergeContent(merged, observed)).toEqual(merged);
        expect(hashContent(mergeContent(merged, observed))).toBe(hashContent(merged));
      }),
    );
  });

  test('merged keep every field and key of details that the observation omits', () => {
    fc.assert(
      fc.property(content, content, (stored, observed) => {
        const merged = mergeContent(stored, observed);
        for (const name of stored.known_fields) {
          expect(merged.known_fields).toContain(name);
          if (!observed.known_fields.includes(name)) expect(merged.attributes[name]).toEqual(stored.attributes[name]);
        }
        const [before, read] = [stored.attributes['details'], observed.attributes['details']];
        for (const [key, value] of Object.entries(read === null ? {} : (before ?? {}))) {
          if (!Object.hasOwn(Object(read ?? {}), key))
            expect(merged.attributes['details']).toMatchObject({ [key]: value });
        }
      }),
    );
  });

  test('merged hold everything the observation read', () => {
    fc.assert(
      fc.property(content, content, (stored, observed) => {
        const merged = mergeContent(stored, observed);
        for (const name of observed.known_fields.filter((known) => known !== 'details')) {
          expect(merged.attributes[name]).toEqual(observed.attributes[name]);
        }
        expect(merged.known_fields).toEqual([...new Set([...stored.known_fields, ...observed.known_fields])].sort());
      }),
    );
  });

  test('hash alike whatever the order of their keys', () => {
    fc.assert(
      fc.property(content, (one) => {
        const reversed = Object.fromEntries(Object.entries(one.attributes).reverse());
        expect(hashContent(toContent(reversed))).toBe(hashContent(one));
      }),
    );
  });

  test('with equal hashes know the same fields', () => {
    expect(hashContent(toContent({ name: null }))).not.toBe(hashContent(toContent({})));
    expect(hashContent({ attributes: { name: null, tags: null }, known_fields: ['name'] })).toBe(
      hashContent(toContent({ name: null })),
    );
  });
});

test.for([
  ['an empty object keeps the keys', { a: 1 }, {}, { a: 1 }],
  ['null clears them', { a: 1 }, null, null],
  ['a key read as null is null', { a: 1, b: 2 }, { a: null }, { a: null, b: 2 }],
  ['a value inside a key is replaced whole', { a: { x: 1, y: 2 } }, { a: { x: 3 } }, { a: { x: 3 } }],
  ['after null the keys are new', null, { a: 1 }, { a: 1 }],
] as const)('of details %s', ([, before, read, after]) => {
  const merged = mergeContent(toContent({ details: before }), toContent({ details: read }));

  expect(merged.attributes['details']).toEqual(after);
});

test('tags are one value', () => {
  const merged = mergeContent(toContent({ tags: { a: '1', b: '2' } }), toContent({ tags: { b: '3' } }));

  expect(merged.attributes).toEqual({ tags: { b: '3' } });
});

function toContent(attributes: { [name: string]: unknown }): Content {
  const known = names.filter((name) => Object.hasOwn(attributes, name)).sort();
  return { attributes: attributes as { [name: string]: Json }, known_fields: known };
}
