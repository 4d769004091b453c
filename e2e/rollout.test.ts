// Another release comes, and goes again, while the API is asked without a pause: no request may notice.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { queryPostgres } from '../verify/query.ts';
import { type Client, type LoadReport, openClient } from './client.ts';
import { runNow } from './jobs.ts';
import { names, openStand, type Stand } from './stand.ts';

const release = readdirSync(join(import.meta.dirname, '../migrations/postgres')).length;

const replicas = { api: { autoscaling: { enabled: false }, replicas: 2 } };

let stand: Stand;
let client: Client;
beforeAll(async () => {
  stand = await openStand({ accounts: 600 });
  const { code, stderr } = await stand.install(replicas);
  expect(code, stderr).toBe(0);
  client = await openClient(stand.namespace, 'client');
  const collected = await runNow(stand.namespace, names.aws, 'first');
  expect(collected.succeeded, collected.log).toBe(true);
});
afterAll(() => stand.close());

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ labels: z.looseObject({ 'pod-template-hash': z.string() }) }),
      spec: z.object({ containers: z.array(z.object({ image: z.string() })) }),
    }),
  ),
});

/** The pods of the services, by the names of their components. */
async function readPods(...components: readonly string[]) {
  const selector = `app.kubernetes.io/component in (${components.join(', ')})`;
  const printed = await stand.namespace.kubectl(['get', 'pods', '--selector', selector, '-o', 'json']);
  return podsSchema.parse(JSON.parse(printed)).items.map(({ metadata, spec }) => ({
    hash: metadata.labels['pod-template-hash'],
    image: spec.containers[0]?.image,
  }));
}

/** Does something while both services are asked, until the pods that were there before are gone. */
async function underLoad(act: () => Promise<unknown>): Promise<readonly LoadReport[]> {
  const hashes = new Set((await readPods('api', 'ingest')).map(({ hash }) => hash));
  const headers = { authorization: `Bearer ${await stand.issuer.fetchToken('inventory:read')}` };
  const loads = [
    client.load({ url: `http://${names.api}/api/v1/accounts?limit=50`, headers }),
    client.load({ url: `http://${names.ingest}/openapi.json` }),
  ];
  await Promise.all(loads.map(({ started }) => started));
  await act();
  const selector = `pod-template-hash in (${[...hashes].join(', ')})`;
  await stand.namespace.kubectl(['wait', 'pod', '--for=delete', '--timeout=90s', '--selector', selector]);
  return await Promise.all(loads.map((load) => load.stop()));
}

async function readImages(): Promise<(string | undefined)[]> {
  return (await readPods('api')).map(({ image }) => image);
}

async function readSchema(): Promise<number> {
  const [row] = await queryPostgres(
    stand.postgres.urlFor('postgres', 'inventory'),
    'select max(version)::integer as version from schema_migrations',
  );
  return Number(row?.['version']);
}

function expectUnnoticed(reports: readonly LoadReport[]): void {
  console.log(JSON.stringify(reports));
  for (const { answered, failures } of reports) {
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(100);
  }
}

test('a release with a migration replaces this one, and every request is answered', async () => {
  const before = await readSchema();
  const reports = await underLoad(async () => {
    const { code, stderr } = await stand.install({ ...replicas, image: { tag: 'e2e-next' } });
    expect(code, stderr).toBe(0);
  });

  expectUnnoticed(reports);
  expect([before, await readSchema()]).toEqual([release, release + 1]);
  expect(await readImages()).toEqual(Array(2).fill('localhost/asset-inventory:e2e-next'));
});

test('it is rolled back, the schema stays, and every request is answered', async () => {
  const reports = await underLoad(async () => {
    const { code, stderr } = await stand.namespace.helm('rollback', '--wait');
    expect(code, stderr).toBe(0);
  });

  expectUnnoticed(reports);
  expect(await readSchema()).toBe(release + 1);
  expect(await readImages()).toEqual(Array(2).fill('localhost/asset-inventory:e2e'));
});
