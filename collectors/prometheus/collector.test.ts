// The Prometheus collector against the strict fake: what each server is found to be, and what is kept of it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createCertificate } from '#testkit/certificate.ts';
import type { Access, PlayedFlavour } from '#testkit/prometheus/world.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { read, startPrometheus } from './observe.contract.ts';

test('a server that is well is read whole: content as its record, numbers that move as measures', async () => {
  const fake = await startPrometheus();
  fake.world.config_yaml = `
global: { external_labels: { cluster: eu1 } }
scrape_configs: [{ job_name: pods, kubernetes_sd_configs: [{ role: pod }] }, { job_name: self, static_configs: [] }]
remote_write: [{ url: 'https://mimir.example/api/v1/push' }]
`;

  const { attributes, raw, measures, skipped, enumerated, identified } = await read({
    url: `${fake.url}/`,
    labels: { env: 'prod' },
  });

  expect(attributes).toMatchObject({
    kind: 'prometheus',
    url: fake.url,
    status: 'up',
    auth_mode: 'none',
    version: '2.42.0+ds',
    flavour: 'prometheus',
    labels: { env: 'prod' },
    details: {
      status_reason: null,
      revision: '2.42.0+ds-5+deb12u1',
      storage_retention: '15d',
      external_labels: { cluster: 'eu1' },
      remote_write: ['https://mimir.example/api/v1/push'],
      remote_read: [],
      service_discovery: ['kubernetes', 'static'],
      discovers_in: [],
      scrape_jobs: 2,
      alertmanagers: ['http://alertmanager.example:9093'],
      rules: { groups: 1, alerting: 2, recording: 1 },
    },
  });
  expect(attributes).not.toHaveProperty('tls_not_after');
  expect(raw).toMatchObject({ buildinfo: { goVersion: 'go1.19.8' }, runtimeinfo: { reloadConfigSuccess: true } });
  expect(measures).toEqual({
    ...{ latency_ms: expect.any(Number), start_time_seconds: 1_767_225_601, series: 1234 },
    ...{ targets_up: 3, targets_down: 1, targets_unknown: 0 },
  });
  expect(skipped).toEqual([]);
  expect(enumerated).toEqual(['monitoring_endpoint', 'relation']);
  expect(identified).toEqual([{ root: fake.url, principal: null }]);
  expect(fake.requests.map(({ operation }) => operation)).toEqual([
    ...['Healthy', 'Ready', 'BuildInfo', 'RuntimeInfo'],
    ...['Tsdb', 'Targets', 'Alertmanagers', 'Rules', 'Config'],
  ]);
  fake.assertNoUnexpected();
});

test('nothing of a record moves with goroutines, clocks, series and targets', async () => {
  const fake = await startPrometheus({ flavour: 'prometheus-3' });

  const first = await read({ url: fake.url });
  fake.world.series += 1000;
  fake.world.targets.down += 1;
  const second = await read({ url: fake.url });

  expect(second.attributes).toEqual(first.attributes);
  expect(second.raw).toEqual(first.raw);
  expect(second.relations).toEqual(first.relations);
  expect(second.measures).toMatchObject({ series: 2234, targets_down: 2, clock_skew_ms: expect.any(Number) });
});

test.for<[PlayedFlavour, string, string | undefined, readonly string[]]>([
  ['prometheus-2', 'prometheus', '2.42.0+ds', ['series', 'targets_up']],
  ['prometheus-3', 'prometheus', '3.5.0', ['series', 'targets_up', 'clock_skew_ms']],
  ['prometheus-agent', 'prometheus-agent', '2.42.0+ds', ['targets_up']],
  ['thanos', 'thanos', '0.39.2', ['targets_up']],
  ['mimir', 'mimir', '2.17.0', []],
  ['cortex', 'cortex', '1.19.0', []],
  ['victoriametrics', 'victoriametrics', undefined, ['series', 'targets_up']],
  ['victoriametrics-cluster', 'victoriametrics', undefined, ['series']],
])('%s is up, and what it does not offer is not missed', async ([played, flavour, version, measured]) => {
  const fake = await startPrometheus({ flavour: played, path_prefix: '/prometheus' });

  const { attributes, measures, skipped } = await read({ url: fake.url, tenant: 'team-a' });

  expect(attributes).toMatchObject({ status: 'up', flavour, auth_mode: 'none', details: { tenant: 'team-a' } });
  expect(attributes.version).toBe(version);
  expect(skipped).toEqual([]);
  expect(Object.keys(measures)).toEqual(expect.arrayContaining([...measured]));
  expect(new Set(fake.requests.map(({ tenant }) => tenant))).toEqual(new Set(['team-a']));
  fake.assertNoUnexpected();
});

