// Texts of JSON as they are stored: what was serialised once is taken over, and it is the same text.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinText, noTexts, rememberText, toStorableText } from './storable.ts';

test('an object joined of its members has the text it would have had, whichever members had theirs', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const objects = Object.values(object).filter((value) => typeof value === 'object' && value !== null);
      const texts = new Map(objects.map((value) => [value, toStorableText(value)]));

      expect(JSON.parse(joinText(object, texts))).toEqual(JSON.parse(toStorableText(object)));
      expect(JSON.parse(joinText(object, noTexts))).toEqual(JSON.parse(joinText(object, texts)));
    }),
  );
});

test('a member that is undefined is left out, and a name is made storable as a text is', () => {
  expect(joinText({ gone: undefined, 'a\u0000b': 'c\u0000d' }, noTexts)).toBe('{"ab":"cd"}');
});

test('what is remembered is the last value only', () => {
  const textOf = rememberText();

  expect([textOf({ a: 1 }), textOf({ a: 2 }), textOf(['x\u0000'])]).toEqual(['{"a":1}', '{"a":2}', '["x"]']);
});
