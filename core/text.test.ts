// Text that both databases can hold.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from './json.ts';
import { storableJson, storableText } from './text.ts';

const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });

describe('storableText', () => {
  test('NUL is left out and a lone surrogate replaced', () => {
    expect(storableText('a\u0000b\ud800c\udc00')).toBe('ab\ufffdc\ufffd');
  });

  test('everything else stays: controls, astral characters, text that only looks escaped', () => {
    const text = 'tab\tnewline\n\u0001\u007f 😀 \\u0000 ü';

    expect(storableText(text)).toBe(text);
  });

  test('any text becomes storable, and once it is it stays as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const storable = storableText(text);
        expect(storable.isWellFormed() && !storable.includes('\u0000')).toBe(true);
        expect(storableText(storable)).toBe(storable);
      }),
    );
  });
});

describe('storableJson', () => {
  test('names and strings are cleaned at any depth, other values kept, the given value left alone', () => {
    const value: Json = { 'a\u0000': ['\ud800', { b: '\u0000' }, 1.5, true, null], c: {} };
    const before = structuredClone(value);

    expect(storableJson(value)).toEqual({ a: ['\ufffd', { b: '' }, 1.5, true, null], c: {} });
    expect(value).toEqual(before);
  });

  test('JSON of storable text is unchanged, names that JavaScript knows included', () => {
    const value: Json = JSON.parse('{"__proto__": {"x": "y"}, "constructor": [[]], "": 0}');

    expect(JSON.stringify(storableJson(value))).toBe(JSON.stringify(value));
  });
});