test('a tenant that is not told, or in another header than the server reads, is auth_required', async () => {
  const fake = await startPrometheus({ flavour: 'mimir', path_prefix: '/prometheus' });

  const untold = await read({ url: fake.url });
  const elsewhere = await read({ url: fake.url, tenant: 'team-a', tenant_header: 'THANOS-TENANT' });

  for (const { attributes } of [untold, elsewhere]) expect(attributes).toMatchObject({ status: 'auth_required' });
  expect(untold.attributes.id).not.toBe(elsewhere.attributes.id);
});

test.for<[string, PlayedFlavour, string, string]>([
  ['starting', 'prometheus-2', 'starting', 'it is not ready yet'],
  ['starting', 'prometheus-3', 'starting', 'it is not ready yet'],
  ['starting', 'thanos', 'starting', 'it is not ready yet'],
  ['stopping', 'prometheus-3', 'degraded', 'it is stopping'],
])('%s, as %s says it, is %s, and nothing more is asked', async ([state, flavour, status, status_reason]) => {
  const fake = await startPrometheus({ flavour });
  fake.world.state = state === 'starting' ? 'starting' : 'stopping';

  const { attributes, measures, enumerated } = await read({ url: fake.url });

  expect(attributes).toMatchObject({ status, details: { status_reason } });
  expect(attributes).not.toHaveProperty('version');
  expect(attributes).not.toHaveProperty('auth_mode');
  expect(measures).toHaveProperty('latency_ms');
  expect(enumerated).toEqual(['monitoring_endpoint']);
  expect(fake.requests).toHaveLength(2);
});

test.for([
  ['reload', 'its configuration could not be reloaded'],
  ['corruption', 'its storage found corruptions'],
])('a server after a failed %s is degraded, and still read whole', async ([what, status_reason]) => {
  const fake = await startPrometheus();
  if (what === 'reload') fake.world.reload_succeeded = false;
  else fake.world.corruptions = 1;

  const { attributes, measures } = await read({ url: fake.url });

  expect(attributes).toMatchObject({
    ...{ status: 'degraded', version: '2.42.0+ds', auth_mode: 'none' },
    details: { status_reason, external_labels: { cluster: 'eu1' } },
  });
  expect(measures).toHaveProperty('series', 1234);
});

const password = `${secretMarker}password`;

function toAuth(access: Access, token_url: string): Readonly<Record<string, unknown>> {
  switch (access.mode) {
    case 'none':
      return {};
    case 'basic':
      return { username: access.username, password: access.password };
    case 'token':
      return { token: access.token };
    case 'oauth':
      return { oauth: { token_url, client_id: access.client_id, client_secret: access.client_secret } };
  }
}

const accesses: readonly [Access, string | null][] = [
  [{ mode: 'basic', username: 'ops', password }, 'ops'],
  [{ mode: 'token', token: password }, null],
  [{ mode: 'oauth', client_id: 'inventory', client_secret: password }, 'inventory'],
];

test.for(accesses)('behind $0.mode it is read, and whom it demands credentials of is tried without them', async ([
  access,
  principal,
]) => {
  const fake = await startPrometheus();
  fake.world.access = access;
  const auth = toAuth(access, fake.token_url);

  const protected_ = await read({ url: fake.url, auth });
  const anonymous = await read({ url: fake.url });
  fake.world.access = { mode: 'none' };
  const open = await read({ url: fake.url, auth: access.mode === 'oauth' ? { token: 'x' } : auth });

  expect(protected_.attributes).toMatchObject({ status: 'up', auth_mode: access.mode });
  expect(protected_.identified).toEqual([{ root: fake.url, principal }]);
  expect(anonymous.attributes).toMatchObject({
    ...{ status: 'auth_required', details: { status_reason: '/-/healthy answers 401' } },
  });
  expect(anonymous.attributes).not.toHaveProperty('auth_mode');
  expect(open.attributes).toMatchObject({ status: 'up', auth_mode: 'none' });
  expect(JSON.stringify([protected_, anonymous, open])).not.toContain(secretMarker);
});

