// Which addresses are in which ranges.
import { expect, test } from 'vitest';
import { createRanges, isRange } from './address-ranges.ts';

test.for([
  ['10.1.2.3', ['10.0.0.0/8'], true],
  ['11.0.0.0', ['10.0.0.0/8'], false],
  ['172.31.255.255', ['172.16.0.0/12'], true],
  ['172.32.0.0', ['172.16.0.0/12'], false],
  ['10.0.0.7', ['10.0.0.7'], true],
  ['10.0.0.8', ['10.0.0.7/32'], false],
  ['fd12::1', ['fd00::/8'], true],
  ['fe80::1', ['fd00::/8'], false],
  ['fd00::1', ['fd00:0:0:0:0:0:0:1'], true],
  ['10.0.0.1', ['::/0'], false],
  ['fd00::1', ['0.0.0.0/0'], false],
  ['10.0.0.1', ['.svc', '', 'host.example', '10.0.0.0/33', '10.0.0.0/8'], true],
] as const)('%s in %j: %s', ([address, texts, isIn]) => {
  expect(createRanges(texts)(address)).toBe(isIn);
});

test.for([
  ['10.0.0.0/8', true],
  ['::/0', true],
  ['10.0.0.0/33', false],
  ['::/129', false],
  ['10.0.0.0', false],
  ['10.0.0.0/', false],
  ['10.0.0/8', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/-1', false],
  ['host.example/8', false],
] as const)('%s is a range: %s', ([text, isOne]) => {
  expect(isRange(text)).toBe(isOne);
});
