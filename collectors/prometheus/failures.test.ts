// Every fault that the fake can play, and what becomes of the reading: a verdict, a part named as skipped, or nothing at all.
import { expect, onTestFinished, test } from 'vitest';
import { openLoopbackServer } from '#testkit/loopback-server.ts';
import { openPrometheusFake } from '#testkit/prometheus/fake.ts';
import type { FaultEffect } from '#testkit/prometheus/faults.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { read, startPrometheus } from './observe.contract.ts';
import { paths } from './permissions.ts';

const raw = (status: number, body = '<html>', content_type = 'text/html'): FaultEffect => ({
  ...{ kind: 'raw', status, body, content_type },
});
const large: FaultEffect = { kind: 'large', bytes: 32_000_001 };
const largeAnswer: FaultEffect = { kind: 'large', bytes: 1_000_001 };

test.for<[keyof typeof paths, FaultEffect, string, string]>([
  ['Healthy', { kind: 'hang' }, 'unreachable', 'there is no answer in time'],
  ['Healthy', { kind: 'reset' }, 'unreachable', 'the connection is cut'],
  ['Healthy', { kind: 'reset', after_headers: true }, 'unreachable', 'the connection is cut'],
  ['Healthy', raw(502), 'unreachable', '/-/healthy answers 502'],
  ['Healthy', raw(503), 'unreachable', '/-/healthy answers 503'],
  ['Healthy', raw(504), 'unreachable', '/-/healthy answers 504'],
  ['Healthy', raw(401), 'auth_required', '/-/healthy answers 401'],
  ['Healthy', raw(403), 'auth_required', '/-/healthy answers 403'],
  ['Healthy', largeAnswer, 'not_prometheus', 'its answer is larger than any of the API'],
  ['Healthy', { kind: 'redirect', location: '/login' }, 'auth_required', 'it redirects to its login page'],
  ['Healthy', { kind: 'redirect', location: '/-/healthy' }, 'not_prometheus', '/-/healthy redirects and leads nowhere'],
  [
    'Healthy',
    { kind: 'redirect', location: 'https://sso.example/oauth2/authorize' },
    'auth_required',
    'it redirects to https://sso.example, where its credentials are not sent',
  ],
  [
    'Healthy',
    { kind: 'redirect', location: 'https://elsewhere.example/' },
    'not_prometheus',
    'it redirects to https://elsewhere.example, where its credentials are not sent',
  ],
  ['Ready', { kind: 'hang' }, 'degraded', 'after its first answer: there is no answer in time'],
  ['Ready', { kind: 'reset' }, 'degraded', 'after its first answer: the connection is cut'],
  ['Ready', raw(503), 'starting', 'it is not ready yet'],
  ['BuildInfo', { kind: 'reset' }, 'degraded', 'after its first answer: the connection is cut'],
  ['RuntimeInfo', { kind: 'hang' }, 'degraded', 'after its first answer: there is no answer in time'],
])('%s answered by %j: %s, and nothing is asked after it', async ([operation, effect, status, status_reason]) => {
  const fake = await startPrometheus();
  fake.faults.plan({ operation, effect });

  const { attributes, skipped, enumerated } = await read(
    { url: fake.url },
    { timeout: effect.kind === 'hang' ? '1s' : '30s' },
  );

  expect(attributes).toMatchObject({ status, details: { status_reason } });
  expect(attributes).not.toHaveProperty('auth_mode');
  expect(skipped).toEqual([]);
  expect(enumerated).toEqual(['monitoring_endpoint']);
  expect(fake.requests.at(-1)?.operation).toBe(operation);
  fake.assertNoUnexpected();
});

