// The Grafana part of the configuration: what it accepts, what it makes of it, and what it says about mistakes.
import { expect, test } from 'vitest';
import { grafanaConfigFromEnvironment, grafanaConfigSchema, toScope } from './config.ts';

const problemsOf = (part: unknown): string =>
  JSON.stringify(grafanaConfigSchema.safeParse(part).error?.issues.map(({ path, message }) => [path, message]) ?? []);

test('an endpoint needs a name and a URL; everything else has a default', () => {
  const config = grafanaConfigSchema.parse({ endpoints: [{ name: 'main', url: 'HTTPS://Grafana.Example:443/g/' }] });

  expect(config).toEqual({
    timeoutMs: 5000,
    endpoints: [
      {
        ...{ name: 'main', url: 'https://grafana.example/g', auth: { mode: 'none' } },
        ...{ labels: {}, accounts: [], prometheus: [] },
      },
    ],
  });
});

test.for([
  [{}, undefined],
  [{ GRAFANA_URL: '' }, undefined],
  [{ GRAFANA_TOKEN: 'glsa_x' }, undefined],
  [{ GRAFANA_URL: 'http://grafana:3000' }, { mode: 'none' }],
  [{ GRAFANA_URL: 'http://grafana:3000', GRAFANA_TOKEN: '' }, { mode: 'none' }],
  [
    { GRAFANA_URL: 'http://grafana:3000', GRAFANA_TOKEN: 'glsa_x' },
    { mode: 'token', token: { value: 'glsa_x' } },
  ],
] as const)('the variables %j authenticate by %j', ([variables, expected]) => {
  const made = grafanaConfigFromEnvironment(variables);

  const endpoints = made === undefined ? [] : grafanaConfigSchema.parse(made).endpoints;

  expect(endpoints.map(({ auth }) => auth)).toEqual(expected === undefined ? [] : [expected]);
  expect(endpoints.map(toScope)).toEqual(expected === undefined ? [] : ['grafana:main']);
});

test('any number of endpoints can be named; two of one name, URL or id are told', () => {
  const endpoint = (name: string, more = {}) => ({ name, url: `http://${name}`, ...more });

  expect(grafanaConfigSchema.parse({ endpoints: [endpoint('a'), endpoint('b')] }).endpoints.map(toScope)).toEqual([
    'grafana:a',
    'grafana:b',
  ]);
  expect(problemsOf({ endpoints: [endpoint('a'), endpoint('a', { url: 'http://b' })] })).toContain('same name');
  expect(problemsOf({ endpoints: [endpoint('a'), endpoint('b', { url: 'http://A:80/' })] })).toContain(
    'same id or URL',
  );
  expect(problemsOf({ endpoints: [endpoint('a', { id: 'x' }), endpoint('b', { id: 'x' })] })).toContain('same id');
});

test.for([
  [{}, 'set GRAFANA_URL'],
  [{ endpoints: [{ name: 'a', url: 'http://user:hidden@a/' }] }, 'holds a user or a password'],
  [{ endpoints: [{ name: 'a', url: 'http://a/?orgId=1' }] }, 'has a query'],
  [{ endpoints: [{ name: 'a', url: 'grafana:3000' }] }, 'an http or https URL'],
  [{ endpoints: [{ name: 'A b', url: 'http://a' }] }, 'lower-case'],
  [{ endpoints: [{ name: 'a', url: 'http://a', client_key_file: '/k' }] }, 'both or none'],
  [
    { endpoints: [{ name: 'a', url: 'http://a', auth: { token: 'x', username: 'u', password: 'p' } }] },
    'one of the three',
  ],
  [{ endpoints: [{ name: 'a', url: 'http://a', token: 'x' }] }, 'token'],
  [{ endpoints: [{ name: 'a', url: 'http://a', accounts: ['111122223333'] }] }, 'provider/id'],
  [{ timeout: '5', endpoints: [{ name: 'a', url: 'http://a' }] }, 'number and a unit'],
] as const)('%j is told', ([part, expected]) => {
  expect(problemsOf(part)).toContain(expected);
  expect(problemsOf(part)).not.toContain('hidden');
});
