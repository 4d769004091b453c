// The chart on a real cluster, in a namespace that enforces Pod Security *restricted*: installed, run, upgraded.
// PostgreSQL and the AWS fake run on this machine, outside the cluster.
import { createHash, randomBytes } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { createRoles } from '#store/migrate.ts';
import { createOrganization } from '#testkit/aws/create-organization.ts';
import { openAwsFake } from '#testkit/aws/fake.ts';
import { openPostgresCluster } from '#testkit/postgres.ts';
import { openForwarder } from './forward.ts';
import { createNamespace, type Namespace, run } from './kubernetes.ts';

const host = process.env['E2E_HOST'] ?? '';
const accounts = 60;
const examples = join(import.meta.dirname, '../charts/asset-inventory/ci');
const token = randomBytes(24).toString('base64url');
const sha256 = createHash('sha256').update(token).digest('hex');
const cronJob = 'inventory-asset-inventory-collector-aws';

const closing: (() => Promise<unknown>)[] = [];
let namespace: Namespace;
let values: string;
let ports: { postgres: number; aws: number };

beforeAll(async () => {
  const postgres = await openPostgresCluster();
  closing.push(() => postgres.close());
  await createRoles({ url: await postgres.createDatabase('inventory') });
  const organization = createOrganization({ id: 'o-e2e0000000', accounts, organizational_units: 6 });
  const aws = await openAwsFake({ organizations: [organization] });
  closing.push(() => aws.close());
  const forwarders = await Promise.all(
    [postgres.port, Number(new URL(aws.url).port)].map((port) => openForwarder(host, port)),
  );
  closing.push(...forwarders.map((forwarder) => () => forwarder.close()));
  const [toPostgres, toAws] = forwarders;
  ports = { postgres: toPostgres?.port ?? 0, aws: toAws?.port ?? 0 };
  namespace = await createNamespace(`inventory-${randomBytes(3).toString('hex')}`);
  closing.push(() => namespace.remove());
  const user = aws.addUser(organization.management_account_id);
  await addSecret('asset-inventory', {
    AWS_ENDPOINT_URL: `http://${host}:${ports.aws}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: user.access_key_id,
    AWS_SECRET_ACCESS_KEY: user.secret_access_key,
  });
  for (const role of ['api', 'collector', 'prune', 'migrate']) {
    await addSecret(`asset-inventory-postgres-${role}`, { password: 'loopback asks for none' });
  }
  const folder = await mkdtemp(join(tmpdir(), 'inventory-e2e-'));
  closing.push(() => rm(folder, { recursive: true }));
  values = join(folder, 'values.yaml');
  await writeFile(values, stringify(createValues()));
});

// In the reverse order, for servers are still asked while the namespace goes.
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function addSecret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
  await namespace.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
}

function createValues() {
  const names = ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  const client = { namespace: namespace.name, podLabels: { app: 'client' } };
  return {
    image: { repository: 'localhost/asset-inventory', development: true, tag: 'e2e', pullPolicy: 'Never' },
    postgres: { host, port: ports.postgres, sslMode: 'disable', network: { mode: 'cidr', cidrs: [`${host}/32`] } },
    authProxy: { mode: 'external', external: client },
    api: { auth: { mode: 'token', tokens: [{ name: 'e2e', sha256, scopes: ['inventory:read'] }] } },
    collectors: {
      aws: {
        enabled: true,
        schedule: '0 0 1 1 *',
        backoffLimit: 0,
        secretVariables: names.map((name) => ({ name, existingSecret: 'asset-inventory', key: name })),
        egress: { internet: false, cidrs: [{ cidr: `${host}/32`, ports: [ports.aws] }] },
      },
    },
  };
}

// What a proxy would do, from a pod with its labels: only it may reach the API.
async function ask(path: string, labels: string, authorization = `Bearer ${token}`): Promise<string> {
  const name = `client-${randomBytes(3).toString('hex')}`;
  const security = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
  const script = `fetch(process.argv[1], { headers: { authorization: process.argv[2] }, signal: AbortSignal.timeout(5000) })
    .then(async (r) => console.log(r.status, await r.text()), (e) => console.log('failed', e.name, e.cause?.code));`;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: labels } },
    spec: {
      restartPolicy: 'Never',
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'client',
          image: 'localhost/asset-inventory:e2e',
          imagePullPolicy: 'Never',
          command: ['/nodejs/bin/node', '-e', script],
          args: [`http://inventory-asset-inventory-api${path}`, authorization],
          securityContext: security,
        },
      ],
    },
  };
  await namespace.kubectl(['apply', '-f', '-'], JSON.stringify(pod));
  await namespace.kubectl(['wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s']);
  return await namespace.kubectl(['logs', name]);
}

