// Tests of the configuration: defaults, problems told all at once, references to secrets.
import { describe, expect, test } from 'vitest';
import { authSchema, configSchema, durationSchema, findInlineSecrets, parsePart, resolveReferences } from './config.ts';
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

  test('one token cannot be of two callers: only the first would ever be found', () => {
    const problems: ConfigProblem[] = [];
    const token = { name: 'ci', sha256: 'a'.repeat(64), scopes: ['inventory:read'] };
    const tokens = [token, { ...token, sha256: 'b'.repeat(64) }, { ...token, tenant: 'acme' }];

    expect(parsePart(configSchema, { api: { auth: { mode: 'token', tokens } } }, '', problems)).toBeUndefined();

    expect(problems).toEqual([
      { key: 'api.auth.tokens.2.sha256', remedy: 'is that of tokens.0 too: give each a token of its own' },
    ]);
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

describe('a document', () => {
  const token = { name: 'ci', sha256: 'a'.repeat(64), scopes: ['inventory:read'] };
  const authOf = (auth: object) => ({ api: { auth } });
  const tokenWith = (part: object) => authOf({ mode: 'token', tokens: [{ ...token, ...part }] });
  const keysOf = (document: object) => {
    const problems: ConfigProblem[] = [];
    parsePart(configSchema, document, '', problems);
    return problems.map(({ key }) => key);
  };

  test.for<readonly [string, object]>([
    // A misspelt name that was passed over would leave a default in force.
    ['retention', { retention: { version: '900d' } }],
    ['database', { database: { uri: 'x' } }],
    ['prune', { prune: { budget: '1d' } }],
    ['api', { api: { port: 1 } }],
    ['ingest', { ingest: { requests_per_second: 5 } }],
    ['ops', { ops: { port: 9090, address: '::' } }],
    ['api.auth', authOf({ mode: 'none', tokens: [token] })],
    ['api.auth', authOf({ mode: 'token', tokens: [token], issuer: 'https://idp.example' })],
    ['api.auth.tokens.0', tokenWith({ expires: '1d' })],
    ['api.auth.tokens', authOf({ mode: 'token', tokens: [] })],
    ['api.auth.tokens.0.name', tokenWith({ name: '' })],
    ['api.auth.tokens.0.scopes.0', tokenWith({ scopes: [''] })],
    ['api.auth.tokens.0.sha256', tokenWith({ sha256: 'a'.repeat(65) })],
    ['api.auth.tokens.0.sha256', tokenWith({ sha256: `sha256:${'a'.repeat(64)}` })],
    ...['a'.repeat(64), 'acme!', '_acme', ''].map((tenant) => ['tenant', { tenant }] as const),
    ...['http://127.0.0.1:8080', '127.0.0.1:8080/x', '127.0.0.1:65536', '127.0.0.1', ':8080'].map(
      (listen) => ['api.listen', { api: { listen } }] as const,
    ),
    ...[0, 60_001, 1.5].map((n) => ['ingest.requests_per_minute', { ingest: { requests_per_minute: n } }] as const),
    ...[0, 65_536].map((port) => ['ops.port', { ops: { port } }] as const),
    ['ops.host', { ops: { host: '', port: 9090 } }],
    ...['url', 'url_file', 'password_file'].map((name) => [`database.${name}`, { database: { [name]: '' } }] as const),
    ['collectors.aws_main', { collectors: { aws_main: {} } }],
    ['prune.freshness_budget', { prune: { freshness_budget: '0s' } }],
  ])('%s is told as the problem of %j', ([key, document]) => {
    expect(keysOf(document)).toEqual([key]);
  });

  test('may go to the limits', () => {
    const limits = {
      tenant: 'a'.repeat(63),
      api: { listen: '127.0.0.1:65535', auth: { mode: 'oidc', issuer: 'https://a', audience: 'a', clock_skew: '5m' } },
      ...{ ops: { host: 'a', port: 1 }, database: { url: 'a', url_file: 'a', password_file: 'a' } },
      ingest: {
        requests_per_minute: 60_000,
        auth: { mode: 'token', tokens: [{ ...token, name: 'a', scopes: ['a'] }] },
      },
    };

    expect(keysOf(limits)).toEqual([]);
    expect(keysOf({ ingest: { requests_per_minute: 1 }, ops: { port: 65_535 } })).toEqual([]);
  });

  test.for([
    ['prune', { prune: null }, { freshness_budget: 50 * 3_600_000 }],
    ['prune', { prune: { freshness_budget: '1s' } }, { freshness_budget: 1000 }],
    ['ops', { ops: { port: 9090 } }, { host: '0.0.0.0', port: 9090 }],
  ] as const)('that says of %s %j means %j', ([part, document, meant]) => {
    expect(parsePart(configSchema, document, '', [])?.[part]).toEqual(meant);
  });
});

describe('a collector', () => {
  test.for([
    ['no fields at all', null, {}],
    ['a field of its own', { sources: [{ name: 'main' }] }, { sources: [{ name: 'main' }] }],
  ] as const)('with %s has 20 minutes to be fresh in', ([, part, own]) => {
    const config = parsePart(configSchema, { collectors: { aws: part } }, '', []);

    expect(config?.collectors).toEqual({ aws: { freshness_budget: 1_200_000, own } });
  });

  test('may be given another budget, which is no field of its own', () => {
    const collectors = { aws: { freshness_budget: '6h', sources: [] } };

    expect(parsePart(configSchema, { collectors }, '', [])?.collectors).toEqual({
      aws: { freshness_budget: 21_600_000, own: { sources: [] } },
    });
  });

  test.for(['soon', '0s', 20, '-5m', ''])('a budget of %j is a problem', (freshness_budget) => {
    const problems: ConfigProblem[] = [];

    parsePart(configSchema, { collectors: { aws: { freshness_budget } } }, '', problems);

    expect(problems.map(({ key }) => key)).toEqual(['collectors.aws.freshness_budget']);
  });
});

describe('auth.mode oidc', () => {
  const parse = (parts: Record<string, unknown>) =>
    authSchema.safeParse({ mode: 'oidc', issuer: 'https://idp.example', audience: 'inventory', ...parts });

  test('needs an issuer and an audience; the rest has defaults', () => {
    expect(parse({}).data).toEqual({
      mode: 'oidc',
      issuer: 'https://idp.example',
      audience: ['inventory'],
      tenant_claim: 'tenant',
      scopes_claim: ['scope'],
      algorithms: expect.arrayContaining(['RS256', 'PS256', 'ES256', 'EdDSA']),
      clock_skew: 60_000,
    });
    expect(parse({ audience: ['a', 'b'] }).data).toMatchObject({ audience: ['a', 'b'] });
  });

  test.for([
    'https://idp.example/realms/acme',
    'https://idp.example/',
    'http://127.0.0.1:9000',
    'http://localhost:9000',
    'http://[::1]:9000',
  ])('keeps the issuer %s to the letter', (issuer) => {
    expect(parse({ issuer }).data).toMatchObject({ issuer });
  });

  test.for([
    ['issuer', { issuer: 'http://idp.example' }],
    ['issuer', { issuer: 'http://127.0.0.1.example' }],
    ['issuer', { issuer: 'idp.example' }],
    ['issuer', { issuer: 'https://idp.example?tenant=acme' }],
    ['issuer', { issuer: 'https://idp.example#' }],
    ['issuer', { issuer: 'https://ada@idp.example' }],
    ['audience', { audience: [] }],
    ['audience', { audience: '' }],
    ['algorithms', { algorithms: ['HS256'] }],
    ['algorithms', { algorithms: ['none'] }],
    ['algorithms', { algorithms: [] }],
    ['issuer', { issuer: 'xhttps://idp.example' }],
    ['issuer', { issuer: 'httpsx://idp.example' }],
    ['clock_skew', { clock_skew: '1h' }],
    ['clock_skew', { clock_skew: '301s' }],
    ['clock_skew', { clock_skew: 60 }],
    ['tenants', { tenants: { 'Acme Inc.': 'Acme Inc.' } }],
    ['scopes', { scopes: { ops: [] } }],
    ['', { client_secret: 'x' }],
  ] as const)('refuses %s in %j', ([key, parts]) => {
    const { success, error } = parse(parts);

    expect(success).toBe(false);
    expect(error?.issues[0]?.path[0] ?? '').toBe(key);
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

  test.for(['6', 'h', '1w', '-5m', '1.5h', '90days', '15min', '1d '])('%s is refused', (text) => {
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

  test('so is one that is set to nothing', () => {
    const problems: ConfigProblem[] = [];

    resolveReferences({ a: null, database: { url: 'env:DATABASE_URL' } }, { DATABASE_URL: '' }, problems);

    expect(problems.map(({ key }) => key)).toEqual(['database.url']);
  });

  test('a reference without a name is told as such', () => {
    const problems: ConfigProblem[] = [];

    resolveReferences({ tenant: 'env:' }, {}, problems);

    expect(problems).toEqual([{ key: 'tenant', remedy: 'names no variable: env:NAME' }]);
  });
});

describe('findInlineSecrets', () => {
  test('a password in a URL of the document is refused, a reference and a URL without one are not', () => {
    const problems: ConfigProblem[] = [];

    findInlineSecrets(
      {
        database: { url: 'postgres://u:hunter2@db/x', url_file: null },
        other: ['env:URL', 'https://u@host/', 'HTTPS://u:hunter2@host', 5],
      },
      problems,
    );

    expect(problems.map((problem) => problem.key)).toEqual(['database.url', 'other.2']);
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