test('wrong credentials are auth_required, not down', async () => {
  const fake = await startPrometheus();
  fake.world.access = { mode: 'token', token: password };

  const { attributes, skipped } = await read({ url: fake.url, auth: { token: 'wrong' } });

  expect(attributes).toMatchObject({ status: 'auth_required' });
  expect(skipped).toEqual([]);
  expect(fake.requests).toHaveLength(1);
});

test('a gateway that tells the build to anybody shows by a query whether we are let in', async () => {
  const fake = await startPrometheus({ flavour: 'cortex' });
  fake.faults.plan({ operation: 'Query', effect: { kind: 'raw', status: 401, body: 'no' } });

  const { attributes } = await read({ url: fake.url, tenant: 'team-a' });

  expect(attributes).toMatchObject({
    ...{ status: 'auth_required', flavour: 'cortex', version: '1.19.0' },
    details: { status_reason: '/api/v1/query?query=1 answers 401' },
  });
});

test('over TLS the end of the certificate is known, and one that nobody vouches for is unreachable', async () => {
  const certificate = await createCertificate();
  const fake = await startPrometheus({ certificate });
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-collector-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const ca_file = join(folder, 'ca.pem');
  await writeFile(ca_file, certificate.certificate_pem);

  const trusted = await read({ url: fake.url, ca_file });
  const untrusted = await read({ url: fake.url });

  expect(trusted.attributes).toMatchObject({ status: 'up' });
  expect(Date.parse(trusted.attributes.tls_not_after ?? '')).toBeGreaterThan(Date.now());
  expect(untrusted.attributes).toMatchObject({
    ...{ status: 'unreachable', details: { status_reason: 'its certificate is of no trusted authority' } },
  });
  expect(untrusted.attributes).not.toHaveProperty('tls_not_after');
});

test('a secret never comes out, wherever it was put', async () => {
  const fake = await startPrometheus();
  const secret = (what: string) => `${secretMarker}${what}`;
  fake.world.access = { mode: 'basic', username: 'ops', password };
  fake.world.config_yaml = `
global: { external_labels: { cluster: eu1, api_token: ${secret('label')} } }
remote_write:
- url: https://user:${secret('user')}@mimir.example/api/v1/push?token=${secret('query')}
  headers: { X-Api-Key: ${secret('header')} }
  basic_auth: { password: ${secret('basic')} }
scrape_configs:
- { job_name: a, params: { key: [${secret('param')}] }, http_sd_configs: [{ url: 'https://x:${secret('sd')}@sd' }] }
`;
  fake.world.alertmanagers = [`http://user:${secret('am')}@am.example:9093/api/v2/alerts?k=${secret('amquery')}`];
  const endpoint = {
    ...{ url: fake.url, labels: { password: secret('own'), note: `token=${secret('note')}` } },
    auth: { username: 'ops', password },
  };
  fake.faults.plan({ operation: 'Rules', effect: { kind: 'raw', status: 500, body: `password=${secret('body')}` } });

  const whole = await read(endpoint);
  fake.world.config_yaml = `remote_write: [{ url: ${secret('broken')}`;
  const broken = await read(endpoint);

  expect(whole.attributes.details).toMatchObject({
    ...{ remote_write: ['https://mimir.example/api/v1/push'], alertmanagers: ['http://am.example:9093'] },
    external_labels: { cluster: 'eu1', api_token: '[redacted]' },
  });
  expect(whole.attributes.labels).toEqual({ password: '[redacted]', note: 'token=[redacted]' });
  expect(broken.skipped.map(({ what }) => what)).toContain('/api/v1/status/config');
  expect(JSON.stringify([whole, broken])).not.toContain(secretMarker);
});
