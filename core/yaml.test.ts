// YAML that people write: what is wrong is told by its line, and what stands there is not repeated.
import { expect, test } from 'vitest';
import { secretMarker } from '#testkit/secrets.ts';
import { parseYaml } from './yaml.ts';

test('a document is read as plain values, and knows the lines of its places', () => {
  const { value, problems, lineOf } = parseYaml('a:\n  - b: 1\n  - c: 2\n');

  expect([value, problems]).toEqual([{ a: [{ b: 1 }, { c: 2 }] }, []]);
  expect([lineOf(['a', 1, 'c']), lineOf(['a', 1, 'absent']), lineOf(['absent'])]).toEqual([3, 3, 1]);
});

test('a value is on its own line, and what is not there on the first line of what is', () => {
  const { lineOf } = parseYaml('# about\na: 1\nb: 2\n');

  expect([lineOf(['b']), lineOf(['absent']), lineOf([])]).toEqual([3, 2, 2]);
});

test.for(['', '# nothing\n'])('%j is null on line 1', (text) => {
  const { value, problems, lineOf } = parseYaml(text);

  expect([value, problems, lineOf(['a'])]).toEqual([null, [], 1]);
});

test.for([
  [`password: *${secretMarker}`, 1],
  [`password: !${secretMarker} x`, 1],
  [`password: %${secretMarker}`, 1],
  [`password: "${secretMarker}`, 1],
  [`password:\n  "${secretMarker}\\q"`, 2],
  [`password: |\n  ${secretMarker}\n bad`, 3],
  [`user: ${secretMarker}: y`, 1],
  [`user: ${secretMarker}\nuser: ${secretMarker}`, 2],
  [`user: &${secretMarker}\n  - *${secretMarker}`, 1],
] as const)('%j is told by its line alone', ([text, line]) => {
  const { value, problems } = parseYaml(text);

  expect(value).toBeNull();
  expect(problems[0]?.line).toBe(line);
  expect(problems.map(({ remedy }) => remedy).join()).toMatch(/^(is not YAML: [a-z ]+,?)+$|^has an alias/);
});
