// The Grafana collector through the runner into a real database: what is stored, what stays, and what one Grafana costs the others.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import type { Collector } from '#core/collector.ts';
import { toSeedRequest } from '#store/seed-request.ts';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { openGrafanaFake } from '#testkit/grafana/fake.ts';
import { addDatasource } from '#testkit/grafana/world.ts';
import { openPrometheusFake } from '#testkit/prometheus/fake.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { collector as prometheus } from '../prometheus/collector.ts';
import { runConfigured } from '../run.contract.ts';
import { collector } from './collector.ts';
import { startGrafana } from './observe.contract.ts';

let store: TestStore;
let tenants = 0;
let tenant = '';
let log = '';

beforeAll(async () => {
  store = await databases[0].open();
});
afterAll(() => store.close());

/** Each test is a tenant of its own. */
async function start() {
  tenants += 1;
  tenant = `tenant-${tenants}`;
  log = '';
  return await startGrafana();
}

async function run(endpoints: readonly unknown[], collected: Collector = collector) {
  const destination = {
    write(line: string) {
      log += line;
    },
  };
  return await runConfigured(collected, { timeout: '1s', endpoints }, { writer: store.writer, tenant, destination });
}

const select = (table: string, order = 'scope'): Promise<Row[]> =>
  store.query(`select * from ${table} where tenant_id = '${tenant}' order by ${order}`);

/** What one database keeps as text and the other as JSON. */
const asJson = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value);

test('a first run stores the endpoint, a second rewrites nothing although its latency moved and its data sources are shuffled', async () => {
  const { fake, endpoint } = await start();
  addDatasource(fake.world, { uid: 'a', name: 'first', type: 'loki', url: 'http://loki:3100' });
  addDatasource(fake.world, { uid: 'b', name: 'second', type: 'prometheus', url: 'http://prometheus:9090' });
  const readLatency = async () => asJson((await select('scopes'))[0]?.['measures']);

  const first = await run([endpoint]);
  const before = await countWrites(store, tenant);
  const latency = await readLatency();
  const listed = await fetch(`${fake.url}/api/datasources`, {
    headers: { authorization: `Bearer ${endpoint.auth.token}` },
  });
  const body = JSON.stringify(
    z
      .array(z.unknown())
      .parse(await listed.json())
      .toReversed(),
  );
  fake.faults.plan({ operation: 'Datasources', effect: { kind: 'raw', status: 200, body } });
  fake.faults.plan({ operation: 'Health', effect: { kind: 'delay', ms: 30 } });
  const second = await run([endpoint]);

  expect(first).toMatchObject({ outcome: 'complete', exit_code: 0, counts: { seen: 2, inserted: 2, pages: 4 } });
  expect(second).toMatchObject({ outcome: 'complete', counts: { seen: 2, inserted: 0, changed: 0, unchanged: 2 } });
  expect(await countWrites(store, tenant)).toBe(before);
  expect(await readLatency()).not.toEqual(latency);
});

test('dead, hanging, refusing and strange ones are rows, complete and exit code 0, and cost a living one nothing', async () => {
  const { fake, endpoint } = await start();
  const gone = await openGrafanaFake();
  await gone.close();
  const other = async (change: (one: Awaited<ReturnType<typeof openGrafanaFake>>) => void) => {
    const one = await openGrafanaFake();
    onTestFinished(() => one.close());
    change(one);
    return one.url;
  };
  const hanging = await other(({ faults }) => faults.plan({ effect: { kind: 'hang' } }));
  const refusing = await other(() => undefined);
  const failing = await other(({ world }) => {
    world.database = 'failing';
  });
  const strange = await other(({ faults }) => faults.plan({ effect: { kind: 'raw', status: 200, body: '<html>' } }));

  const summary = await run([
    endpoint,
    { name: 'gone', url: gone.url },
    { name: 'hanging', url: hanging },
    { name: 'refusing', url: refusing },
    { name: 'failing', url: failing },
    { name: 'strange', url: strange },
  ]);

  expect(summary).toMatchObject({ outcome: 'complete', exit_code: 0, counts: { seen: 6, inserted: 6, rejected: 0 } });
  expect((await select('monitoring_endpoints')).map((row) => [row['scope'], row['status']])).toEqual([
    ['grafana:failing', 'degraded'],
    ['grafana:gone', 'unreachable'],
    ['grafana:hanging', 'unreachable'],
    ['grafana:main', 'up'],
    ['grafana:refusing', 'auth_required'],
    ['grafana:strange', 'not_grafana'],
  ]);
  expect(fake.requests).toHaveLength(4);
});

test('one whose credentials cannot be had fails alone, with exit code 1, and no other row is missing', async () => {
  const { endpoint } = await start();

  const summary = await run([endpoint, { name: 'b', url: 'http://127.0.0.1:1', auth: { token_file: '/nowhere/t' } }]);

  expect(summary).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { inserted: 1 } });
  expect(summary.scopes.map(({ scope, outcome, code }) => [scope, outcome, code])).toEqual([
    ['grafana:main', 'complete', null],
    ['grafana:b', 'failed', 'no_credentials'],
  ]);
  expect(await select('monitoring_endpoints')).toHaveLength(1);
});

