// What the chart is tried with: a namespace with the Secrets that lead to what is outside, and the values that go with them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ended } from '../verify/inventory.ts';
import { createNamespace, type Namespace } from './kubernetes.ts';
import { host, type Outside, type OutsideOptions, openOutside } from './outside.ts';

/** The names of what the chart makes of the release `inventory`. */
export const names = {
  api: 'inventory-asset-inventory-api',
  ingest: 'inventory-asset-inventory-ingest',
  aws: 'inventory-asset-inventory-collector-aws',
  prune: 'inventory-asset-inventory-prune',
} as const;

/** Values of the chart, as much of them as somebody wants otherwise. */
export type Values = Readonly<Record<string, unknown>>;

/** Everything around an installation. */
export interface Stand extends Outside {
  readonly namespace: Namespace;
  /** The file with the values that every installation here has. */
  readonly values: string;
  /** Installs the chart, or upgrades it, with these values on top, and waits until its pods are ready. */
  install(values?: Values): Promise<Ended>;
  /** Points the collector at a port of this machine, from its next run on. */
  leadCollectorTo(port: number): Promise<void>;
}

/** Opens all of it; nothing is installed yet. */
export async function openStand(options: OutsideOptions): Promise<Stand> {
  const outside = await openOutside(options);
  const { aws, organization, ports } = outside;
  const namespace = await createNamespace();
  const folder = await mkdtemp(join(tmpdir(), 'inventory-e2e-'));
  const addSecret = (name: string, stringData: Readonly<Record<string, string>>) =>
    namespace.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData });
  const user = aws.addUser(organization.management_account_id);
  const leadCollectorTo = (port: number) =>
    addSecret('asset-inventory', {
      AWS_ENDPOINT_URL: `http://${host}:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: user.access_key_id,
      AWS_SECRET_ACCESS_KEY: user.secret_access_key,
    });
  await leadCollectorTo(ports.aws);
  await addSecret('issuer-ca', { 'ca.crt': outside.issuerCa });
  for (const role of ['api', 'ingest', 'collector', 'prune', 'migrate']) {
    await addSecret(`asset-inventory-postgres-${role}`, { password: 'loopback asks for none' });
  }
  const values = join(folder, 'values.json');
  await writeFile(values, JSON.stringify(createValues(namespace.name, outside)));
  return {
    ...{ ...outside, namespace, values, leadCollectorTo },
    async install(more = {}) {
      const path = join(folder, 'more.json');
      await writeFile(path, JSON.stringify(more));
      return await namespace.helm('upgrade --install', '--values', values, '--values', path, '--wait');
    },
    // What is outside comes last: it is still asked while the namespace goes.
    async close() {
      await namespace.remove();
      await outside.close();
      await rm(folder, { recursive: true });
    },
  };
}

// The proxy is a pod of the checks, which passes tokens on as oauth2-proxy does; it is the gateway of ingest too. Schedules are
// at rest until a check wants them.
function createValues(namespace: string, { issuer, ports }: Outside): Values {
  const variables = ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  const client = { namespace, podLabels: { app: 'client' } };
  const here = `${host}/32`;
  return {
    image: { repository: 'localhost/asset-inventory', development: true, tag: 'e2e', pullPolicy: 'Never' },
    postgres: { host, port: ports.postgres, sslMode: 'disable', network: { mode: 'cidr', cidrs: [here] } },
    authProxy: {
      ...{ mode: 'external', external: client },
      ...{ issuerUrl: issuer.issuer, caSecret: { name: 'issuer-ca' }, egress: { cidrs: [here] } },
    },
    networkPolicy: { gateway: client },
    api: { auth: { audience: 'inventory' } },
    ingest: { enabled: true, auth: { audience: 'inventory' }, autoscaling: { enabled: false }, replicas: 1 },
    collectors: {
      aws: {
        enabled: true,
        suspend: true,
        secretVariables: variables.map((name) => ({ name, existingSecret: 'asset-inventory', key: name })),
        egress: { internet: false, cidrs: [{ cidr: here, ports: [ports.aws] }] },
      },
    },
    prune: { suspend: true },
  };
}
