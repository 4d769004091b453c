// The Prometheus part of the configuration: what it accepts, what it makes of it, and what it says about mistakes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { prometheusConfigFromEnvironment, prometheusConfigSchema, toScope } from './config.ts';

const parse = (part: unknown) => prometheusConfigSchema.parse(part);
const problemsOf = (part: unknown): string[] =>
  prometheusConfigSchema.safeParse(part).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ??
  [];

/** A folder with these files, which goes when the test ends. */
function createFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test('an endpoint needs a name and a URL; everything else has a default', () => {
  const config = parse({ endpoints: [{ name: 'prod', url: 'HTTPS://Prometheus.Example:443/' }] });

  expect(config).toEqual({
    timeoutMs: 5000,
    endpoints: [
      {
        name: 'prod',
        id: undefined,
        url: 'https://prometheus.example',
        tenant: undefined,
        tenant_header: 'X-Scope-OrgID',
        auth: { mode: 'none' },
        labels: {},
        accounts: [],
      },
    ],
  });
});

test.for([
  ['https://mimir.example/', '/prometheus', 'https://mimir.example/prometheus'],
  ['https://mimir.example/a/', '/b/c/', 'https://mimir.example/a/b/c'],
  ['http://10.0.0.1:80', undefined, 'http://10.0.0.1'],
])('%s with the path prefix %s is %s', ([url, path_prefix, expected]) => {
  expect(parse({ endpoints: [{ name: 'a', url, path_prefix }] }).endpoints[0]?.url).toBe(expected);
});

test('PROM_URL alone is one endpoint', () => {
  const made = prometheusConfigFromEnvironment({ PROM_URL: 'http://prometheus:9090' });

  expect(parse(made).endpoints.map(toScope)).toEqual(['prometheus:main']);
  expect(prometheusConfigFromEnvironment({})).toBeUndefined();
});

test.for([
  [{ token: 't' }, { mode: 'token', token: { value: 't' } }],
  [{ token_file: '/t' }, { mode: 'token', token: { file: '/t' } }],
  [
    { username: 'u', password_file: '/p' },
    { mode: 'basic', username: 'u', password: { file: '/p' } },
  ],
  [
    { oauth: { token_url: 'https://idp.example/t', client_id: 'c', client_secret: 's', scopes: ['a'] } },
    {
      mode: 'oauth',
      client: {
        token_url: 'https://idp.example/t',
        client_id: 'c',
        client_secret: { value: 's' },
        scopes: ['a'],
        audience: undefined,
      },
    },
  ],
])('%j is a way to authenticate', ([auth, expected]) => {
  expect(parse({ endpoints: [{ name: 'a', url: 'http://a', auth }] }).endpoints[0]?.auth).toEqual(expected);
});

test.for([
  [{ token: 't', username: 'u', password: 'p' }, 'one of the three'],
  [{ token: 't', token_file: '/t' }, 'token or token_file, one of the two'],
  [{ username: 'u' }, 'password or password_file, one of the two'],
  [{ password: 'p' }, 'name the user'],
  [{ oauth: { token_url: 'http://idp.example/t', client_id: 'c', client_secret: 's' } }, 'an https URL'],
  [{ oauth: { token_url: 'https://idp.example/t', client_id: 'c' } }, 'one of the two'],
  [{ bearer: 't' }, 'bearer'],
])('%j is none', ([auth, expected]) => {
  expect(problemsOf({ endpoints: [{ name: 'a', url: 'http://a', auth }] }).join()).toContain(String(expected));
});

test.for([
  [{}, 'set PROM_URL'],
  [{ endpoints: [{ name: 'a', url: 'http://user:pw@a/' }] }, 'holds a user or a password'],
  [{ endpoints: [{ name: 'a', url: 'http://a/?x=1' }] }, 'query'],
  [{ endpoints: [{ name: 'a', url: 'ftp://a/' }] }, 'an http or https URL'],
  [{ endpoints: [{ name: 'a', url: 'nonsense' }] }, 'an http or https URL'],
  [{ endpoints: [{ name: 'A b', url: 'http://a' }] }, 'lower-case'],
  [{ endpoints: [{ name: 'a', url: 'http://a', path_prefix: 'x' }] }, 'a path'],
  [{ endpoints: [{ name: 'a', url: 'http://a', client_key_file: '/k' }] }, 'both or none'],
  [{ endpoints: [{ name: 'a', url: 'http://a', tenant: 'x\ny: z' }] }, 'endpoints.0.tenant'],
  [{ endpoints: [{ name: 'a', url: 'http://a', tenant: 'käse' }] }, 'endpoints.0.tenant'],
  [{ endpoints: [{ name: 'a', url: 'http://a', tenant: 'x', tenant_header: 'Authorization' }] }, 'in auth'],
  [{ endpoints: [{ name: 'a', url: 'http://a', tenant: 'x', tenant_header: 'X-Api-Key' }] }, 'in auth'],
  [{ timeout: '0s', endpoints: [{ name: 'a', url: 'http://a' }] }, 'more than 0'],
  [{ timeout: '5', endpoints: [{ name: 'a', url: 'http://a' }] }, 'number and a unit'],
])('%j is told', ([part, expected]) => {
  expect(problemsOf(part).join()).toContain(String(expected));
});

