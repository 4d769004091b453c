// What a Grafana is said to lead to: by the configuration, by the URLs of its data sources, and by the accounts that they name.
import { expect, test } from 'vitest';
import { relationKey } from '#core/monitoring.ts';
import { addDatasource } from '#testkit/grafana/world.ts';
import { grafanaConfigSchema } from './config.ts';
import { read, startGrafana } from './observe.contract.ts';
import { toRelations } from './relations.ts';

const told = (relations: readonly { relation: string; to_ref: string; basis: string; confidence: number }[]) =>
  relations.map(({ relation, to_ref, basis, confidence }) => `${relation} ${to_ref} ${basis} ${confidence}`);

test('a data source leads to the Prometheus of its URL, without user, query and closing slash', async () => {
  const { fake, endpoint } = await startGrafana();
  addDatasource(fake.world, { uid: 'a', type: 'prometheus', url: 'HTTP://user:pw@Prometheus.Example:80/eu/?x=1' });
  addDatasource(fake.world, { uid: 'b', type: 'grafana-amazonprometheus-datasource', url: 'https://aps.example/ws' });
  addDatasource(fake.world, { uid: 'c', type: 'loki', url: 'http://loki.example' });
  addDatasource(fake.world, { uid: 'd', type: 'prometheus', url: '' });

  const { relations, attributes, observations, requests } = await read({ ...endpoint, id: 'grafana-eu' });

  expect(told(relations)).toEqual([
    'queries http://prometheus.example/eu peer_url 80',
    'queries https://aps.example/ws peer_url 80',
  ]);
  expect(relations[0]).toMatchObject({
    ...{ from_kind: 'monitoring_endpoint', from_key: 'grafana-eu', to_kind: 'monitoring_endpoint' },
    evidence: { datasources: [{ uid: 'a', name: 'a', type: 'prometheus' }] },
  });
  expect(attributes.id).toBe('grafana-eu');
  // The request that told it, and no other.
  expect(observations[1]?.evidence).toEqual(requests.filter(({ operation }) => operation === 'grafana:Datasources'));
});

test('a key in the path of a data source is told nowhere', async () => {
  const { fake, endpoint } = await startGrafana();
  const key = `glsa_${'a1'.repeat(16)}_0123abcd`;
  addDatasource(fake.world, { uid: 'a', type: 'prometheus', url: `https://prometheus.example/${key}` });

  const { relations, attributes } = await read(endpoint);

  expect(told(relations)).toEqual(['queries https://prometheus.example/[redacted] peer_url 80']);
  expect(JSON.stringify(attributes)).not.toContain(key);
});

test('several data sources of one URL are one relation, which names them all, in whatever order they came', async () => {
  const { fake, endpoint } = await startGrafana();
  addDatasource(fake.world, { uid: 'b', name: 'A', type: 'prometheus', url: 'http://prometheus.example' });
  addDatasource(fake.world, { uid: 'a', name: 'B', type: 'prometheus', url: 'http://prometheus.example/' });

  const { relations } = await read(endpoint);

  expect(relations.map(({ evidence }) => evidence)).toMatchObject([{ datasources: [{ uid: 'a' }, { uid: 'b' }] }]);
});

test.for([
  ['http://127.0.0.1:3000', 1],
  ['http://localhost:3000', 1],
  ['https://grafana.example', 0],
] as const)('from %s a data source on loopback makes %i relations, for elsewhere it is another machine', ([
  url,
  count,
]) => {
  const [configured] = grafanaConfigSchema.parse({ endpoints: [{ name: 'main', url }] }).endpoints;
  const datasource = { name: 'a', type: 'prometheus', url: 'http://localhost:9090', jsonData: {} };
  if (configured === undefined) throw new TypeError('there is an endpoint');

  expect(toRelations(configured, [datasource], [])).toHaveLength(count);
});

test('data sources of the clouds name the accounts that they read', async () => {
  const { fake, endpoint } = await startGrafana();
  const add = (uid: string, type: string, json_data: Record<string, unknown>) =>
    addDatasource(fake.world, { uid, type, json_data });
  add('a', 'cloudwatch', { assumeRoleArn: 'arn:aws-cn:iam::111122223333:role/grafana', defaultRegion: 'cn-north-1' });
  add('b', 'grafana-azure-monitor-datasource', { subscriptionId: '11111111-AAAA-4BBB-8CCC-0123456789AB' });
  add('c', 'stackdriver', { defaultProject: 'my-project' });
  add('d', 'cloudwatch', { authType: 'default' });
  add('f', 'stackdriver', { defaultProject: 'p'.repeat(3000) });
  add('e', 'cloudwatch', { assumeRoleArn: 17, subscriptionId: '$subscription' });

  const { relations } = await read(endpoint);

  expect(told(relations)).toEqual([
    'monitors aws/111122223333 datasource_account 90',
    'monitors azure/11111111-aaaa-4bbb-8ccc-0123456789ab datasource_account 90',
    'monitors gcp/my-project datasource_account 90',
  ]);
});

test('what somebody has written down stands beside what was inferred, with more confidence, and needs no data sources', async () => {
  const { fake, endpoint } = await startGrafana();
  addDatasource(fake.world, { uid: 'a', type: 'prometheus', url: 'http://prometheus.example' });
  const written = { accounts: ['aws/111122223333'], prometheus: ['http://Prometheus.example/', 'prometheus-eu'] };

  const { relations } = await read({ ...endpoint, ...written });
  fake.faults.plan({ effect: { kind: 'reset' } });
  const dead = await read({ ...endpoint, ...written });

  const explicit = [
    'monitors aws/111122223333 configured 100',
    'queries http://prometheus.example configured 100',
    'queries prometheus-eu configured 100',
  ];
  expect(told(relations)).toEqual([...explicit, 'queries http://prometheus.example peer_url 80']);
  expect(told(dead.relations)).toEqual(explicit);
  expect(dead.enumerated).toEqual(['monitoring_endpoint']);
  expect(new Set(relations.map(relationKey)).size).toBe(4);
});
