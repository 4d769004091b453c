// The Grafana collector against the strict fake: what each Grafana is found to be, and what is kept of it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createCertificate } from '#testkit/certificate.ts';
import { openGrafanaFake } from '#testkit/grafana/fake.ts';
import type { FaultEffect } from '#testkit/grafana/faults.ts';
import { addDatasource } from '#testkit/grafana/world.ts';
import { openLoopbackServer } from '#testkit/loopback-server.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { read, startGrafana } from './observe.contract.ts';

test('a viewer is enough to read version, edition, organization and data sources', async () => {
  const { fake, endpoint } = await startGrafana();
  addDatasource(fake.world, { uid: 'b', name: 'Metrics', type: 'prometheus', url: 'http://prometheus:9090/' });
  addDatasource(fake.world, { uid: 'a', name: 'Rows', type: 'postgres', url: 'db.example:5432', read_only: true });

  const { attributes, measures, skipped, enumerated, identified } = await read({
    ...endpoint,
    labels: { env: 'prod' },
  });

  expect(attributes).toMatchObject({
    kind: 'grafana',
    url: fake.url,
    status: 'up',
    auth_mode: 'token',
    version: '12.1.0',
    flavour: 'grafana',
    labels: { env: 'prod' },
    details: {
      status_reason: null,
      org: { id: 1, name: 'Main Org.' },
      edition: 'Open Source',
      commit: fake.world.commit,
      hides_version: false,
      datasources: [
        {
          ...{ uid: 'a', name: 'Rows', type: 'postgres', url: 'db.example:5432', access: 'proxy' },
          ...{ is_default: false, read_only: true },
        },
        {
          ...{ uid: 'b', name: 'Metrics', type: 'prometheus', url: 'http://prometheus:9090', access: 'proxy' },
          ...{ is_default: true, read_only: false },
        },
      ],
    },
  });
  expect(skipped).toEqual([]);
  expect(enumerated).toEqual(['monitoring_endpoint', 'relation']);
  expect(identified).toEqual([{ root: fake.url, principal: null }]);
  expect(measures).toEqual({ latency_ms: expect.any(Number) });
  expect(fake.requests.map(({ operation }) => operation)).toEqual(['Health', 'Org', 'FrontendSettings', 'Datasources']);
  fake.assertNoUnexpected();
});

test('below a path, and as a user with a password, it is read the same', async () => {
  const { fake } = await startGrafana({ path_prefix: '/grafana' });
  fake.world.users.set('ada', { password: `${secretMarker}pw`, role: 'Viewer' });

  const read_ = await read({ url: `${fake.url}/`, auth: { username: 'ada', password: `${secretMarker}pw` } });

  expect(read_.attributes).toMatchObject({ status: 'up', auth_mode: 'basic', url: fake.url });
  expect(read_.identified).toEqual([{ root: fake.url, principal: 'ada' }]);
});

test('a hidden version is told to the signed-in; to others it stays unknown, and what is known of it is kept', async () => {
  const { fake, endpoint } = await startGrafana();
  fake.world.hides_version = true;

  const signedIn = await read(endpoint);
  fake.world.allows_anonymous = true;
  const visiting = await read({ url: fake.url });

  expect(signedIn.attributes).toMatchObject({ version: '12.1.0', details: { hides_version: true } });
  expect(visiting.attributes).toMatchObject({ status: 'up', auth_mode: 'none', details: { hides_version: true } });
  expect(visiting.attributes).not.toHaveProperty('version');
  expect(visiting.attributes.details).not.toHaveProperty('commit');
});

test('what is told at length is not taken for a version, and a key in a name is not told on', async () => {
  const { fake, endpoint } = await startGrafana();
  const key = `glsa_${'a1'.repeat(16)}_0123abcd`;
  fake.world.version = 'v'.repeat(100_000);
  fake.world.org.name = `of ${key}`;

  const { attributes, raw } = await read(endpoint);

  expect(attributes).toMatchObject({ status: 'up', details: { org: { name: 'of [redacted]' } } });
  expect(attributes).not.toHaveProperty('version');
  expect(JSON.stringify(raw).length).toBeLessThan(10_000);
});

