// A cursor leads back to its place in its own list, and nowhere else.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseCursor, positionSchemas, toCursor } from './cursor.ts';

const position = z.object({ value: z.string().nullable(), key: z.array(z.string()) });
const identity = ['accounts', { tenant_id: 'acme', sort: { field: 'id', descending: false }, tags: [] }];
const list = { identity, position };

test('any position comes back', () => {
  const positions = fc.record({
    value: fc.option(fc.string({ unit: 'binary' }), { nil: null }),
    key: fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(positions, (where) => {
      expect(parseCursor(toCursor(where, list), list)).toEqual(where);
    }),
  );
});

test('it needs no escaping in a URL', () => {
  expect(toCursor({ value: 'ü?&/+ ', key: ['aws', '1'] }, list)).toMatch(/^[\w-]+$/);
});

test.for([
  ['another sort', ['accounts', { tenant_id: 'acme', sort: { field: 'name', descending: false }, tags: [] }]],
  ['another direction', ['accounts', { tenant_id: 'acme', sort: { field: 'id', descending: true }, tags: [] }]],
  ['another filter', ['accounts', { tenant_id: 'acme', sort: { field: 'id', descending: false }, tags: ['a'] }]],
  ['another tenant', ['accounts', { tenant_id: 'other', sort: { field: 'id', descending: false }, tags: [] }]],
  ['another list', ['org-nodes', { tenant_id: 'acme', sort: { field: 'id', descending: false }, tags: [] }]],
] as const)('of %s it is refused', ([_name, other]) => {
  const cursor = toCursor({ value: 'x', key: ['aws', '1'] }, list);

  expect(() => parseCursor(cursor, { identity: other, position })).toThrow(
    expect.objectContaining({ status: 400, code: 'invalid_cursor' }),
  );
});

test('garbage, parts and forgeries are refused and never crash', () => {
  const cursor = toCursor({ value: 'x', key: ['aws', '1'] }, list);
  const refused = expect.objectContaining({ status: 400, code: 'invalid_cursor' });
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const bad = ['', 'x', '%%%', cursor.slice(1), cursor.slice(0, -4), encode(null), encode([]), encode(['a', 1, ['x']])];

  for (const text of [...bad, encode(['0123456789abcdef', 'y', ['aws', '2']])]) {
    expect(() => parseCursor(text, list)).toThrow(refused);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => parseCursor(text, list)).toThrow(refused);
    }),
  );
});

test.for([
  ['valid_from', 'garbage', ['aws', '1']],
  ['discovered_at', null, ['aws', '1']],
  ['id', null, ['aws', '1']],
  ['name', 'x', []],
  ['name', 'x', ['oracle', '1']],
] as const)('a well-sealed one by %s with the value %j and the key %j is refused before the database sees it', ([
  field,
  value,
  key,
]) => {
  const accounts = { identity, position: positionSchemas(z.tuple([z.enum(['aws']), z.string()]))[field] };

  expect(() => parseCursor(toCursor({ value, key }, accounts), accounts)).toThrow(
    expect.objectContaining({ status: 400, code: 'invalid_cursor' }),
  );
});
