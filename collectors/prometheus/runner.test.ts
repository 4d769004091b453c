// The Prometheus collector through the runner into a real database: what is stored, what stays, and what one endpoint costs the others.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Collector } from '#core/collector.ts';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { openGrafanaFake } from '#testkit/grafana/fake.ts';
import { addDatasource } from '#testkit/grafana/world.ts';
import { openPrometheusFake, type PrometheusFake } from '#testkit/prometheus/fake.ts';
import { echoedSecrets, secretMarker } from '#testkit/secrets.ts';
import { collector as grafana } from '../grafana/collector.ts';
import { runConfigured } from '../run.contract.ts';
import { collector } from './collector.ts';
import { startPrometheus } from './observe.contract.ts';

let store: TestStore;
let tenants = 0;
let tenant = '';
let log = '';

beforeAll(async () => {
  store = await databases[0].open();
});
afterAll(() => store.close());

/** Each test is a tenant of its own. */
async function start(): Promise<PrometheusFake> {
  tenants += 1;
  tenant = `tenant-${tenants}`;
  log = '';
  return await startPrometheus();
}

async function run(part: Readonly<Record<string, unknown>>, collected: Collector = collector) {
  const destination = {
    write(line: string) {
      log += line;
    },
  };
  return await runConfigured(collected, { timeout: '1s', ...part }, { writer: store.writer, tenant, destination });
}

const runOne = (endpoint: Readonly<Record<string, unknown>>) => run({ endpoints: [{ name: 'main', ...endpoint }] });

const select = (table: string, order = 'scope'): Promise<Row[]> =>
  store.query(`select * from ${table} where tenant_id = '${tenant}' order by ${order}`);

/** What one database keeps as text and the other as JSON. */
const asJson = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value);

test('a first run stores endpoint and relations, a second rewrites nothing although latency, series and targets moved', async () => {
  const fake = await start();
  fake.world.config_yaml = "global: { external_labels: { account_id: '111122223333' } }";
  const readMeasures = async () => asJson((await select('scopes'))[0]?.['measures']);

  const first = await runOne({ url: fake.url });
  const before = await countWrites(store, tenant);
  const measures = await readMeasures();
  fake.world.series = 99;
  fake.world.targets.down = 7;
  fake.faults.plan({ operation: 'Healthy', effect: { kind: 'delay', ms: 30 } });
  const second = await runOne({ url: fake.url });

  expect(first).toMatchObject({ outcome: 'complete', exit_code: 0, counts: { seen: 3, inserted: 3, pages: 9 } });
  expect(second).toMatchObject({ outcome: 'complete', counts: { seen: 3, inserted: 0, changed: 0, unchanged: 3 } });
  expect(await countWrites(store, tenant)).toBe(before);
  expect(measures).toMatchObject({ series: 1234, targets_down: 1 });
  expect(await readMeasures()).toMatchObject({ series: 99, targets_down: 7 });
});

test('dead, hanging, refusing and strange ones are rows, complete and exit code 0, and cost a living one nothing', async () => {
  const fake = await start();
  const gone = await openPrometheusFake();
  await gone.close();
  const other = async (change: (one: PrometheusFake) => void) => {
    const one = await startPrometheus({ flavour: 'prometheus-3' });
    change(one);
    return one.url;
  };
  const urls = {
    main: fake.url,
    gone: gone.url,
    hanging: await other(({ faults }) => void faults.plan({ effect: { kind: 'hang' } })),
    refusing: await other(({ world }) => {
      world.access = { mode: 'token', token: 't' };
    }),
    starting: await other(({ world }) => {
      world.state = 'starting';
    }),
    stopping: await other(({ world }) => {
      world.state = 'stopping';
    }),
    strange: await other(({ faults }) => void faults.plan({ effect: { kind: 'raw', status: 200, body: '<html>' } })),
  };

  const summary = await run({ endpoints: Object.entries(urls).map(([name, url]) => ({ name, url })) });

  expect(summary).toMatchObject({ outcome: 'complete', exit_code: 0, counts: { rejected: 0 } });
  expect((await select('monitoring_endpoints')).map((row) => [row['scope'], row['status']])).toEqual([
    ['prometheus:gone', 'unreachable'],
    ['prometheus:hanging', 'unreachable'],
    ['prometheus:main', 'up'],
    ['prometheus:refusing', 'auth_required'],
    ['prometheus:starting', 'starting'],
    ['prometheus:stopping', 'degraded'],
    ['prometheus:strange', 'not_prometheus'],
  ]);
  expect(fake.requests).toHaveLength(9);
});

