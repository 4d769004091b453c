// Canonical JSON: equal content has equal text, and the text is the content.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, hashJson } from './json.ts';

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

test('keys are sorted, undefined members left out, names that JavaScript knows kept', () => {
  const value = { b: undefined, a: [undefined, { d: 1, c: null }], ...JSON.parse('{"__proto__": 1, "10": 2, "9": 3}') };

  expect(canonicalJson(value)).toBe('{"9":3,"10":2,"__proto__":1,"a":[null,{"c":null,"d":1}]}');
});