test('a failing database is degraded: the body of the 503 is kept, and nothing else is asked', async () => {
  const { fake, endpoint } = await startGrafana();
  fake.world.database = 'failing';

  const { attributes, raw } = await read(endpoint);

  expect(attributes).toMatchObject({
    ...{ status: 'degraded', version: '12.1.0', details: { status_reason: 'its database is failing' } },
  });
  expect(attributes).not.toHaveProperty('auth_mode');
  expect(raw).toMatchObject({ health: { database: 'failing', version: '12.1.0' }, org: null });
  expect(fake.requests).toHaveLength(1);
});

test.for([
  ['no credentials', '/api/org answers 401, and there is no token to show'],
  ['a wrong token', '/api/org answers 401'],
  ['an expired token', '/api/org answers 401'],
  ['a wrong password', '/api/org answers 401'],
  ['an account without a role', '/api/org answers 403'],
] as const)('%s: auth_required, not down, and its version is known', async ([who, status_reason]) => {
  const { fake } = await startGrafana();
  const auth = {
    'no credentials': {},
    'a wrong token': { token: 'glsa_none' },
    'an expired token': { token: fake.addToken({ role: 'Viewer', is_expired: true }) },
    'a wrong password': { username: 'ada', password: 'byron' },
    'an account without a role': { token: fake.addToken({ role: 'None' }) },
  }[who];

  const { attributes, skipped } = await read({ url: fake.url, auth });

  expect(attributes).toMatchObject({ status: 'auth_required', version: '12.1.0', details: { status_reason } });
  // What was configured but not verified is no mode; what was not read is left out, so that it stays.
  expect(attributes).not.toHaveProperty('auth_mode');
  expect(attributes.details).not.toHaveProperty('datasources');
  expect(skipped).toEqual([]);
});

const raw = (status: number, body = '<html>', content_type = 'text/html'): FaultEffect => ({
  ...{ kind: 'raw', status, body, content_type },
});

test.for<[string, FaultEffect, string, string]>([
  ['Health', { kind: 'hang' }, 'unreachable', 'there is no answer in time'],
  ['Health', { kind: 'reset' }, 'unreachable', 'the connection is cut'],
  ['Health', { kind: 'reset', after_headers: true }, 'unreachable', 'the connection is cut'],
  ['Health', raw(502), 'unreachable', '/api/health answers 502'],
  ['Health', raw(503), 'unreachable', '/api/health answers 503'],
  ['Health', raw(500), 'degraded', '/api/health answers 500'],
  ['Health', raw(429), 'degraded', '/api/health answers 429'],
  ['Health', raw(401), 'auth_required', '/api/health answers 401'],
  ['Health', raw(403), 'auth_required', '/api/health answers 403'],
  ['Health', raw(200), 'not_grafana', '/api/health answers 200, and not as Grafana does'],
  ['Health', raw(200, '{"status":"UP"}'), 'not_grafana', '/api/health answers 200, and not as Grafana does'],
  ['Health', raw(404), 'not_grafana', '/api/health answers 404, and not as Grafana does'],
  ['Health', { kind: 'malformed' }, 'not_grafana', '/api/health answers 200, and not as Grafana does'],
  ['Health', { kind: 'large', bytes: 8_000_001 }, 'not_grafana', 'its answer is larger than any of the API'],
  ['Health', { kind: 'redirect', location: '/login' }, 'auth_required', 'it redirects to its login page'],
  [
    'Health',
    { kind: 'redirect', location: 'https://sso.example/oauth2/authorize' },
    'auth_required',
    'it redirects to https://sso.example, where its credentials are not sent',
  ],
  [
    'Health',
    { kind: 'redirect', location: 'https://elsewhere.example/' },
    'not_grafana',
    'it redirects to https://elsewhere.example, where its credentials are not sent',
  ],
  ['Org', { kind: 'hang' }, 'degraded', '/api/org: there is no answer in time'],
  ['Org', { kind: 'reset' }, 'degraded', '/api/org: the connection is cut'],
  ['Org', raw(500), 'degraded', '/api/org answers 500'],
  ['Org', raw(404), 'not_grafana', '/api/org answers 404, and not as Grafana does'],
  ['Org', raw(200), 'not_grafana', '/api/org answers 200, and not as Grafana does'],
  ['Org', { kind: 'redirect', location: '/login' }, 'auth_required', 'it redirects to its login page'],
])('%s answered by %j: %s', async ([operation, effect, status, status_reason]) => {
  const { fake, endpoint } = await startGrafana();
  fake.faults.plan({ operation, effect });

  const { attributes, skipped, enumerated } = await read(endpoint, { timeout: effect.kind === 'hang' ? '1s' : '30s' });

  expect(attributes).toMatchObject({ status, details: { status_reason } });
  expect(attributes).not.toHaveProperty('auth_mode');
  expect(skipped).toEqual([]);
  expect(enumerated).toEqual(['monitoring_endpoint']);
  // Nothing is asked after the answer that decides.
  expect(fake.requests.at(-1)?.operation).toBe(operation);
  expect(fake.requests).toHaveLength(operation === 'Health' ? 1 : 2);
});

