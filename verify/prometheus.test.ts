// A real Prometheus, in every state in which it can be met, is reported right by a run in a process of its own.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { secretMarker } from '#testkit/secrets.ts';
import { countWrites, startCounting } from './count-writes.ts';
import { type CheckedDatabase, databases } from './databases.ts';
import { type Ended, inventory, serveApi, summaryOf, type Variables } from './inventory.ts';
import { openPrometheus, type Prometheus, type PrometheusOptions, user } from './prometheus.ts';
import { dumpTables } from './state.ts';
import { isMissing } from './tool.ts';

const recordSchema = z.looseObject({ id: z.string(), details: z.looseObject({}) });

interface Checked {
  readonly prometheus: Prometheus;
  /** Runs the collector against this Prometheus, and a password in a variable. */
  collect(endpoint?: Readonly<Record<string, unknown>>): Promise<Ended>;
  /** What the API tells of the only endpoint there is, and of its relations. */
  readEndpoint(): Promise<z.output<typeof recordSchema>>;
  readonly variables: Variables;
}

async function start(options: PrometheusOptions, database: CheckedDatabase): Promise<Checked> {
  const prometheus = await openPrometheus(options);
  onTestFinished(() => prometheus.close());
  const INVENTORY_CONFIG = join(prometheus.folder, 'inventory.yaml');
  const variables = { ...database.collector, INVENTORY_CONFIG, PROMETHEUS_PASSWORD: user.password };
  return {
    prometheus,
    variables,
    async collect(endpoint = {}) {
      // JSON is YAML.
      const endpoints = [{ name: 'main', url: prometheus.url, ...endpoint }];
      await writeFile(INVENTORY_CONFIG, JSON.stringify({ collectors: { prometheus: { timeout: '5s', endpoints } } }));
      return await inventory(variables, 'collect', 'prometheus');
    },
    async readEndpoint() {
      const api = await serveApi(database.api, { folder: prometheus.folder });
      try {
        const [listed] = await api.list('/api/v1/monitoring');
        const path = `/api/v1/monitoring/${String(listed?.['id'])}`;
        const answer = await fetch(api.url + path);
        const relations = await api.list(`${path}/relations`);
        return recordSchema.parse({ ...z.looseObject({}).parse(await answer.json()), relations });
      } finally {
        await api.stop();
      }
    },
  };
}

const [sqlite] = databases;

async function openDatabase(open: () => Promise<CheckedDatabase> = sqlite.open): Promise<CheckedDatabase> {
  const database = await open();
  onTestFinished(() => database.close());
  return database;
}

const complete = { outcome: 'complete', counts: { rejected: 0 } };
const basic = { username: user.username, password: 'env:PROMETHEUS_PASSWORD' };

