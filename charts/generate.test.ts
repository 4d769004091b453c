// The generated files are what the sources say, and the schema refuses what it must, one value at a time.
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { findDrift, readValues, toFiles } from './generate.ts';

const root = dirname(import.meta.dirname);

let validate: ValidateFunction;
let defaults: Readonly<Record<string, unknown>>;
let complete: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  const values = await readValues();
  defaults = values.defaults;
  complete = {
    ...defaults,
    image: { digest },
    postgres: { ...z.looseObject({}).parse(defaults['postgres']), host: 'db' },
  };
  validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(values.schema);
});

const digest = `sha256:${'a'.repeat(64)}`;

/** What must be said beside the defaults, with one value put where the path leads. */
function withValue(path: string, value: unknown): unknown {
  const values: Record<string, unknown> = structuredClone(complete);
  let parent: Record<string, unknown> = values;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  for (const key of keys) {
    // A boundary cast: every step but the last is an object of the defaults.
    parent = parent[key] as Record<string, unknown>;
  }
  parent[last] = value;
  return values;
}

test('every generated file is what the sources say', async () => {
  expect(await findDrift(await toFiles())).toEqual([]);
});

test('chart and product have one version', async () => {
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const chart = parse(await readFile(join(root, 'charts/asset-inventory/Chart.yaml'), 'utf8'));

  expect(chart).toMatchObject({ version: manifest.version, appVersion: manifest.version });
});

test('the chart schedules every collector there is, at a minute of its own', async () => {
  const names = globSync('*/collector.ts', { cwd: join(root, 'collectors') }).map((path) => path.split('/')[0]);
  const { collectors } = defaults;
  const rows = Object.entries(collectors ?? {}).map(([name, { schedule }]) => ({ name, schedule }));

  expect(rows.map(({ name }) => name).sort()).toEqual(names.sort());
  expect(new Set(rows.map(({ schedule }) => schedule)).size).toBe(rows.length);
});