test('a Grafana that is not there is an observation, with its request as evidence', async () => {
  const fake = await openGrafanaFake();
  await fake.close();

  const { attributes, raw: stored, requests, observations } = await read({ url: fake.url });

  expect(attributes).toMatchObject({ status: 'unreachable', details: { status_reason: 'the connection is refused' } });
  expect(stored).toEqual({ health: null, org: null, build_info: null });
  expect(requests).toMatchObject([{ operation: 'grafana:Health', http_status: null, sha256: null }]);
  expect(observations[0]?.evidence).toEqual(requests);
});

test('credentials are not sent to where a redirect leads', async () => {
  const { fake, endpoint } = await startGrafana();
  const asked: unknown[] = [];
  const other = await openLoopbackServer({ port: 0 }, async (request) => {
    asked.push(request);
    return { kind: 'reset' };
  });
  onTestFinished(() => other.close());
  fake.faults.plan({ effect: { kind: 'redirect', location: `${other.url}/api/health`, status: 307 } });

  await read(endpoint);

  expect(asked).toEqual([]);
});

test.for([
  ['FrontendSettings', raw(500), '/api/frontend/settings'],
  ['FrontendSettings', raw(200), '/api/frontend/settings'],
  ['FrontendSettings', { kind: 'hang' }, '/api/frontend/settings'],
  ['Datasources', raw(403), '/api/datasources'],
  ['Datasources', raw(500), '/api/datasources'],
  ['Datasources', { kind: 'malformed' }, '/api/datasources'],
  ['Datasources', { kind: 'large', bytes: 8_000_001 }, '/api/datasources'],
  ['Datasources', { kind: 'hang' }, '/api/datasources'],
] as const)('%s answered by %j is skipped by name, and the rest is known', async ([operation, effect, what]) => {
  const { fake, endpoint } = await startGrafana();
  addDatasource(fake.world, { uid: 'a', type: 'loki' });
  fake.faults.plan({ operation, effect });

  const { attributes, skipped, enumerated } = await read(endpoint, { timeout: '1s' });

  expect(skipped).toEqual([{ what, kinds: [] }]);
  // What it no longer leads to is known only when the data sources are.
  expect(enumerated).toEqual(['monitoring_endpoint', ...(operation === 'Datasources' ? [] : ['relation'])]);
  // Health tells the version too.
  expect(attributes).toMatchObject({ status: 'up', auth_mode: 'token', version: '12.1.0' });
  expect('datasources' in (attributes.details ?? {})).toBe(operation !== 'Datasources');
  expect('edition' in (attributes.details ?? {})).toBe(operation !== 'FrontendSettings');
});