describe.skipIf(await isMissing('prometheus'))('a real Prometheus', () => {
  test.for(databases)('that is ready is up, read whole, and not written again, $dialect', async ({ open }) => {
    const database = await openDatabase(open);
    const { prometheus, collect, readEndpoint } = await start({ config: busy, rules }, database);
    await prometheus.isScraping();

    const first = await collect();
    await startCounting(database);
    const before = await countWrites(database);
    const second = await collect();
    const written = (await countWrites(database)) - before;

    expect(summaryOf(first)).toMatchObject({ ...complete, counts: { seen: 5, inserted: 5, pages: 9 } });
    expect(summaryOf(second)).toMatchObject({ ...complete, counts: { unchanged: 5, changed: 0 } });
    expect(written).toBe(0);
    expect(await readEndpoint()).toMatchObject({
      ...{ kind: 'prometheus', status: 'up', auth_mode: 'none', flavour: 'prometheus', url: prometheus.url },
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      details: {
        ...{ status_reason: null, scrape_jobs: 2, service_discovery: ['ec2', 'static'], storage_retention: '15d' },
        external_labels: { account_id: '111122223333', cluster: 'eu1' },
        remote_write: ['http://mimir.invalid/api/v1/push'],
        alertmanagers: ['http://am.invalid:9093'],
        rules: { groups: 1, alerting: 1, recording: 1 },
      },
      measures: { targets_up: 0, targets_down: 1, series: expect.any(Number), latency_ms: expect.any(Number) },
      relations: expect.arrayContaining([
        expect.objectContaining({ to_ref: 'aws/444455556666', basis: 'service_discovery' }),
        expect.objectContaining({ to_ref: 'aws/111122223333', basis: 'external_label' }),
        expect.objectContaining({ to_ref: 'http://mimir.invalid/prometheus', relation: 'writes_to' }),
        expect.objectContaining({ to_ref: 'http://am.invalid:9093', relation: 'alerts_to' }),
      ]),
    });
    const told = (await dumpTables(database)) + first.stderr + second.stderr;
    expect(told).not.toContain(secretMarker);
  });

  test('that still reads its write-ahead log is starting', async () => {
    const { collect, readEndpoint } = await start({ isStuck: true }, await openDatabase());

    expect(summaryOf(await collect())).toMatchObject({ ...complete, counts: { seen: 1, pages: 2 } });
    expect(await readEndpoint()).toMatchObject({
      ...{ status: 'starting', auth_mode: null, version: null, details: { status_reason: 'it is not ready yet' } },
    });
  });

  test('that could not reload its configuration is degraded; stopped it is unreachable, and what was known stays', async () => {
    const { prometheus, collect, readEndpoint } = await start({}, await openDatabase());
    await prometheus.reloadBroken();

    await collect();
    const degraded = await readEndpoint();
    await prometheus.stop();
    const ended = await collect();
    const stopped = await readEndpoint();

    expect(degraded).toMatchObject({
      ...{ status: 'degraded', details: { status_reason: 'its configuration could not be reloaded' } },
    });
    expect(summaryOf(ended)).toMatchObject({ ...complete, counts: { changed: 1, pages: 1 } });
    expect(ended.code).toBe(0);
    expect(stopped).toMatchObject({
      ...{ status: 'unreachable', version: degraded['version'], auth_mode: 'none' },
      details: { status_reason: 'the connection is refused', storage_retention: '15d' },
    });
  });

  test('behind a user and a password is auth_required without them, and up with them', async () => {
    const database = await openDatabase();
    const { collect, readEndpoint } = await start({ asksForUser: true }, database);

    await collect();
    const without = await readEndpoint();
    await collect({ auth: { ...basic, username: 'somebody' } });
    const wrong = await readEndpoint();
    await collect({ auth: basic });
    const right = await readEndpoint();

    for (const refused of [without, wrong]) {
      expect(refused).toMatchObject({ status: 'auth_required', auth_mode: null });
      expect(refused.details).toMatchObject({ status_reason: '/-/healthy answers 401' });
    }
    expect(right).toMatchObject({ status: 'up', auth_mode: 'basic', tls_not_after: null });
    expect(await dumpTables(database)).not.toContain(`"${user.password}"`);
  });

  test('behind TLS is unreachable to who does not know its authority, and tells who does when its certificate ends', async () => {
    const { prometheus, collect, readEndpoint } = await start(
      { hasTls: true, asksForUser: true },
      await openDatabase(),
    );

    await collect({ auth: basic });
    const unknown = await readEndpoint();
    await collect({ auth: basic, ca_file: prometheus.caFile });
    const known = await readEndpoint();

    expect(unknown).toMatchObject({
      ...{ status: 'unreachable', details: { status_reason: 'its certificate is of no trusted authority' } },
    });
    expect(known).toMatchObject({ status: 'up', auth_mode: 'basic', tls_not_after: expect.stringMatching(/Z$/) });
  });

  test('that is an agent is one, and what an agent does not have is not missed', async () => {
    const { collect, readEndpoint } = await start({ isAgent: true }, await openDatabase());

    expect(summaryOf(await collect())).toMatchObject(complete);
    expect(await readEndpoint()).toMatchObject({ status: 'up', flavour: 'prometheus-agent' });
  });

  test('is found by PROM_URL alone', async () => {
    const database = await openDatabase();
    const { prometheus, readEndpoint } = await start({}, database);

    const ended = await inventory({ ...database.collector, PROM_URL: `${prometheus.url}/` }, 'collect', 'prometheus');

    expect(summaryOf(ended)).toMatchObject(complete);
    expect(await readEndpoint()).toMatchObject({ scope: 'prometheus:main', status: 'up', url: prometheus.url });
  });
});

const busy = `
global: { scrape_interval: 1s, external_labels: { account_id: '111122223333', cluster: eu1 } }
scrape_configs:
- { job_name: nobody, static_configs: [{ targets: ['127.0.0.1:9'] }] }
- job_name: nodes
  ec2_sd_configs:
  - { region: eu-west-1, role_arn: 'arn:aws:iam::444455556666:role/sd', access_key: a, secret_key: ${secretMarker}1 }
remote_write:
- { url: 'http://u:${secretMarker}2@mimir.invalid/api/v1/push?t=${secretMarker}3', headers: { X-Api: ${secretMarker}4 } }
alerting: { alertmanagers: [{ static_configs: [{ targets: ['am.invalid:9093'] }] }] }
rule_files: [rules.yml]
`;

const rules = 'groups: [{ name: rules, rules: [{ record: a, expr: up }, { alert: B, expr: up == 0 }] }]\n';
