// CSV that any reader of RFC 4180 reads back, and no spreadsheet runs.
import { expect, test } from 'vitest';
import { toCsvLine } from './csv.ts';

test.for([
  [['a', 'b'], 'a,b\r\n'],
  [['a,b', 'say "hi"', 'two\nlines', 'two\r\nlines'], '"a,b","say ""hi""","two\nlines","two\r\nlines"\r\n'],
  [[null, undefined, '', 0, false], ',,,0,false\r\n'],
  [[{ a: '1' }, ['x', 'y'], -5], '"{""a"":""1""}","[""x"",""y""]",-5\r\n'],
  [['=1+1', '+1', '-1', '@sum', '\tx', '\rx'], `'=1+1,'+1,'-1,'@sum,'\tx,"'\rx"\r\n`],
  [['a=1', 'über', '😀'], 'a=1,über,😀\r\n'],
] as const)('%j is %j', ([cells, line]) => {
  expect(toCsvLine(cells)).toBe(line);
});

test('a formula stays text behind quotes as well', () => {
  expect(toCsvLine(['=HYPERLINK("http://evil.example","x")'])).toBe(`"'=HYPERLINK(""http://evil.example"",""x"")"\r\n`);
});