test('the flavour is told by the edition', async () => {
  const { fake, endpoint } = await startGrafana();
  fake.world.edition = 'Enterprise';

  const { attributes } = await read(endpoint);

  expect(attributes).toMatchObject({ flavour: 'grafana-enterprise', details: { edition: 'Enterprise' } });
});

test('over TLS the end of the certificate is known, and one that nobody vouches for is unreachable', async () => {
  const certificate = await createCertificate();
  const { endpoint } = await startGrafana({ certificate });
  const folder = await mkdtemp(join(tmpdir(), 'grafana-collector-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const ca_file = join(folder, 'ca.pem');
  await writeFile(ca_file, certificate.certificate_pem);

  const trusted = await read({ ...endpoint, ca_file });
  const untrusted = await read(endpoint);

  expect(trusted.attributes).toMatchObject({ status: 'up' });
  expect(Date.parse(trusted.attributes.tls_not_after ?? '')).toBeGreaterThan(Date.now());
  expect(untrusted.attributes).toMatchObject({
    ...{ status: 'unreachable', details: { status_reason: 'its certificate is of no trusted authority' } },
  });
  expect(untrusted.attributes).not.toHaveProperty('tls_not_after');
});

test('a secret never comes out, wherever it was put', async () => {
  const { fake, endpoint } = await startGrafana();
  const secret = (what: string) => `${secretMarker}${what}`;
  addDatasource(fake.world, {
    uid: 'a',
    type: 'prometheus',
    url: `http://user:${secret('url')}@prometheus:9090/p?token=${secret('query')}#${secret('fragment')}`,
    access: 'direct',
    user: secret('user'),
    database: secret('database'),
    json_data: { httpHeaderValue1: secret('header'), password: secret('json'), nested: { key: secret('nested') } },
    secure_json_data: { password: secret('secure') },
  });
  addDatasource(fake.world, { uid: 'b', type: 'postgres', url: `postgres://u:${secret('dsn')}@db/x` });
  addDatasource(fake.world, { uid: 'c', type: 'x', name: `x password=${secret('name')}`, url: `k=${secret('text')}` });
  fake.faults.plan({
    operation: 'Org',
    nth: 2,
    effect: { kind: 'raw', status: 500, body: `{"message":"${secret('message')}"}` },
  });

  const reads = [await read(endpoint), await read(endpoint)];

  expect(reads.map(({ attributes }) => attributes.status)).toEqual(['up', 'degraded']);
  expect(reads[0]?.attributes.details).toMatchObject({
    datasources: [{ url: 'http://prometheus:9090/p' }, { url: null }, { url: null }],
  });
  expect(JSON.stringify(reads)).not.toContain(secretMarker);
});

test('credentials that cannot be had fail the scope before anything is asked, and say what to repair', async () => {
  const { fake } = await startGrafana();

  const reading = read({ url: fake.url, auth: { token_file: '/nowhere/grafana-token' } });

  await expect(reading).rejects.toMatchObject({
    code: 'no_credentials',
    message: '/nowhere/grafana-token cannot be read: mount it, or name the right file',
  });
  expect(fake.requests).toEqual([]);
});

test('a stop ends the reading at once, and is no verdict', async () => {
  const { fake, endpoint } = await startGrafana();
  const stop = new AbortController();
  const reason = new Error('stopped');
  fake.faults.plan({ operation: 'Org', effect: { kind: 'mutate', mutate: () => stop.abort(reason) } });
  fake.faults.plan({ operation: 'Org', effect: { kind: 'hang' } });

  await expect(read(endpoint, { signal: stop.signal })).rejects.toBe(reason);
});
