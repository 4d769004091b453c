// Tests of the remedies: a mistake in a file is told as what to write there, and never with what was written.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { toRemedy } from './remedy.ts';

const shape = {
  list: z.array(z.string()).min(1),
  map: z.record(z.string(), z.string()),
  part: z.strictObject({ name: z.string().min(1), text: z.string().max(3) }),
  word: z.enum(['one', 'other']),
  count: z.int().min(10).max(20),
  flag: z.boolean(),
  choice: z.discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('none') }),
    z.strictObject({ mode: z.literal('token') }),
  ]),
  own: z.string('must be said so'),
} as const;

test.for([
  ['list', [], 'must not be empty'],
  ['list', 'hunter2', 'must be a list'],
  ['list', undefined, 'is missing: must be a list'],
  ['map', ['hunter2'], 'must be keys with values'],
  ['part', 'hunter2', 'must be keys with values: only name, text'],
  ['part', { name: 'x', text: 'x', nmae: 'hunter2' }, 'there is no "nmae": only name, text'],
  ['part', { name: '', text: 'hunter2' }, 'must not be empty; must be at most 3 characters long'],
  ['word', 'hunter2', 'must be one or other'],
  ['word', undefined, 'is missing: must be one or other'],
  ['count', 1, 'must be at least 10'],
  ['count', 21, 'must be at most 20'],
  ['count', 'hunter2', 'must be a number'],
  ['count', 10.5, 'must be a whole number'],
  ['flag', 'hunter2', 'must be true or false'],
  ['choice', { mode: 'hunter2' }, 'must be none or token'],
  ['own', 5, 'must be said so'],
] as const)('%s of %j %s', ([name, value, remedy]) => {
  const { error } = shape[name].safeParse(value, { error: toRemedy });

  expect(error?.issues.map(({ message }) => message).join('; ')).toBe(remedy);
});
