// Tests of the configuration: defaults, problems told all at once, references to secrets.
import { describe, expect, test } from 'vitest';
import { configSchema, durationSchema, findInlineSecrets, parsePart, resolveReferences } from './config.ts';
import type { ConfigProblem } from './errors.ts';

const dayMs = 86_400_000;

describe('parsePart', () => {
  test('an empty document is a laptop: SQLite, loopback, one tenant, no auth', () => {
    const config = parsePart(configSchema, {}, '', []);

    expect(config).toEqual({
      tenant: 'default',
      database: {},
      collectors: {},
      api: { listen: { host: '127.0.0.1', port: 8080 }, auth: { mode: 'none' } },
      ingest: {
        listen: { host: '127.0.0.1', port: 8081 },
        auth: { mode: 'none' },
        requests_per_minute: 60,
        allow_hosts: [],
      },
      retention: { pages: 30 * dayMs, runs: 400 * dayMs, versions: 400 * dayMs, events: 400 * dayMs },
    });
  });

  test('every problem is reported at once, with its key and without its value', () => {
    const problems: ConfigProblem[] = [];
    const document = {
      tenant: 'Not A Tenant hunter2',
      api: { listen: 'hunter2', auth: { mode: 'token', tokens: [{ name: 'ci', sha256: 'hunter2', scopes: [] }] } },
      colectors: {},
    };

    const config = parsePart(configSchema, document, '', problems);

    expect(config).toBeUndefined();
    expect(problems.map((problem) => problem.key)).toEqual(
      expect.arrayContaining([
        'tenant',
        'api.listen',
        'api.auth.tokens.0.sha256',
        'api.auth.tokens.0.scopes',
        'configuration',
      ]),
    );
    expect(JSON.stringify(problems)).not.toContain('hunter2');
    expect(JSON.stringify(problems)).toContain('colectors');
  });

  test.for([
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['[::1]:9090', '::1', 9090],
    ['localhost:0', 'localhost', 0],
  ] as const)('listen %s is host and port', ([text, host, port]) => {
    const config = parsePart(configSchema, { api: { listen: text } }, '', []);

    expect(config?.api.listen).toEqual({ host, port });
  });
});

describe('durationSchema', () => {
  test.for([
    ['90s', 90_000],
    ['15m', 900_000],
    ['6h', 21_600_000],
    ['1d', 86_400_000],
  ] as const)('%s is %i milliseconds', ([text, milliseconds]) => {
    expect(durationSchema.parse(text)).toBe(milliseconds);
  });

  test.for(['6', 'h', '1w', '-5m', '1.5h'])('%s is refused', (text) => {
    expect(durationSchema.safeParse(text).success).toBe(false);
  });
});

describe('resolveReferences', () => {
  test('env:NAME becomes the value of the variable, at any depth', () => {
    const problems: ConfigProblem[] = [];

    const resolved = resolveReferences({ a: [{ b: 'env:SECRET' }], c: 'plain', d: 3 }, { SECRET: 'v' }, problems);

    expect(resolved).toEqual({ a: [{ b: 'v' }], c: 'plain', d: 3 });
    expect(problems).toEqual([]);
  });

  test('a variable that is not set is a problem that names key and variable', () => {
    const problems: ConfigProblem[] = [];

    resolveReferences({ database: { url: 'env:DATABASE_URL' } }, {}, problems);

    expect(problems).toEqual([{ key: 'database.url', remedy: 'set the environment variable DATABASE_URL' }]);
  });
});

describe('findInlineSecrets', () => {
  test('a password in a URL of the document is refused, a reference and a URL without one are not', () => {
    const problems: ConfigProblem[] = [];

    findInlineSecrets(
      { database: { url: 'postgres://u:hunter2@db/x' }, other: ['env:URL', 'https://u@host/'] },
      problems,
    );

    expect(problems.map((problem) => problem.key)).toEqual(['database.url']);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  test('so is whatever stands under the name of a secret, and not what only tells where the secret is', () => {
    const problems: ConfigProblem[] = [];
    const auth = { token: 'hunter2', client_secret: 'env:SECRET', token_file: '/etc/t', password: '', mode: 'token' };

    findInlineSecrets({ endpoints: [{ auth }], tokens: [{ name: 'ci', sha256: 'a'.repeat(64) }] }, problems);

    expect(problems).toEqual([
      { key: 'endpoints.0.auth.token', remedy: 'holds a secret: give it as env:NAME or in a file' },
    ]);
  });
});