test('thirty-two are asked at once, and no more', async () => {
  await start();
  let waiting = 0;
  let most = 0;
  const fakes = await Promise.all(Array.from({ length: 40 }, () => startPrometheus()));
  // Each hangs until all that are asked at once have been.
  const release = Promise.withResolvers<void>();
  for (const { faults } of fakes) {
    faults.plan({
      operation: 'Healthy',
      effect: {
        kind: 'mutate',
        mutate: () => {
          waiting += 1;
          most = Math.max(most, waiting);
          if (waiting === 32) release.resolve();
        },
      },
    });
    faults.plan({ operation: 'Healthy', effect: { kind: 'hang' } });
  }

  const running = run({ endpoints: fakes.map(({ url }, number) => ({ name: `p-${number}`, url })) });
  await release.promise;
  const asked = fakes.filter(({ requests }) => requests.length > 0).length;
  const summary = await running;

  expect(asked).toBe(32);
  expect(summary).toMatchObject({ outcome: 'complete', counts: { inserted: 40, pages: 40 } });
  // Two waits of one second for forty, each given up after its first request.
  expect(summary.duration_ms).toBeLessThan(10_000);
});

test('one whose credentials cannot be had fails alone, with exit code 1, and no other row is missing', async () => {
  const fake = await start();

  const summary = await run({
    endpoints: [
      { name: 'b', url: 'http://127.0.0.1:1', auth: { token_file: '/nowhere/t' } },
      { name: 'main', url: fake.url },
    ],
  });

  expect(summary).toMatchObject({ outcome: 'failed', exit_code: 1 });
  expect(summary.scopes.map(({ scope, outcome, code }) => [scope, outcome, code])).toEqual([
    ['prometheus:b', 'failed', 'no_credentials'],
    ['prometheus:main', 'complete', null],
  ]);
  expect(await select('monitoring_endpoints')).toMatchObject([{ scope: 'prometheus:main', status: 'up' }]);
});

test('when it dies what was known of it stays, and when it comes back only the status has changed', async () => {
  const fake = await start();
  await runOne({ url: fake.url });
  const [alive] = await select('monitoring_endpoints');
  const relations = await select('relations', 'id');
  const fault = fake.faults.plan({ operation: 'Healthy', effect: { kind: 'reset' } });

  const died = [await runOne({ url: fake.url }), await runOne({ url: fake.url })];
  const [dead] = await select('monitoring_endpoints');
  const kept = await select('relations', 'id');
  fault.cancel();
  const returned = await runOne({ url: fake.url });
  const [back] = await select('monitoring_endpoints');

  expect([...died, returned].map(({ outcome, counts }) => [outcome, counts.changed, counts.missing])).toEqual([
    ['complete', 1, 0],
    ['complete', 0, 0],
    ['complete', 1, 0],
  ]);
  expect(dead).toMatchObject({
    ...{ status: 'unreachable', version: alive?.['version'], auth_mode: 'none', vanished_at: null },
  });
  expect(asJson(dead?.['details'])).toMatchObject({ external_labels: { cluster: 'eu1' } });
  expect(kept).toEqual(relations);
  expect(back?.['content_hash']).toBe(alive?.['content_hash']);
  expect(await select('record_versions', 'valid_from')).toHaveLength(2);
});

test('a relation vanishes when the configuration is twice without its peer; while that cannot be read it stays', async () => {
  const fake = await start();
  fake.world.alertmanagers = [];
  fake.world.config_yaml =
    'remote_write: [{ url: http://a.example/api/v1/write }, { url: http://b.example/api/v1/write }]';
  const endpoint = { url: fake.url, accounts: ['aws/111122223333'] };
  await runOne(endpoint);
  const readAll = async () =>
    (await select('relations', 'to_ref')).map((row) => [row['to_ref'], row['vanished_at'] !== null]);
  fake.world.config_yaml = 'remote_write: [{ url: http://b.example/api/v1/write }]';
  const fault = fake.faults.plan({ operation: 'Config', effect: { kind: 'raw', status: 403, body: '' } });

  const unread = [await runOne(endpoint), await runOne(endpoint)];
  const whileUnread = await readAll();
  fault.cancel();
  await runOne(endpoint);
  await runOne(endpoint);

  const expected = (isGone: boolean) => [
    ['aws/111122223333', false],
    ['http://a.example', isGone],
    ['http://b.example', false],
  ];
  expect(unread).toMatchObject([{ outcome: 'partial' }, { outcome: 'partial' }]);
  expect(unread[0]?.scopes[0]?.reason).toBe('could not be read: /api/v1/status/config');
  expect(whileUnread).toEqual(expected(false));
  expect(await readAll()).toEqual(expected(true));
});

