// The fake Grafana by itself, asked with bare requests: who is told what, and with which status.
import { expect, onTestFinished, test } from 'vitest';
import { secretMarker } from '../secrets.ts';
import { type GrafanaFakeOptions, openGrafanaFake } from './fake.ts';
import { addDatasource } from './world.ts';

async function start(options: GrafanaFakeOptions = {}) {
  const fake = await openGrafanaFake(options);
  onTestFinished(() => fake.close());
  const get = async (path: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(fake.url + path, { headers, redirect: 'manual' });
    const body = await response.text();
    return { status: response.status, location: response.headers.get('location'), body };
  };
  return { fake, get };
}

test('health is told to anybody, and wrong credentials do it no harm', async () => {
  const { fake, get } = await start();

  for (const authorization of [undefined, 'Bearer wrong']) {
    const { status, body } = await get('/api/health', authorization);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ database: 'ok', version: fake.world.version, commit: fake.world.commit });
  }
  expect((await get('/healthz')).body).toBe('Ok');
});

test('a failing database is 503 with a body, and what was found is told for five seconds', async () => {
  let nowMs = 0;
  const { fake, get } = await start({ now: () => nowMs });
  await get('/api/health');
  fake.world.database = 'failing';

  const early = await get('/api/health');
  nowMs = 5000;
  const late = await get('/api/health');

  expect(early.status).toBe(200);
  expect(late.status).toBe(503);
  expect(JSON.parse(late.body)).toMatchObject({ database: 'failing', version: fake.world.version });
});

test('a hidden version is told to the signed-in only', async () => {
  const { fake, get } = await start();
  fake.world.hides_version = true;
  fake.world.allows_anonymous = true;
  const token = fake.addToken({ role: 'Viewer' });
  const versionIn = (body: string) => JSON.parse(body).buildInfo.version;

  expect(JSON.parse((await get('/api/health')).body)).toEqual({ database: 'ok' });
  expect(versionIn((await get('/api/frontend/settings')).body)).toBe('');
  expect(versionIn((await get('/api/frontend/settings', `Bearer ${token}`)).body)).toBe(fake.world.version);
});

test.for([
  ['nobody', { Org: 401, FrontendSettings: 401, Datasources: 401 }],
  ['a wrong token', { Org: 401, FrontendSettings: 401, Datasources: 401 }],
  ['an expired token', { Org: 401, FrontendSettings: 401, Datasources: 401 }],
  ['a wrong password', { Org: 401, FrontendSettings: 401, Datasources: 401 }],
  ['an account without a role', { Org: 403, FrontendSettings: 200, Datasources: 403 }],
  ['a viewer', { Org: 200, FrontendSettings: 200, Datasources: 200 }],
  ['a user', { Org: 200, FrontendSettings: 200, Datasources: 200 }],
] as const)('%s is answered %o', async ([who, expected]) => {
  const { fake, get } = await start();
  fake.world.users.set('ada', { password: 'lovelace', role: 'Viewer' });
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const authorization = {
    nobody: undefined,
    'a wrong token': 'Bearer glsa_none',
    'an expired token': `Bearer ${fake.addToken({ role: 'Viewer', is_expired: true })}`,
    'a wrong password': basic('ada:byron'),
    'an account without a role': `Bearer ${fake.addToken({ role: 'None' })}`,
    'a viewer': `Bearer ${fake.addToken({ role: 'Viewer' })}`,
    'a user': basic('ada:lovelace'),
  }[who];

  const statuses = {
    Org: (await get('/api/org', authorization)).status,
    FrontendSettings: (await get('/api/frontend/settings', authorization)).status,
    Datasources: (await get('/api/datasources', authorization)).status,
  };

  expect(statuses).toEqual(expected);
});

test('data sources come without their secrets, and viewers of a licensed Enterprise see only what they are given', async () => {
  const { fake, get } = await start();
  const secure_json_data = { password: `${secretMarker}password` };
  addDatasource(fake.world, { uid: 'b', type: 'loki', secure_json_data });
  addDatasource(fake.world, { uid: 'a', type: 'prometheus', is_for_viewers: false });
  const viewer = `Bearer ${fake.addToken({ role: 'Viewer' })}`;
  const uidsIn = (body: string) => JSON.parse(body).map(({ uid }: { uid: string }) => uid);

  const all = await get('/api/datasources', viewer);
  fake.world.enforces_datasource_permissions = true;
  const some = await get('/api/datasources', viewer);

  expect(uidsIn(all.body)).toEqual(['a', 'b']);
  expect(all.body).not.toContain(secretMarker);
  expect(uidsIn(some.body)).toEqual(['b']);
});

test('people are sent to the login page, below the path that it serves', async () => {
  const { get } = await start({ path_prefix: '/grafana' });

  expect(await get('/')).toMatchObject({ status: 302, location: '/grafana/login' });
  expect(await get('/login')).toMatchObject({ status: 200 });
});

test('an unknown path, and a fault that never happened, are mistakes', async () => {
  const { fake, get } = await start();
  fake.faults.plan({ operation: 'Org', effect: { kind: 'hang' } });

  const answer = await get('/api/admin/settings');

  expect(answer.status).toBe(401);
  expect(() => fake.assertNoUnexpected()).toThrow(/GET \/api\/admin\/settings[\s\S]*unused fault hang on Org/);
});
