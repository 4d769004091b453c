// The four errors: a stable code, what the caller decides by, and the cause.
import { expect, test } from 'vitest';
import { ConfigError, ProviderError, RequestError, StoreError } from './errors.ts';

const cause = new Error('why');

test.for([
  [new ConfigError('bad', [{ key: 'a', remedy: 'set it' }], { cause }), 'ConfigError'],
  [new ProviderError('bad', 'no', { cause }), 'ProviderError'],
  [new StoreError('bad', 'no', { cause }), 'StoreError'],
  [new RequestError(404, 'bad', 'no', { cause }), 'RequestError'],
] as const)('%s has its name, its code, its cause and a stack', ([error, name]) => {
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name, code: 'bad', cause });
  expect(error.stack).toContain('errors.test.ts');
});

test('a configuration tells all its problems at once', () => {
  const error = new ConfigError('bad', [
    { key: 'tenant', remedy: 'must be lower case' },
    { key: 'database.url', remedy: 'set the environment variable DATABASE_URL' },
  ]);

  expect(error.message).toBe('tenant: must be lower case\ndatabase.url: set the environment variable DATABASE_URL');
});

test('nothing is tried again unless somebody knows that it helps', () => {
  expect(new ProviderError('x', 'no')).toMatchObject({ retryable: false, status: undefined });
  expect(new StoreError('x', 'no')).toMatchObject({ retryable: false });
  expect(new ProviderError('x', 'no', { status: 503, retryable: true })).toMatchObject({
    retryable: true,
    status: 503,
  });
});
