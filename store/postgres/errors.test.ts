// What the driver throws, and what becomes of it.
import { describe, expect, test } from 'vitest';
import { RequestError, StoreError } from '#core/errors.ts';
import { retrySerialization, toStoreError } from './errors.ts';

const target = 'Postgres at db:5432/inventory as someone';

describe('toStoreError', () => {
  test.for([
    ['08006', true],
    ['40001', true],
    ['40P01', true],
    ['53300', true],
    ['57P01', true],
    ['57014', true],
    ['55P03', true],
    ['23505', false],
    ['42501', false],
    ['28P01', false],
    ['25006', false],
    ['ECONNREFUSED', true],
    ['ECONNRESET', true],
    ['ENOTFOUND', true],
    ['CONNECTION_CLOSED', true],
    ['CONNECT_TIMEOUT', true],
    ['SELF_SIGNED_CERT_IN_CHAIN', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false],
  ] as const)('%s stays the code, and trying again helps: %s', ([code, retryable]) => {
    const error = toStoreError(coded(code, 'no'), target);

    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code, retryable });
    expect(String(error)).toContain(target);
  });

  test.for([
    ['28000', 'inventory migrate --roles'],
    ['28P01', 'password'],
    ['3D000', 'database.url'],
    ['25006', 'inventory_collector'],
    ['42501', 'inventory_api'],
  ] as const)('%s, which a wrong URL leads to, tells the remedy: %s', ([code, remedy]) => {
    expect(String(toStoreError(coded(code, 'refused'), target))).toMatch(new RegExp(`refused; .*${remedy}`));
  });

  test('a refused value is in neither the message nor the cause', () => {
    const error = toStoreError(coded('22P02', 'invalid input syntax for type json: "hunter2"'), target);

    expect(error).toMatchObject({ code: '22P02' });
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).not.toContain('hunter2');
  });

  test('a password in a message is removed', () => {
    const error = toStoreError(coded('ECONNREFUSED', 'connect postgres://u:hunter2@db/x'), target);

    expect(String(error)).not.toContain('hunter2');
  });

  test.for([
    new TypeError('a bug'),
    coded('ERR_INVALID_ARG_TYPE', 'a bug'),
    coded('UNDEFINED_VALUE', 'a bug'),
    new StoreError('lease_lost', 'gone'),
    new RequestError(409, 'not_held', 'no'),
    'a text',
  ])('a bug or an answer of our own stays what it is: %s', (error) => {
    expect(toStoreError(error, target)).toBe(error);
  });
});

describe('retrySerialization', () => {
  test.for(['40001', '40P01', '23505'])('%s is tried again until it works', async (code) => {
    let tries = 0;

    const answer = await retrySerialization(async () => {
      tries += 1;
      if (tries < 3) throw new StoreError(code, 'collided');
      return 'done';
    });

    expect([answer, tries]).toEqual(['done', 3]);
  });

  test.for([
    ['40001', 10],
    ['57014', 1],
    ['lease_lost', 1],
  ] as const)('%s is thrown after %i tries', async ([code, expected]) => {
    let tries = 0;

    const failed = retrySerialization(async () => {
      tries += 1;
      throw new StoreError(code, 'no');
    });

    await expect(failed).rejects.toMatchObject({ code });
    expect(tries).toBe(expected);
  });
});

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
