// Canonical JSON: equal content has equal text, and the text is the content.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, hashJson, isEqualJson, type Json, jsonObjectSchema, jsonSchema } from './json.ts';

test('any JSON value is read back from its canonical text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the order of keys, at any depth, makes no difference', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const reversed = JSON.parse(JSON.stringify(value), (_key, member) =>
        typeof member === 'object' && member !== null && !Array.isArray(member)
          ? Object.fromEntries(Object.entries(member).reverse())
          : member,
      );
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(hashJson(reversed)).toBe(hashJson(value));
    }),
  );
});

test('values are equal exactly when their canonical texts are', () => {
  const few = fc.letrec<{ value: Json; leaf: Json }>((tie) => ({
    leaf: fc.constantFrom<Json>(null, 0, '0', false, 'a', [], {}),
    value: fc.oneof(
      { maxDepth: 3 },
      tie('leaf'),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', '0'), tie('value'), { maxKeys: 2 }),
    ),
  })).value;

  fc.assert(
    fc.property(few, few, (one, other) => {
      expect(isEqualJson(one, other)).toBe(canonicalJson(one) === canonicalJson(other));
      expect(isEqualJson(one, structuredClone(one))).toBe(true);
    }),
  );
});

test.for<[string, Json, Json]>([
  ['a list and an object that has its length', [], { length: 0 }],
  ['lists that differ at their end', [0, 1, 2, 3], [0, 1, 2, 4]],
  ['lists that differ in their middle', [0, { a: [1] }, 2], [0, { a: [2] }, 2]],
  ['a member that every object inherits and another one', JSON.parse('{"__proto__": {}}'), { a: {} }],
])('%s are not equal', ([, one, other]) => {
  expect(isEqualJson(one, other)).toBe(false);
  expect(isEqualJson(other, one)).toBe(false);
});

test('the keys of a large object are sorted too', () => {
  const names = Array.from({ length: 100 }, (_, index) => `key ${index}`);
  const text = canonicalJson(Object.fromEntries(names.map((name) => [name, 1])));

  expect(Object.keys(JSON.parse(text))).toEqual([...names].sort());
});

test('keys are sorted, undefined members left out, names that JavaScript knows kept', () => {
  const value = { b: undefined, a: [undefined, { d: 1, c: null }], ...JSON.parse('{"__proto__": 1, "10": 2, "9": 3}') };

  expect(canonicalJson(value)).toBe('{"9":3,"10":2,"__proto__":1,"a":[null,{"c":null,"d":1}]}');
  expect(canonicalJson(undefined)).toBe('null');
});

test('every JSON value is one, and an object of them is a JSON object', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(jsonSchema.parse(value)).toEqual(value);
      expect(jsonObjectSchema.parse({ member: value })).toEqual({ member: value });
    }),
  );
});

test.for([
  ['undefined', undefined],
  ['not a number', Number.NaN],
  ['infinite', Number.POSITIVE_INFINITY],
  ['a bigint', 1n],
  ['a function', () => 1],
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['a buffer', Buffer.from('x')],
] as const)('%s is no JSON, at any depth', ([, value]) => {
  expect(jsonSchema.safeParse(value).success).toBe(false);
  expect(jsonSchema.safeParse([{ member: [value] }]).success).toBe(false);
  expect(jsonObjectSchema.safeParse({ member: { member: value } }).success).toBe(false);
});

test.for([
  ['an array', []],
  ['null', null],
  ['a text', 'x'],
  ['a date', new Date(0)],
] as const)('%s is no JSON object', ([, value]) => expect(jsonObjectSchema.safeParse(value).success).toBe(false));

test.for([
  [500, true],
  [501, false],
] as const)('%i levels of nesting: is it JSON? %s', ([levels, isTaken]) => {
  const nested: Json = JSON.parse('['.repeat(levels) + ']'.repeat(levels));

  expect(jsonSchema.safeParse(nested).success).toBe(isTaken);
  expect(jsonObjectSchema.safeParse({ nested }).success).toBe(isTaken);
});