test('targets of a file are scopes of their own, and one that is taken out of it keeps its row', async () => {
  const fake = await start();
  const other = await startPrometheus({ flavour: 'prometheus-3' });
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-runner-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'targets.json');
  const name = (targets: readonly string[]) => writeFileSync(path, JSON.stringify([{ targets, labels: { env: 'x' } }]));
  const hosts = [fake, other].map(({ url }) => new URL(url).host);

  name(hosts);
  const first = await run({ files: [{ path }] });
  name(hosts.slice(0, 1));
  const second = await run({ files: [{ path }] });

  expect([first, second].map(({ scopes }) => scopes.length)).toEqual([2, 1]);
  const rows = await select('monitoring_endpoints');
  expect(rows.map((row) => [asJson(row['labels']), row['missed_runs']])).toEqual(Array(2).fill([{ env: 'x' }, 0]));
});

test('no failure of a Grafana costs a Prometheus its row, and its data source finds it by its URL', async () => {
  const fake = await start();
  const dashboards = await openGrafanaFake();
  onTestFinished(() => dashboards.close());
  const auth = { token: dashboards.addToken({ role: 'Viewer' }) };
  addDatasource(dashboards.world, { uid: 'a', type: 'prometheus', url: `${fake.url}/` });
  const readGrafana = () =>
    run(
      {
        endpoints: [
          { name: 'broken', url: 'http://127.0.0.1:1', auth: { token_file: '/nowhere/t' } },
          { name: 'main', url: dashboards.url, auth },
        ],
      },
      grafana,
    );

  await readGrafana();
  await runOne({ url: fake.url });
  const [before] = await select('monitoring_endpoints', 'kind desc');
  dashboards.faults.plan({ effect: { kind: 'reset' } });
  const failed = await readGrafana();
  const again = await runOne({ url: fake.url });

  expect(failed.exit_code).toBe(1);
  expect(again).toMatchObject({ outcome: 'complete', counts: { changed: 0 } });
  expect((await select('monitoring_endpoints', 'kind desc'))[0]).toEqual(before);
  const queried = (await select('relations', 'id')).filter((row) => row['relation'] === 'queries');
  expect(queried).toMatchObject([{ to_ref: before?.['url'], vanished_at: null }]);
});

test('nothing secret is in any table or in the log, whatever fails', async () => {
  const fake = await start();
  const password = `${secretMarker}password`;
  fake.world.access = { mode: 'basic', username: 'ops', password };
  fake.world.config_yaml = `
global: { external_labels: { api_key: ${secretMarker}label } }
remote_write:
- url: https://user:${secretMarker}user@mimir.example/api/v1/push?token=${secretMarker}query
  headers: { X-Api: ${secretMarker}header }
  authorization: { credentials: ${secretMarker}credentials }
`;
  fake.world.alertmanagers = [`https://u:${secretMarker}am@am.example/api/v2/alerts?x=${secretMarker}am`];
  const secretive = {
    ...{ name: 'main', url: fake.url, auth: { username: 'ops', password } },
    labels: { password: `${secretMarker}own`, link: `https://u:${secretMarker}link@wiki.example/` },
  };
  const oauth = { token_url: fake.token_url, client_id: 'c', client_secret: `${secretMarker}client` };
  const others = [
    { name: 'oauth', url: fake.url, tenant: 'a', auth: { oauth } },
    { name: 'wrong', url: fake.url, tenant: 'b', auth: { token: `${secretMarker}token` } },
  ];
  const echo = { kind: 'raw', body: echoedSecrets, content_type: 'text/plain' } as const;

  const healthy = await run({ endpoints: [secretive, ...others] });
  for (const status of [200, 400, 401, 403, 500, 502]) {
    fake.faults.clear();
    for (const operation of ['Rules', 'Config', 'Targets', 'RuntimeInfo']) {
      fake.faults.plan({ operation, effect: { ...echo, status } });
    }
    await run({ endpoints: [secretive] });
    fake.faults.clear();
    fake.faults.plan({ effect: { ...echo, status } });
    await run({ endpoints: [secretive] });
  }
  const location = `https://u:${secretMarker}loc@elsewhere.example/?token=${secretMarker}loc`;
  fake.faults.clear();
  fake.faults.plan({ effect: { kind: 'redirect', location } });
  await run({ endpoints: [secretive] });

  expect(healthy.scopes.map(({ outcome }) => outcome)).toEqual(['complete', 'failed', 'complete']);
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
    const rows = await select(table, '1');
    expect(rows, table).not.toEqual([]);
    expect(JSON.stringify(rows), table).not.toContain(secretMarker);
  }
  expect(log).toContain('prometheus:oauth');
  expect(log).not.toContain(secretMarker);
});
