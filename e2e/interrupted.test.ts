// A collector that is killed in the middle of its run: the next ones leave what undisturbed runs would have left.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { renameAccount } from '#testkit/aws/mutations.ts';
import { prepareTemplate, templateName } from '#testkit/postgres-template.ts';
import { inventory } from '../verify/inventory.ts';
import { queryPostgres } from '../verify/query.ts';
import { readState } from '../verify/state.ts';
import { awaitEnd, awaitScheduled, runNow } from './jobs.ts';
import { succeed } from './kubernetes.ts';
import { names, openStand, type Stand } from './stand.ts';
import { watchUntil } from './watch.ts';

const accounts = 1300;
const cluster = join(import.meta.dirname, 'cluster/cluster');

let stand: Stand;
beforeAll(async () => {
  stand = await openStand({ accounts });
  await prepareTemplate(stand.postgres);
  const { code, stderr } = await stand.install();
  expect(code, stderr).toBe(0);
});
afterAll(() => stand.close());

function databaseOf(name: string) {
  return { query: (sql: string) => queryPostgres(stand.postgres.urlFor('postgres', name), sql) };
}

/** A run of the same program outside of the cluster, into a database of its own, that nobody disturbs. */
async function runUndisturbed(): Promise<void> {
  const user = stand.aws.addUser(stand.organization.management_account_id);
  const { code, stderr } = await inventory(
    {
      AWS_ENDPOINT_URL: stand.aws.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: user.access_key_id,
      AWS_SECRET_ACCESS_KEY: user.secret_access_key,
      DATABASE_URL: stand.postgres.urlFor('inventory_collector', templateName),
    },
    ...['collect', 'aws'],
  );
  expect(code, stderr).toBe(0);
}

const podSchema = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()) }),
  status: z.object({
    containerStatuses: z
      .array(z.object({ containerID: z.string().optional(), state: z.object({ running: z.unknown().optional() }) }))
      .default([]),
  }),
});

/** The running container of a Job, as the runtime knows it. */
function awaitContainer(job: string): Promise<string> {
  return watchUntil(stand.namespace, {
    kind: 'pods',
    what: `a container of ${job}`,
    timeoutMs: 30_000,
    find: (object) => {
      const { metadata, status } = podSchema.parse(object);
      if (metadata.labels['batch.kubernetes.io/job-name'] !== job) return undefined;
      const running = status.containerStatuses.find(({ state }) => state.running !== undefined);
      return running?.containerID?.replace('containerd://', '');
    },
  });
}

/** Holds back the answer to the n-th page of the next run's accounts for good; resolves when it was asked for. */
function holdBack(nth: number): Promise<void> {
  return new Promise((resolve) => {
    const page = { operation: 'ListAccounts', nth };
    stand.aws.faults.plan({ ...page, effect: { kind: 'mutate', mutate: () => resolve() } });
    stand.aws.faults.plan({ ...page, effect: { kind: 'hang' } });
  });
}

async function countRenamed(): Promise<number> {
  const [row] = await databaseOf('inventory').query(
    `select count(*)::integer as n from cloud_accounts where name like 'renamed %'`,
  );
  return Number(row?.['n']);
}

test('a container killed in mid-run leaves the next run clean: complete, nothing vanished, the same rows', async () => {
  const first = await runNow(stand.namespace, names.aws, 'first');
  await runUndisturbed();
  for (const id of stand.organization.accounts.keys()) renameAccount(stand.organization, id, `renamed ${id}`);
  const held = holdBack(50);
  const { code } = await stand.install({ collectors: { aws: { suspend: false, schedule: '* * * * *' } } });
  const job = await awaitScheduled(stand.namespace, names.aws, new Date(0));
  const container = await awaitContainer(job);
  await held;
  const renamedBefore = await countRenamed();

  await succeed('bash', [cluster, 'enter', 'ctr', '-n', 'k8s.io', 'tasks', 'kill', '--signal', 'SIGKILL', container]);
  // The Job tries once more, and waits until the dead run's lease has lapsed.
  const again = await awaitEnd(stand.namespace, job);
  const scheduled = again.scheduledFor ?? new Date(0);
  const next = await awaitEnd(stand.namespace, await awaitScheduled(stand.namespace, names.aws, scheduled));

  expect({ first: first.succeeded, code }).toEqual({ first: true, code: 0 });
  // It was in the middle: one batch was written, the rest was not.
  expect(renamedBefore).toBeGreaterThan(0);
  expect(renamedBefore).toBeLessThan(accounts);
  expect({ ...again, log: '' }).toMatchObject({ succeeded: true, exitCodes: [137, 0] });
  expect({ ...next, log: '' }).toMatchObject({ succeeded: true, exitCodes: [0] });
  const outcomes = await databaseOf('inventory').query(
    'select outcome, error_code, vanished, missing from collector_runs order by started_at',
  );
  const complete = { outcome: 'complete', error_code: null, vanished: 0, missing: 0 };
  expect(outcomes.slice(0, 4)).toMatchObject([
    complete,
    { outcome: 'failed', error_code: 'lease_lapsed' },
    complete,
    complete,
  ]);
  await runUndisturbed();
  expect(await readState(databaseOf('inventory'))).toEqual(await readState(databaseOf(templateName)));
}, 480_000);