test('when it dies what was known of it stays, and when it comes back only the status has changed', async () => {
  const { fake, endpoint } = await start();
  addDatasource(fake.world, { uid: 'a', type: 'loki' });
  await run([endpoint]);
  const [alive] = await select('monitoring_endpoints');
  const fault = fake.faults.plan({ operation: 'Health', effect: { kind: 'reset' } });

  const died = await run([endpoint]);
  const [dead] = await select('monitoring_endpoints');
  fault.cancel();
  const returned = await run([endpoint]);
  const [back] = await select('monitoring_endpoints');

  expect([died, returned].map(({ outcome, counts }) => [outcome, counts.changed])).toEqual([
    ['complete', 1],
    ['complete', 1],
  ]);
  expect(dead).toMatchObject({
    status: 'unreachable',
    version: alive?.['version'],
    auth_mode: 'token',
    vanished_at: null,
  });
  expect(asJson(dead?.['details'])).toMatchObject({ datasources: [{ uid: 'a' }], org: { id: 1 } });
  expect(back?.['content_hash']).toBe(alive?.['content_hash']);
  expect(await select('record_versions', 'valid_from')).toHaveLength(2);
});

test('a relation vanishes when two lists no longer show its data source; while they cannot be read it stays', async () => {
  const { fake, endpoint } = await start();
  addDatasource(fake.world, { uid: 'a', type: 'prometheus', url: 'http://prometheus-a.example' });
  addDatasource(fake.world, { uid: 'b', type: 'prometheus', url: 'http://prometheus-b.example' });
  const written = { ...endpoint, prometheus: ['http://prometheus-a.example'] };
  await run([written]);
  const readAll = async () =>
    (await select('relations', 'basis, to_ref')).map((row) => [
      row['basis'],
      row['to_ref'],
      row['vanished_at'] !== null,
    ]);
  fake.world.datasources.clear();
  addDatasource(fake.world, { uid: 'b', type: 'prometheus', url: 'http://prometheus-b.example' });
  const fault = fake.faults.plan({ operation: 'Datasources', effect: { kind: 'raw', status: 500, body: '' } });

  await run([written]);
  await run([written]);
  const unread = await readAll();
  fault.cancel();
  await run([written]);
  await run([written]);

  const expected = (isGone: boolean) => [
    ['configured', 'http://prometheus-a.example', false],
    ['peer_url', 'http://prometheus-a.example', isGone],
    ['peer_url', 'http://prometheus-b.example', false],
  ];
  expect(unread).toEqual(expected(false));
  expect(await readAll()).toEqual(expected(true));
});

test('data sources that cannot be read make the run partial, and those that were known stay', async () => {
  const { fake, endpoint } = await start();
  addDatasource(fake.world, { uid: 'a', type: 'loki' });
  await run([endpoint]);
  const before = await countWrites(store, tenant);
  fake.faults.plan({ operation: 'Datasources', effect: { kind: 'raw', status: 403, body: '{}' } });

  const summary = await run([endpoint]);

  expect(summary).toMatchObject({ outcome: 'partial', exit_code: 0, counts: { changed: 0, unchanged: 1 } });
  expect(summary.scopes[0]?.reason).toBe('could not be read: /api/datasources');
  expect(await countWrites(store, tenant)).toBe(before);
});

test('no failure of a Grafana costs a Prometheus its row', async () => {
  const { fake, endpoint } = await start();
  fake.faults.plan({ effect: { kind: 'reset' } });
  const living = await openPrometheusFake();
  onTestFinished(() => living.close());

  await run([{ name: 'broken', url: 'http://127.0.0.1:1', auth: { token_file: '/nowhere/t' } }, endpoint]);
  await run([{ name: 'main', url: living.url }], prometheus);
  await run([endpoint]);

  expect((await select('monitoring_endpoints')).map((row) => [row['kind'], row['status'], row['missed_runs']])).toEqual(
    [
      ['grafana', 'unreachable', 0],
      ['prometheus', 'up', 0],
    ],
  );
});

test('nothing secret is in any table or in the log', async () => {
  const { fake, endpoint } = await start();
  addDatasource(fake.world, {
    ...{ uid: 'a', type: 'prometheus', url: `http://u:${secretMarker}@prometheus:9090/?k=${secretMarker}` },
    json_data: { httpHeaderValue1: secretMarker },
    secure_json_data: { password: secretMarker },
  });
  await run([endpoint]);
  fake.faults.plan({
    effect: {
      kind: 'raw',
      status: 500,
      body: `{"message":"password=${secretMarker}"}`,
      content_type: 'application/json',
    },
  });

  await run([endpoint]);

  const tables = [
    'monitoring_endpoints',
    'relations',
    'record_versions',
    'events',
    'run_pages',
    'run_scopes',
    'scopes',
  ];
  for (const table of [...tables, 'collector_runs']) {
    expect(JSON.stringify(await select(table, '1')), table).not.toContain(secretMarker);
  }
  expect(log).toContain('grafana:main');
  expect(log).not.toContain(secretMarker);
});

test('a Grafana that somebody had named is taken over, whatever id it was given, and cannot be named any more', async () => {
  const { endpoint } = await start();
  const name = async (id: string) => {
    const seed = { id, kind: 'grafana', url: endpoint.url, auth_mode: 'none' } as const;
    const taken = { tenant_id: tenant, actor: 'ci', run_id: systemClock.uuid(), version: '1.0.0', image_digest: null };
    const request = { operation: 'test:Seed', endpoint: 'file://', sha256: '', seeds: [seed] };
    return await store.seeder.seed(toSeedRequest({ ...taken, ...request }));
  };
  await name('pasted');

  const first = await run([endpoint]);
  const refused = await name('pasted');
  const before = await countWrites(store, tenant);
  await run([endpoint]);

  expect(first).toMatchObject({ outcome: 'complete', counts: { inserted: 1, rejected: 0 } });
  expect(refused.refused).toMatchObject([{ key: 'pasted', scope: 'grafana:main' }]);
  expect(await countWrites(store, tenant)).toBe(before);
  const rows = await select('monitoring_endpoints', 'scope');
  expect(rows.map(({ scope, status, vanished_reason }) => [scope, status, vanished_reason])).toEqual([
    ['grafana:main', 'up', null],
    ['seed:pasted', 'unknown', 'taken_over'],
  ]);
});
