// The fake endpoint by itself, asked with bare requests: who is told what, and with which status.
import { expect, onTestFinished, test } from 'vitest';
import { openPrometheusFake, type PrometheusFakeOptions } from './fake.ts';
import type { PlayedFlavour } from './world.ts';

async function start(options: PrometheusFakeOptions = {}) {
  const fake = await openPrometheusFake(options);
  onTestFinished(() => fake.close());
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(fake.url + path, { headers, redirect: 'manual' });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  return { fake, get };
}

test.for<[PlayedFlavour, Record<string, number>]>([
  ['prometheus-2', { '/-/healthy': 200, '/-/ready': 200, '/api/v1/status/tsdb': 200, '/api/v1/status/config': 200 }],
  ['prometheus-3', { '/-/healthy': 200, '/-/ready': 200, '/api/v1/status/tsdb': 200, '/api/v1/status/config': 200 }],
  // As Debian's 2.42 answers in agent mode.
  ['prometheus-agent', { '/-/healthy': 200, '/api/v1/query?query=1': 422, '/api/v1/status/tsdb': 422 }],
  ['thanos', { '/-/healthy': 200, '/api/v1/status/runtimeinfo': 200, '/api/v1/status/config': 404 }],
  ['mimir', { '/-/healthy': 404, '/api/v1/status/buildinfo': 200, '/api/v1/status/runtimeinfo': 404 }],
  ['cortex', { '/-/ready': 404, '/api/v1/status/buildinfo': 200, '/api/v1/status/config': 404 }],
  ['victoriametrics', { '/-/healthy': 200, '/api/v1/status/runtimeinfo': 400, '/api/v1/targets': 200 }],
  ['victoriametrics-cluster', { '/-/healthy': 400, '/api/v1/status/buildinfo': 200, '/api/v1/targets': 400 }],
])('%s answers %j', async ([flavour, expected]) => {
  const { get } = await start({ flavour });
  const statuses: Record<string, number> = {};

  for (const path of Object.keys(expected)) statuses[path] = (await get(path, { 'x-scope-orgid': 'team-a' })).status;

  expect(statuses).toEqual(expected);
});

test.for<[PlayedFlavour, 'starting' | 'stopping', string | null]>([
  ['prometheus-2', 'starting', null],
  ['prometheus-2', 'stopping', null],
  ['prometheus-3', 'starting', 'false'],
  ['prometheus-3', 'stopping', 'true'],
])('%s that is %s lives, is not ready, and says of stopping: %s', async ([flavour, state, stopping]) => {
  const { fake, get } = await start({ flavour });
  fake.world.state = state;

  const ready = await get('/-/ready');

  expect((await get('/-/healthy')).status).toBe(200);
  expect((await get('/api/v1/status/buildinfo')).status).toBe(503);
  expect(ready.status).toBe(503);
  expect(ready.headers.get('x-prometheus-stopping')).toBe(stopping);
});

test('who is not let in is told nothing, not even that it lives', async () => {
  const { fake, get } = await start();
  fake.world.access = { mode: 'basic', username: 'ops', password: 'right' };
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

  expect((await get('/-/healthy')).status).toBe(401);
  expect((await get('/-/healthy', basic('ops:wrong'))).status).toBe(401);
  expect((await get('/-/healthy', basic('ops:right'))).status).toBe(200);
  expect(fake.requests.map(({ has_credentials }) => has_credentials)).toEqual([false, true, true]);
});

test('tokens are given for a client that is known, and let in', async () => {
  const { fake, get } = await start();
  fake.world.access = { mode: 'oauth', client_id: 'c', client_secret: 's' };
  const ask = (secret: string) =>
    fetch(fake.token_url, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`c:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });

  const refused = await ask('wrong');
  const { access_token } = JSON.parse(await (await ask('s')).text());

  expect(refused.status).toBe(401);
  expect((await get('/-/healthy', { authorization: `Bearer ${access_token}` })).status).toBe(200);
});

test('data is one tenant’s, and the build anybody’s', async () => {
  const { get } = await start({ flavour: 'mimir', path_prefix: '/prometheus' });

  expect((await get('/api/v1/status/buildinfo')).status).toBe(200);
  expect((await get('/api/v1/rules')).status).toBe(401);
  expect((await get('/api/v1/rules', { 'x-scope-orgid': 'team-b' })).status).toBe(401);
  expect((await get('/api/v1/rules', { 'x-scope-orgid': 'team-a' })).status).toBe(200);
});

test('an unknown path, one outside of the prefix, and a fault that never happened, are mistakes', async () => {
  const { fake, get } = await start({ path_prefix: '/prometheus' });
  fake.faults.plan({ operation: 'Rules', effect: { kind: 'hang' } });

  await get('/api/v1/admin/tsdb/snapshot');
  await fetch(new URL('/-/healthy', fake.url));

  expect(() => fake.assertNoUnexpected()).toThrow(
    /GET \/prometheus\/api\/v1\/admin\/tsdb\/snapshot[\s\S]*GET \/-\/healthy[\s\S]*unused fault hang on Rules/,
  );
});
