// What a text of the values becomes: the same text, though YAML would read it as a number, a truth or a structure.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { newest, templateFile } from './chart.ts';
import { root, startProgram } from './inventory.ts';
import { isMissing } from './tool.ts';

const digest = `sha256:${'a'.repeat(64)}`;

/** Texts of digits only, each of them another one. */
function createTexts(): { take(): string; readonly taken: string[] } {
  const taken: string[] = [];
  return {
    taken,
    take: () => {
      const text = String(9_000_001 + taken.length);
      taken.push(text);
      return text;
    },
  };
}

// Every place of the values that takes such a text, but those whose texts are part of a longer one.
function createValues(take: () => string): Readonly<Record<string, unknown>> {
  const key = () => ({ existingSecret: take(), key: take() });
  const peer = () => ({ namespace: take(), podLabels: { app: take() } });
  const pod = () => ({ nodeSelector: { pool: take() }, labels: { team: take() }, annotations: { note: take() } });
  return {
    nameOverride: take(),
    fullnameOverride: 'inventory',
    tenant: take(),
    image: { repository: 'registry.example/asset-inventory', digest, pullSecrets: [take()] },
    postgres: {
      host: 'db.example',
      caSecret: { name: take(), key: take() },
      roles: { api: key(), ingest: key(), collector: key(), prune: key(), migrate: key() },
      network: { mode: 'pod', ...peer() },
    },
    authProxy: {
      issuerUrl: 'https://idp.example',
      caSecret: { name: take(), key: take() },
      clientSecret: key(),
      cookieSecret: key(),
      image: { digest },
      egress: { inCluster: [{ ...peer(), port: 443 }] },
    },
    api: {
      host: '10.5',
      tlsSecret: take(),
      auth: { audience: take(), tenantClaim: take(), scopesClaims: [take()], tenants: { org: take() } },
      serviceAccount: { name: take(), annotations: { note: take() } },
      pod: { ...pod(), priorityClassName: take() },
    },
    ingest: { enabled: true, host: '20.5', serviceAccount: { name: take() } },
    prune: { serviceAccount: { name: take() }, timeZone: take() },
    ingress: { enabled: true, className: take(), annotations: { note: take() } },
    httpRoute: { enabled: true, parentRefs: [{ name: take(), namespace: take(), sectionName: take() }] },
    networkPolicy: { flavor: 'cilium', dns: peer(), scrapers: peer(), gateway: peer() },
    externalSecrets: {
      enabled: true,
      storeRef: { name: take() },
      items: [{ name: take(), data: [{ key: take(), remoteKey: take(), property: take() }] }],
    },
    collectors: {
      azure: { enabled: true, identity: { provider: 'azure', clientId: take(), tenantId: take() } },
      gcp: {
        enabled: true,
        identity: { provider: 'token', audience: take() },
        secretFiles: [{ ...key(), path: take() }],
        secretVariables: [{ name: 'A', ...key() }],
        serviceAccount: { name: take() },
      },
    },
    monitoring: {
      monitor: 'service',
      labels: { release: take() },
      dashboards: { enabled: true, label: { value: take() } },
    },
  };
}

/** What is rendered, the documents within documents too. */
async function render(values: unknown, release?: string): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-chart-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'values.yaml');
  await writeFile(path, stringify(values));
  const { code, stdout, stderr } = await templateFile(path, release);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const objects = toDocuments(stdout);
  const maps = z.array(z.looseObject({ data: z.record(z.string(), z.string()).optional() }).nullable()).parse(objects);
  const inner = maps.flatMap((map) => Object.entries(map?.data ?? {}));
  return [...objects, ...inner.filter(([name]) => name.endsWith('.yaml')).flatMap(([, text]) => toDocuments(text))];
}

// As Kubernetes reads it.
function toDocuments(text: string): unknown[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document): unknown => document.toJS());
}

function leavesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [value];
}

describe.skipIf(await isMissing('helm'))('a text of the values', () => {
  test('stays a text where it is all digits, in every place that takes one', async () => {
    const { take, taken } = createTexts();
    const leaves = leavesOf(await render(createValues(take)));

    expect(leaves.filter((leaf) => typeof leaf === 'number' && leaf > 9_000_000)).toEqual([]);
    expect(taken.filter((text) => !leaves.includes(text))).toEqual([]);
    expect(leaves).not.toContain(10.5);
    expect(leaves).not.toContain(20.5);
  });

  test('is not read as YAML where anything may be written', async () => {
    const hostile = `a: b # "c" {d} 'e'`;
    const leaves = leavesOf(
      await render({
        image: { repository: 'registry.example/asset-inventory', digest },
        postgres: { host: 'db.example', network: { mode: 'cidr', cidrs: ['10.0.0.0/24'] } },
        authProxy: {
          issuerUrl: 'https://idp.example',
          clientId: hostile,
          allowedGroups: [hostile],
          scopes: hostile,
          image: { digest },
          egress: { cidrs: ['10.0.1.0/24'] },
        },
        api: {
          auth: { audience: hostile, tenantClaim: hostile, scopesClaims: [hostile], tenants: { [hostile]: 'a' } },
        },
        externalSecrets: {
          enabled: true,
          storeRef: { name: 'vault' },
          items: [{ name: 'one', data: [{ key: 'a', remoteKey: hostile, property: hostile }] }],
        },
        collectors: {
          azure: { enabled: true, identity: { provider: 'azure', clientId: hostile, tenantId: hostile } },
          gcp: { enabled: true, identity: { provider: 'token', audience: hostile } },
        },
        proxy: { http: 'http://a:1#"{', noProxy: hostile },
      }),
    );

    expect(leaves.filter((leaf) => leaf === hostile).length).toBeGreaterThanOrEqual(9);
    for (const flag of ['client-id', 'allowed-group', 'scope']) expect(leaves).toContain(`--${flag}=${hostile}`);
    expect(leaves).toContain('http://a:1#"{');
  });

  test('of the release’s name is one as well', async () => {
    const { take } = createTexts();
    const leaves = leavesOf(await render(createValues(take), '12345'));

    expect(leaves).toContain('12345');
    expect(leaves).not.toContain(12_345);
  });

  test('of the release’s number is a label, though builds are marked with a plus', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inventory-chart-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const number = ['--version', '1.2.3+abc', '--app-version', '1.2.3+abc', '--destination', folder];
    await startProgram({}, ['helm', 'package', ...number, join(root, 'charts/asset-inventory')]).ended;
    const values = join(root, 'charts/asset-inventory/ci/development-values.yaml');
    const chart = join(folder, 'asset-inventory-1.2.3+abc.tgz');
    const { stdout } = await startProgram({}, ['helm', 'template', 'a', chart, '--values', values, ...newest]).ended;
    const labels = stdout.match(/(?<=(?:helm\.sh\/chart|kubernetes\.io\/version): ).*/g) ?? [];

    expect([...new Set(labels)].sort()).toEqual(['"1.2.3_abc"', 'asset-inventory-1.2.3_abc']);
  });
});

test.skipIf(await isMissing('helm'))(
  'a number of the values is written out, for Kubernetes reads no exponent',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inventory-chart-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'values.yaml');
    await writeFile(
      path,
      stringify({ ...createValues(createTexts().take), migrate: { activeDeadlineSeconds: 1_000_000 } }),
    );
    const { stdout } = await templateFile(path);

    expect(stdout).toContain('activeDeadlineSeconds: 1000000\n');
  },
);