// Kinds that others define: no cluster has them by itself.
const foreignKinds = /^(CiliumNetworkPolicy|ServiceMonitor|PodMonitor|ExternalSecret|HTTPRoute)$/;
const objectSchema = z.looseObject({ kind: z.string() });
const podSchema = z.looseObject({ kind: z.literal('Pod'), spec: z.looseObject({ serviceAccountName: z.string() }) });

test.for([
  'these values',
  ...globSync('*-values.yaml', { cwd: examples }),
])('the API server takes every object of %s in strict validation, without a warning', async (name) => {
  const rendered = await namespace.template(name === 'these values' ? values : join(examples, name));
  const objects = parseAllDocuments(rendered)
    .map((document) => z.nullable(objectSchema).parse(document.toJS()))
    .filter((object) => object !== null && !foreignKinds.test(object.kind));
  // A pod is refused before its ServiceAccount is there.
  const accounts = objects
    .map((object) => podSchema.safeParse(object).data?.spec.serviceAccountName)
    .filter((found) => found !== undefined);
  for (const account of accounts) await namespace.kubectl(['create', 'serviceaccount', account]);
  const list = { apiVersion: 'v1', kind: 'List', items: objects };

  const { code, stderr } = await run(
    'kubectl',
    ['create', '--dry-run=server', '--validate=strict', '-n', namespace.name, '-f', '-'],
    JSON.stringify({ ...list, items: objects.filter((object) => object?.kind !== 'ServiceAccount') }),
  );
  for (const account of accounts) await namespace.kubectl(['delete', 'serviceaccount', account]);

  expect(stderr).toBe('');
  expect(code).toBe(0);
});

test('it installs: the database is migrated, and the API becomes ready', async () => {
  const { code, stderr } = await namespace.upgrade(values, '--wait');

  expect(stderr).not.toContain('would violate PodSecurity');
  expect(code, stderr).toBe(0);
});

test('its own smoke test passes', async () => {
  const { code, stdout, stderr } = await namespace.test();

  expect(code, stdout + stderr).toBe(0);
});

test('a collector’s Job ends well, and its accounts are read through the API', async () => {
  const { succeeded, log } = await namespace.runCronJob(cronJob, 'first');
  const answer = await ask('/api/v1/accounts?fields=name&limit=1000', 'client');

  expect(succeeded, log).toBe(true);
  expect(answer).toMatch(/^200 /);
  expect(z.array(z.unknown()).parse(JSON.parse(answer.slice('200 '.length)))).toHaveLength(accounts);
});

test('a wrong token is refused, and so is a pod that is not the proxy', async () => {
  expect(await ask('/api/v1/accounts', 'client', 'Bearer wrong')).toMatch(/^401 /);
  expect(await ask('/api/v1/accounts', 'stranger')).toMatch(/^failed /);
});

test('a collector reaches declared peers only: without the rule for its provider it fails', async () => {
  const { code } = await namespace.upgrade(
    values,
    '--set',
    `collectors.aws.egress.cidrs[0].cidr=203.0.113.1/32,collectors.aws.egress.cidrs[0].ports[0]=${ports.aws}`,
  );
  const denied = await namespace.runCronJob(cronJob, 'denied');
  await namespace.kubectl(['delete', 'networkpolicy', '--all']);
  const free = await namespace.runCronJob(cronJob, 'free');

  expect(code).toBe(0);
  expect(denied.succeeded, denied.log).toBe(false);
  expect(free.succeeded, free.log).toBe(true);
});

test('it upgrades in place, and nothing that was collected is lost', async () => {
  const { code, stderr } = await namespace.upgrade(values, '--wait', '--set', 'logLevel=debug');
  const answer = await ask('/api/v1/accounts?fields=name&limit=1000', 'client');

  expect(code, stderr).toBe(0);
  expect(z.array(z.unknown()).parse(JSON.parse(answer.slice('200 '.length)))).toHaveLength(accounts);
});
