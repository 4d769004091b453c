// What a server is said to lead to: by the configuration, by labels, and by its own configuration.
import { expect, test } from 'vitest';
import { relationKey } from '#core/monitoring.ts';
import { prometheusConfigSchema } from './config.ts';
import { read, startPrometheus } from './observe.contract.ts';
import { toRelations } from './relations.ts';

const told = (relations: readonly { relation: string; to_ref: string; basis: string; confidence: number }[]) =>
  relations.map(({ relation, to_ref, basis, confidence }) => `${relation} ${to_ref} ${basis} ${confidence}`);

test('accounts come from where targets are discovered and from external labels, peers from their URLs', async () => {
  const fake = await startPrometheus();
  fake.world.config_yaml = `
global: { external_labels: { account_id: '111122223333', cluster: eu1 } }
scrape_configs:
- job_name: nodes
  ec2_sd_configs: [{ role_arn: 'arn:aws:iam::444455556666:role/sd' }]
  gce_sd_configs: [{ project: shop-prod }]
remote_write: [{ url: 'https://mimir.example/api/v1/push' }, { url: 'http://agent.example:9090/api/v1/write' }]
remote_read: [{ url: 'https://archive.example/prometheus/api/v1/read' }]
`;
  fake.world.alertmanagers = ['http://am.example:9093/am/api/v2/alerts'];

  const { relations, observations, requests, enumerated } = await read({ url: fake.url, id: 'prometheus-eu' });

  expect(told(relations)).toEqual([
    'monitors aws/444455556666 service_discovery 60',
    'monitors gcp/shop-prod service_discovery 60',
    'monitors aws/111122223333 external_label 40',
    'writes_to http://agent.example:9090 peer_url 80',
    'writes_to https://mimir.example/prometheus peer_url 80',
    'reads_from https://archive.example/prometheus peer_url 80',
    'alerts_to http://am.example:9093/am peer_url 80',
  ]);
  expect(relations[4]).toMatchObject({
    ...{ from_kind: 'monitoring_endpoint', from_key: 'prometheus-eu', to_kind: 'monitoring_endpoint' },
    evidence: { urls: ['https://mimir.example/api/v1/push'] },
  });
  expect(enumerated).toEqual(['monitoring_endpoint', 'relation']);
  // Each by the request that told it, and no other.
  const made = (operation: string) => requests.filter((request) => request.operation === operation);
  expect(observations[1]?.evidence).toEqual(made('prometheus:Config'));
  expect(observations.at(-1)?.evidence).toEqual(made('prometheus:Alertmanagers'));
});

test('keys in the paths of peers, and what names no account, are told nowhere', async () => {
  const fake = await startPrometheus();
  const key = `glsa_${'a1'.repeat(16)}_0123abcd`;
  fake.world.config_yaml = `
scrape_configs: [{ job_name: a, gce_sd_configs: [{ project: 'x ${key}' }] }]
remote_write: [{ url: 'https://mimir.example/${key}' }]
remote_read: [{ url: 'https://archive.example/${key}' }]
`;
  fake.world.alertmanagers = [`https://am.example/${key}`];

  const { relations, observations } = await read({ url: fake.url });

  expect(told(relations)).toEqual([
    'writes_to https://mimir.example/[redacted] peer_url 80',
    'reads_from https://archive.example/[redacted] peer_url 80',
    'alerts_to https://am.example/[redacted] peer_url 80',
  ]);
  expect(JSON.stringify(observations)).not.toContain(key);
});

test.for([
  ['https://mimir.example/api/v1/push', 'https://mimir.example/prometheus'],
  ['https://prod.example/api/prom/push', 'https://prod.example/api/prom'],
  [
    'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write',
    'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1',
  ],
  ['http://thanos-receive.example:19291/api/v1/receive', 'http://thanos-receive.example:19291'],
  ['http://victoria.example:8428/prometheus/api/v1/write', 'http://victoria.example:8428/prometheus'],
  ['http://other.example/ingest', 'http://other.example/ingest'],
])('who writes to %s leads to %s', async ([url, to_ref]) => {
  const fake = await startPrometheus();
  fake.world.config_yaml = `remote_write: [{ url: '${url}' }]`;
  fake.world.alertmanagers = [];

  const { relations } = await read({ url: fake.url });

  expect(relations).toMatchObject([{ relation: 'writes_to', to_ref, evidence: { urls: [url] } }]);
});

test.for([
  ['http://127.0.0.1:9090', 1],
  ['https://prometheus.example', 0],
] as const)('from %s an Alertmanager on loopback makes %i relations, for elsewhere it is another machine', ([
  url,
  count,
]) => {
  const [configured] = prometheusConfigSchema.parse({ endpoints: [{ name: 'main', url }] }).endpoints;
  if (configured === undefined) throw new TypeError('there is an endpoint');

  expect(toRelations(configured, { alertmanagers: ['http://localhost:9093'] }, [])).toHaveLength(count);
});

test('a server with thousands of peers takes time that grows with their number only', () => {
  const [configured] = prometheusConfigSchema.parse({
    endpoints: [{ name: 'main', url: 'https://a.example' }],
  }).endpoints;
  if (configured === undefined) throw new TypeError('there is an endpoint');
  const alertmanagers = Array.from({ length: 10_000 }, (_, index) => `http://am${index}.example`);
  // Of this process alone: a busy machine takes none of it.
  const begun = process.cpuUsage();

  expect(toRelations(configured, { alertmanagers }, [])).toHaveLength(10_000);

  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(5_000);
});

test('what somebody has written down stands beside what was inferred, with more confidence, and needs no living server', async () => {
  const fake = await startPrometheus();
  fake.world.config_yaml = "global: { external_labels: { account_id: '111122223333' } }";
  fake.world.alertmanagers = [];
  const written = { url: fake.url, accounts: ['aws/111122223333'], labels: { account_id: '111122223333' } };

  const { relations } = await read(written);
  fake.faults.plan({ effect: { kind: 'reset' } });
  const dead = await read(written);

  const explicit = ['monitors aws/111122223333 configured 100', 'monitors aws/111122223333 label 70'];
  expect(told(relations)).toEqual([...explicit, 'monitors aws/111122223333 external_label 40']);
  expect(told(dead.relations)).toEqual(explicit);
  expect(dead.enumerated).toEqual(['monitoring_endpoint']);
  expect(new Set(relations.map(relationKey)).size).toBe(3);
});