test('two endpoints of one name, or of one URL, are told; two tenants of one URL are two endpoints', () => {
  const endpoint = (name: string, more = {}) => ({ name, url: 'http://a/', ...more });

  expect(problemsOf({ endpoints: [endpoint('a'), endpoint('a', { url: 'http://b' })] }).join()).toContain('same name');
  expect(problemsOf({ endpoints: [endpoint('a'), endpoint('b')] }).join()).toContain('same URL');
  expect(problemsOf({ endpoints: [endpoint('a', { tenant: 'x' }), endpoint('b', { tenant: 'y' })] })).toEqual([]);
  expect(problemsOf({ endpoints: [endpoint('a', { id: 'x' }), endpoint('b', { id: 'y' })] })).toEqual([]);
});

test('targets of files become endpoints, with labels and with what the entry says of all of them', () => {
  const folder = createFolder({
    'a.yaml':
      '- targets: [prometheus-1:9090, "https://Prom.Example/eu/"]\n  labels: { env: prod, __scheme__: https, shard: 1 }\n',
    'b.json': '[{"targets": ["10.0.0.1:9090"]}]',
    'empty.yaml': '',
    'c.txt': 'not read',
  });
  const files = [
    { path: join(folder, '*.{yaml,json}'), tenant: 'x', labels: { team: 'sre', env: 'none' }, auth: { token: 't' } },
  ];

  const { endpoints } = parse({ files });

  expect(endpoints.map(({ url, labels }) => [url, labels])).toEqual([
    ['https://prometheus-1:9090', { team: 'sre', env: 'prod', shard: '1' }],
    ['https://prom.example/eu', { team: 'sre', env: 'prod', shard: '1' }],
    ['http://10.0.0.1:9090', { team: 'sre', env: 'none' }],
  ]);
  expect(endpoints.map(({ tenant, auth }) => [tenant, auth.mode])).toEqual(Array(3).fill(['x', 'token']));
  for (const endpoint of endpoints) expect(toScope(endpoint)).toMatch(/^prometheus:[a-z0-9][a-z0-9-]{0,62}$/);
  expect(endpoints[0]?.name).toMatch(/^prometheus-1-9090-[0-9a-f]{8}$/);
});

test('a target keeps its scope whatever else is in the file', () => {
  const alone = createFolder({ 'a.json': '[{"targets": ["b:1"]}]' });
  const among = createFolder({ 'a.json': '[{"targets": ["a:1"]}, {"targets": ["b:1", "b:1"], "labels": {"x": "y"}}]' });
  const namesIn = (folder: string) => parse({ files: [{ path: join(folder, 'a.json') }] }).endpoints.map(toScope);

  expect(namesIn(among)).toHaveLength(2);
  expect(namesIn(among)).toContain(namesIn(alone)[0]);
});

test.for([
  ['[{"targets": "a:1"}]', '0.targets'],
  ['[{"targets": ["http://user:hidden@a:1"]}]', 'holds a user or a password'],
  ['[{"targets": ["http://"]}]', '0.targets.0'],
  ['{"targets": []}', 'the file'],
  ['[', 'a.json:1 is not YAML'],
  ['[{"targets": [*hidden]}]', 'a.json:1 has an alias'],
  ['- targets:\n  - "http://user:hidden@a\\q"', 'a.json:2 is not YAML'],
])('a file that holds %s is told by its name, without what is in it', ([text, expected]) => {
  const folder = createFolder({ 'a.json': String(text) });

  const told = problemsOf({ files: [{ path: join(folder, 'a.json') }], endpoints: [{ name: 'a', url: 'http://a' }] });

  expect(told.join()).toContain(`files.0.path: ${join(folder, 'a.json')}`);
  expect(told.join()).toContain(String(expected));
  expect(told.join()).not.toContain('hidden');
});

test('a file that is not there, or a pattern that none fits, is told', () => {
  const folder = createFolder({});

  expect(problemsOf({ files: [{ path: join(folder, 'none.yaml') }] }).join()).toContain('cannot be read');
  expect(problemsOf({ files: [{ path: join(folder, '*.yaml') }] }).join()).toContain('no file fits');
});