test.for<[keyof typeof paths, FaultEffect, string, string | null]>([
  // Not what says whether it lives: below a path prefix there is often none of it.
  ['Healthy', raw(404), 'up', null],
  ['Healthy', raw(200), 'up', null],
  ['Healthy', { kind: 'malformed' }, 'up', null],
  ['Healthy', { kind: 'delay', ms: 20 }, 'up', null],
  ['Ready', raw(404), 'up', null],
  ['BuildInfo', raw(401), 'auth_required', '/api/v1/status/buildinfo answers 401'],
  ['BuildInfo', raw(403), 'auth_required', '/api/v1/status/buildinfo answers 403'],
  ['BuildInfo', raw(500), 'degraded', '/api/v1/status/buildinfo answers 500'],
  ['BuildInfo', { kind: 'malformed' }, 'up', null],
  ['RuntimeInfo', raw(403), 'auth_required', '/api/v1/status/runtimeinfo answers 403'],
  ['RuntimeInfo', { kind: 'malformed' }, 'up', null],
  ['RuntimeInfo', raw(404), 'up', null],
])('%s answered by %j: %s', async ([operation, effect, status, status_reason]) => {
  const fake = await startPrometheus();
  fake.faults.plan({ operation, effect });

  const { attributes, skipped } = await read({ url: fake.url });

  expect(attributes).toMatchObject({ status, details: { status_reason } });
  expect(skipped).toEqual([]);
  fake.assertNoUnexpected();
});

test.for([
  ['nested too deep to be walked', `{"version":"1","features":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`],
  [
    'as long as an answer may be',
    JSON.stringify({ version: 'v'.repeat(900_000), features: { a: 'b'.repeat(90_000) } }),
  ],
])('build information that is %s is not stored', async ([, data]) => {
  const fake = await startPrometheus();
  fake.faults.plan({ operation: 'BuildInfo', effect: raw(200, `{"status":"success","data":${data}}`) });

  const { attributes, raw: stored } = await read({ url: fake.url });

  expect(attributes.status).toBe('up');
  expect(JSON.stringify([attributes, stored]).length).toBeLessThan(10_000);
});

test.for<[FaultEffect, string, string]>([
  [raw(200), 'not_prometheus', "/api/v1/query?query=1 answers 200, and not in the API's form"],
  [raw(200, '{"status":"UP"}'), 'not_prometheus', "/api/v1/query?query=1 answers 200, and not in the API's form"],
  [raw(404), 'not_prometheus', "/api/v1/query?query=1 answers 404, and not in the API's form"],
  [raw(400), 'not_prometheus', "/api/v1/query?query=1 answers 400, and not in the API's form"],
  [raw(500), 'degraded', '/api/v1/status/buildinfo answers 500'],
  [raw(429), 'degraded', '/api/v1/status/buildinfo answers 429'],
])('a server that answers everything with %j is %s', async ([effect, status, status_reason]) => {
  const fake = await startPrometheus();
  fake.faults.plan({ effect });

  const { attributes, enumerated } = await read({ url: fake.url });

  expect(attributes).toMatchObject({ status, details: { status_reason } });
  expect(enumerated).toEqual(['monitoring_endpoint']);
});

const parts = ['Tsdb', 'Targets', 'Alertmanagers', 'Rules', 'Config'] as const;
const refusals: readonly FaultEffect[] = [raw(401), raw(403), raw(429), raw(500), raw(200), { kind: 'malformed' }];

test.for(
  parts.flatMap((operation) => [...refusals, large].map((effect) => [operation, effect] as const)),
)('%s answered by %j is skipped by name, and the rest is known', async ([operation, effect]) => {
  const fake = await startPrometheus();
  fake.faults.plan({ operation, effect });

  const { attributes, skipped, enumerated } = await read({ url: fake.url }, { timeout: '30s' });

  expect(skipped).toEqual([{ what: paths[operation], kinds: [] }]);
  expect(attributes).toMatchObject({ status: 'up', auth_mode: 'none', version: '2.42.0+ds' });
  // Whom it no longer leads to is known only when both were read.
  const arePeersKnown = operation !== 'Alertmanagers' && operation !== 'Config';
  expect(enumerated).toEqual(['monitoring_endpoint', ...(arePeersKnown ? ['relation'] : [])]);
  fake.assertNoUnexpected();
});

