// Every form of database.url, good and bad.
import { describe, expect, test } from 'vitest';
import { ConfigError } from '#core/errors.ts';
import { redactText } from '#core/redact.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { parsePostgresUrl } from './postgres/url.ts';

describe('parseDatabaseUrl', () => {
  test.for([
    ['./data/inventory.db', './data/inventory.db'],
    ['/data/inventory.db', '/data/inventory.db'],
    ['sqlite:data/inventory.db', 'data/inventory.db'],
    ['sqlite:///data/inventory.db', '/data/inventory.db'],
    ['file:///data/inventory.db', '/data/inventory.db'],
    ['C:\\data\\inventory.db', 'C:\\data\\inventory.db'],
  ] as const)('%s is the SQLite file %s', ([url, path]) => {
    expect(parseDatabaseUrl(url)).toEqual({ dialect: 'sqlite', path, shown: `SQLite ${path}` });
  });

  test.for([
    'postgres://u:hunter2@db/inventory',
    'postgresql://u:hunter2@db:5432/inventory',
  ])('%s is Postgres, shown without its password', (url) => {
    expect(parseDatabaseUrl(url)).toEqual({ dialect: 'postgres', url, shown: 'Postgres at db:5432/inventory as u' });
  });

  test.for(['', 'mysql://db/inventory', 'sqlite:'])('"%s" is refused', (url) => {
    expect(() => parseDatabaseUrl(url)).toThrow(ConfigError);
  });

  test.for([
    'mysql://db/inventory',
    'postgres://',
  ])('the refusal of "%s" shows a form that redaction leaves whole', (url) => {
    expect(redactText(messageOf(() => parseDatabaseUrl(url)))).toContain('postgres://<user>@<host>:5432/<database>');
  });
});

function messageOf(refused: () => unknown): string {
  try {
    refused();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
}

describe('parsePostgresUrl', () => {
  test('what the driver gets carries no parameters, so none can loosen a setting of ours', () => {
    const target = parsePostgresUrl('postgres://u@db/x?application_name=mine&prepare=false&sslmode=require');

    expect(target).toMatchObject({ url: 'postgres://u@db/x', applicationName: 'mine', prepare: false, ssl: 'require' });
  });

  test.for([
    ['postgres://u:hunter2@db/x?default_transaction_read_only=off', 'default_transaction_read_only'],
    ['postgres://u:hunter2@db/x?options=-crole%3Downer', 'options'],
    ['postgres://u:hunter2@db/x?sslmode=maybe', 'sslmode'],
    ['postgres://u:hunter2@db/x?sslmode=verify-full&sslrootcert=/nowhere/ca.pem', '/nowhere/ca.pem'],
    ['postgres://u:hunter2%@db/x', '%25'],
    ['postgres://u:hunter2@db/', 'database'],
    ['postgres://hunter2@/x', 'host'],
    ['postgres://', 'postgres://<user>@<host>'],
  ] as const)('%s is refused by name and without its password', ([url, named]) => {
    expect(() => parsePostgresUrl(url)).toThrow(named);
    expect(() => parsePostgresUrl(url)).not.toThrow('hunter2');
  });

  test('verify-full checks the name in the certificate, verify-ca only who signed it', () => {
    expect(parsePostgresUrl('postgres://u@db/x?sslmode=verify-full').ssl).toEqual({ host: 'db' });
    expect(parsePostgresUrl('postgres://u@db/x?sslmode=verify-ca').ssl).toEqual({
      host: 'db',
      checkServerIdentity: expect.any(Function),
    });
    expect(parsePostgresUrl('postgres://u@db/x').ssl).toBe('prefer');
    expect(parsePostgresUrl('postgres://u@db/x?sslmode=disable').ssl).toBe(false);
  });
});