describe('the schema', () => {
  test('takes what must be said, and refuses the defaults alone', () => {
    expect(validate(complete) || validate.errors).toBe(true);
    expect(validate(defaults)).toBe(false);
  });

  test.for([
    ['image.digest', digest],
    ['image', { repository: 'localhost/asset-inventory', development: true, tag: 'dev' }],
    ['global', { anything: { of: ['the', 'parent'] } }],
    ['collectors.aws.schedule', '7-59/15 6-22 * * MON-FRI'],
    ['collectors.aws.config', { sources: [{ name: 'main', role_chain: [{ role_arn: 'env:ROLE' }] }] }],
    ['collectors.gcp.config', { sources: [{ name: 'corp', root: 'folders/12', tree_every: '6h' }] }],
    ['collectors.prometheus.config', { endpoints: [{ name: 'a', url: 'http://prometheus:9090/' }] }],
    ['collectors.azure.egress.clouds', ['public', 'china']],
    ['ingest.allowHosts', ['127.0.0.0/8', '::1', 'fd00:ec2::254/128', 'Metadata.example', '10.0.0.1']],
    ['collectors.aws.jitterSeconds', 0],
    ['proxy.https', 'http://proxy:3128'],
    ['pod.affinity', { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } }],
  ])('takes %s: %j', ([path, value]) => {
    expect(validate(withValue(String(path), value)) || validate.errors).toBe(true);
  });

  test.for<[path: string, value: unknown]>([
    ['image.digest', ''],
    ['image.digest', `sha256:${'a'.repeat(63)}`],
    ['image.digest', `sha512:${'a'.repeat(64)}`],
    ['image.repository', 'Registry/Upper'],
    ['image', { tag: 'dev' }],
    ['image', { development: true, tag: 'latest' }],
    ['image', { development: true, tag: '' }],
    ['image.pullPolicy', 'Sometimes'],
    ['unknown', 1],
    ['extraContainers', []],
    ['tenant', 'Upper Case'],
    ['logLevel', 'loud'],
    ['postgres.host', ''],
    ['postgres.port', 0],
    ['postgres.sslMode', 'prefer'],
    ['postgres.password', 'secret'],
    ['postgres.roles.api.existingSecret', ''],
    ['postgres.network.mode', 'any'],
    ['postgres.network.cidrs', ['0.0.0.0/0']],
    ['postgres.network.cidrs', ['10.0.0.0/8']],
    ['api.auth.mode', 'none'],
    ['api.auth.tokens', [{ name: 'a', sha256: 'short', scopes: ['inventory:read'] }]],
    ['api.replicas', 0],
    ['api.autoscaling.targetCpuPercent', 100],
    ['api.spread', 'Never'],
    ['api.host', 'https://inventory.example'],
    ['api.resources.limits', { cpu: '1' }],
    ['api.resources.requests.memory', 'much'],
    ['api.securityContext', { privileged: true }],
    ['authProxy.mode', 'none'],
    ['authProxy.issuerUrl', 'http://idp.example'],
    ['authProxy.caSecret.name', 'Issuer CA'],
    ['authProxy.caSecret.key', ''],
    ['authProxy.egress.cidrs', ['0.0.0.0/0']],
    ['authProxy.cookieRefresh', '1d'],
    ['ingest.allowedFrom', [{ cidr: '0.0.0.0/0' }]],
    ['ingest.requestsPerMinute', 0],
    ['ingest.requestsPerMinute', 60_001],
    ['ingest.allowHosts', ['https://localhost/']],
    ['ingest.allowHosts', ['']],
    ['collectors.unknown', {}],
    ['collectors.aws.schedule', 'every quarter'],
    ['collectors.aws.activeDeadlineSeconds', 841],
    ['collectors.aws.startingDeadlineSeconds', 841],
    ['collectors.aws.backoffLimit', 3],
    ['collectors.aws.jitterSeconds', 31],
    ['collectors.aws.jitterSeconds', -1],
    ['collectors.aws.concurrencyPolicy', 'Allow'],
    ['collectors.aws.identity.provider', 'key'],
    ['collectors.aws.identity.roleArn', 'arn:aws:iam::1:user/x'],
    ['collectors.aws.identity.key', 'AKIA'],
    ['collectors.aws.egress.clouds', ['azure']],
    ['collectors.grafana.egress.clouds', ['aws']],
    ['collectors.aws.egress.fqdns', ['*']],
    ['collectors.aws.egress.fqdns', ['com']],
    ['collectors.aws.egress.cidrs', [{ cidr: '10.0.0.0/8', ports: [443] }]],
    ['collectors.aws.egress.cidrs', [{ cidr: '203.0.113.0/28', ports: [] }]],
    ['collectors.aws.egress.inCluster', [{ namespace: 'a', podLabels: {}, port: 80 }]],
    ['collectors.aws.secretVariables', [{ name: 'A', existingSecret: 'b' }]],
    ['collectors.aws.secretVariables', [{ name: 'A', value: 'secret' }]],
    ['collectors.aws.secretFiles', [{ existingSecret: 'a', key: 'b', path: '../c' }]],
    ['collectors.aws.config', { sources: [] }],
    ['collectors.aws.config', { sources: [{ name: 'main', rol_chain: [] }] }],
    ['collectors.gcp.config', { sources: [{ name: 'corp', root: 'projects/1' }] }],
    ['collectors.azure.config', { sources: [{ name: 'main', tenant_id: 'x', client_id: 'y' }] }],
    ['prune.activeDeadlineSeconds', 7201],
    ['prune.retention.pages', 'forever'],
    ['prune.retention', { pages: '1d' }],
    ['networkPolicy.flavor', 'calico'],
    ['networkPolicy.gateway.podLabels', { 'no label': 'envoy' }],
    ['networkPolicy.scrapers.namespace', ''],
    ['externalSecrets.storeRef.kind', 'Vault'],
    ['monitoring.monitor', 'both'],
    ['proxy.https', 'http://user:password@proxy:3128'],
    ['pod.tolerations', [{ effect: 'Sometimes' }]],
    ['pod.securityContext', {}],
    ['pod.affinity', { podAffinities: {} }],
  ])('refuses %s: %j', ([path, value]) => {
    expect(validate(withValue(path, value))).toBe(false);
  });
});