test.for(
  parts.flatMap((operation) => [404, 400, 422, 501].map((status) => [operation, status] as const)),
)('%s answered by %i is not offered, and so not missed', async ([operation, status]) => {
  const fake = await startPrometheus();
  fake.faults.plan({ operation, effect: raw(status) });

  const { attributes, skipped, enumerated } = await read({ url: fake.url });

  expect(attributes.status).toBe('up');
  expect(skipped).toEqual([]);
  expect(enumerated).toEqual(['monitoring_endpoint', 'relation']);
});

test('after a part without an answer nothing more is asked, and all that was not read is named', async () => {
  const fake = await startPrometheus();
  fake.world.access = { mode: 'token', token: 't' };
  fake.faults.plan({ operation: 'Targets', effect: { kind: 'hang' } });

  const { attributes, skipped, measures } = await read({ url: fake.url, auth: { token: 't' } }, { timeout: '1s' });

  expect(attributes.status).toBe('up');
  expect(attributes).not.toHaveProperty('auth_mode');
  expect(measures).toMatchObject({ series: 1234 });
  expect(skipped.map(({ what }) => what)).toEqual([paths.Targets, paths.Alertmanagers, paths.Rules, paths.Config]);
  expect(fake.requests.at(-1)?.operation).toBe('Targets');
});

test('a server that is not there is an observation, with its one request as evidence', async () => {
  const fake = await openPrometheusFake();
  await fake.close();

  const { attributes, raw: stored, requests, observations, measures } = await read({ url: fake.url });

  expect(attributes).toMatchObject({ status: 'unreachable', details: { status_reason: 'the connection is refused' } });
  expect(stored).toEqual({ buildinfo: null, runtimeinfo: null });
  expect(measures).toEqual({});
  expect(requests).toMatchObject([{ operation: 'prometheus:Healthy', http_status: null, sha256: null }]);
  expect(observations[0]?.evidence).toEqual(requests);
});

test('credentials are not sent to where a redirect leads', async () => {
  const fake = await startPrometheus();
  const asked: unknown[] = [];
  const other = await openLoopbackServer({ port: 0 }, async (request) => {
    asked.push(request);
    return { kind: 'reset' };
  });
  onTestFinished(() => other.close());
  fake.faults.plan({ effect: { kind: 'redirect', location: `${other.url}/-/healthy`, status: 307 } });

  await read({ url: fake.url, auth: { token: secretMarker } });

  expect(asked).toEqual([]);
});

test.for([
  [{ token_file: '/nowhere/token' }, 'no_credentials'],
  [{ username: 'ops', password_file: '/nowhere/password' }, 'no_credentials'],
  [{ oauth: { token_url: 'http://127.0.0.1:9/token', client_id: 'c', client_secret: 's' } }, 'unreachable'],
])('credentials that cannot be had, %j, fail the scope before anything is asked', async ([auth, code]) => {
  const fake = await startPrometheus();

  await expect(read({ url: fake.url, auth })).rejects.toMatchObject({ code });
  expect(fake.requests).toEqual([]);
});

test('a client that the token server does not know fails the scope, and no secret is told', async () => {
  const fake = await startPrometheus();
  const oauth = { token_url: fake.token_url, client_id: 'stranger', client_secret: secretMarker };

  const error: unknown = await read({ url: fake.url, auth: { oauth } }).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ code: 'credentials_refused', status: 401 });
  expect(String(error)).not.toContain(secretMarker);
});

test.for([
  'Healthy',
  'RuntimeInfo',
  'Rules',
])('a stop during %s ends the reading at once, and is no verdict', async (operation) => {
  const fake = await startPrometheus();
  const stop = new AbortController();
  const reason = new Error('stopped');
  fake.faults.plan({ operation, effect: { kind: 'mutate', mutate: () => stop.abort(reason) } });
  fake.faults.plan({ operation, effect: { kind: 'hang' } });

  await expect(read({ url: fake.url }, { signal: stop.signal })).rejects.toBe(reason);
});
