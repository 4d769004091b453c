// What is kept of a server's own configuration, and what is not.
import { expect, test } from 'vitest';
import { secretMarker } from '#testkit/secrets.ts';
import { parseServerConfig } from './server-config.ts';

// As Prometheus 2.42 tells it: passwords masked, but neither headers nor what is in a URL's query.
const text = `
global:
  scrape_interval: 5s
  external_labels:
    account_id: "111122223333"
    cluster: eu1
    replica: 0
    __proto__: p
alerting:
  alertmanagers:
  - static_configs:
    - targets: [127.0.0.1:9093]
scrape_configs:
- job_name: self
  static_configs:
  - targets: [127.0.0.1:9090]
  relabel_configs:
  - action: keep
  metric_relabel_configs: []
- job_name: ec2
  basic_auth: { username: u, password: <secret>, password_file: ${secretMarker} }
  ec2_sd_configs:
  - region: eu-west-1
    role_arn: arn:aws:iam::444455556666:role/discovery
    access_key: ${secretMarker}
  - region: eu-west-2
    role_arn: arn:aws:iam::444455556666:role/discovery
- job_name: others
  gce_sd_configs:
  - project: shop-prod
    zone: europe-west1-b
  azure_sd_configs:
  - subscription_id: 11111111-AAAA-4bbb-8ccc-0123456789ab
    client_secret: <secret>
  kubernetes_sd_configs:
  - role: pod
  http_sd_configs:
  - url: https://user:${secretMarker}@sd.example/?token=${secretMarker}
remote_write:
- url: http://u:xxxxx@mimir.example/api/v1/push?token=${secretMarker}
  headers:
    X-Api: ${secretMarker}
- url: https://a.example/api/v1/write
- url: nonsense
remote_read:
- url: https://a.example/api/v1/read#${secretMarker}
`;

test('external labels, peers and places of discovery are kept, sorted, and nothing else', async () => {
  const config = await parseServerConfig(text);

  expect(config).toEqual({
    external_labels: { account_id: '111122223333', cluster: 'eu1', replica: '0', ['__proto__']: 'p' },
    remote_write: ['http://mimir.example/api/v1/push', 'https://a.example/api/v1/write'],
    remote_read: ['https://a.example/api/v1/read'],
    scrape_jobs: 3,
    service_discovery: ['azure', 'ec2', 'gce', 'http', 'kubernetes', 'static'],
    discovers_in: ['aws/444455556666', 'azure/11111111-aaaa-4bbb-8ccc-0123456789ab', 'gcp/shop-prod'],
  });
  expect(JSON.stringify(config)).not.toContain(secretMarker);
});

test.for([
  '',
  'global: {}',
  'global:\nscrape_configs:\nremote_write:',
])('of %j there is nothing to keep', async (empty) => {
  expect(await parseServerConfig(empty)).toEqual({
    external_labels: {},
    remote_write: [],
    remote_read: [],
    scrape_jobs: 0,
    service_discovery: [],
    discovers_in: [],
  });
});

test.for([
  'text',
  '[',
  '- a',
  'global: 1',
  'remote_write: [{}]',
  'scrape_configs:\n- a: [',
  'scrape_configs:\n- a: 1\nb: *a',
  `${'['.repeat(50_000)}`,
  `rule_files: [${'a, '.repeat(400_000)}]`,
])('%j is no configuration', async (broken) => {
  await expect(parseServerConfig(broken)).rejects.toThrow();
});

test('a key in the path of a peer is masked', async () => {
  const key = `glsa_${'a1'.repeat(16)}_0123abcd`;

  const { remote_write } = await parseServerConfig(`remote_write: [{ url: 'https://mimir.example/${key}' }]`);

  expect(remote_write).toEqual(['https://mimir.example/[redacted]']);
});

test('jobs count, however the list is indented', async () => {
  const job = (indent: string) => `${indent}- job_name: a\n${indent}  ec2_sd_configs:\n${indent}  - region: b\n`;

  for (const indent of ['', '  ', '    ']) {
    const { scrape_jobs, service_discovery } = await parseServerConfig(
      `---\nglobal: {}\nscrape_configs:\n${job(indent).repeat(3)}# end\n`,
    );

    expect([scrape_jobs, service_discovery]).toEqual([3, ['ec2']]);
  }
  expect((await parseServerConfig('scrape_configs: [{ job_name: a }, { job_name: b }]')).scrape_jobs).toBe(2);
});

test('others are heard while a long configuration is read', async () => {
  let heard = 0;
  const listen = () => {
    heard += 1;
    next = setImmediate(listen);
  };
  let next = setImmediate(listen);

  const { scrape_jobs } = await parseServerConfig(`scrape_configs:\n${'- job_name: a\n'.repeat(10_000)}`);
  clearImmediate(next);

  expect(scrape_jobs).toBe(10_000);
  expect(heard).toBeGreaterThan(3);
});

test('a key that comes twice is not looked for, which would take the square of their number', async () => {
  expect((await parseServerConfig('global: { external_labels: { a: b, a: c } }')).external_labels).toEqual({ a: 'c' });
});
