// Jobs of the chart's CronJobs, from their start by schedule or by hand to their end.
import { z } from 'zod';
import type { Namespace } from './kubernetes.ts';
import { watchUntil } from './watch.ts';

/** A Job that has ended. */
export interface EndedJob {
  readonly name: string;
  readonly succeeded: boolean;
  /** For when its CronJob's schedule wanted it; null for one that was started by hand. */
  readonly scheduledFor: Date | null;
  /** Of its pods, the first pod first. */
  readonly exitCodes: readonly number[];
  readonly log: string;
}

const scheduledFor = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

const jobSchema = z.object({
  metadata: z.object({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
  }),
  status: z
    .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
    .prefault({}),
});
type Job = z.output<typeof jobSchema>;

const podsSchema = z.object({
  items: z.array(
    z.object({
      status: z.object({
        startTime: z.string(),
        containerStatuses: z.array(
          z.object({ state: z.object({ terminated: z.object({ exitCode: z.int() }).optional() }) }),
        ),
      }),
    }),
  ),
});

/** Starts a CronJob's Job now, whatever its schedule says, and waits for its end. */
export async function runNow(namespace: Namespace, cronJob: string, name: string): Promise<EndedJob> {
  await namespace.kubectl(['create', 'job', name, `--from=cronjob/${cronJob}`]);
  return await awaitEnd(namespace, name);
}

/** Waits until the schedule of a CronJob has started a Job for a time later than this; answers the Job's name. */
export async function awaitScheduled(namespace: Namespace, cronJob: string, after: Date): Promise<string> {
  return await watchUntil(namespace, {
    kind: 'jobs',
    what: `a Job of ${cronJob} for a time after ${after.toISOString()}`,
    // Two minutes of a schedule for every minute, for the one that begins may just have been missed.
    timeoutMs: 130_000,
    find: (object) => {
      const { metadata } = jobSchema.parse(object);
      const isOurs = metadata.ownerReferences.some(({ kind, name }) => kind === 'CronJob' && name === cronJob);
      return isOurs && new Date(metadata.annotations[scheduledFor] ?? 0) > after ? metadata.name : undefined;
    },
  });
}

/** Waits until a Job has ended, well or not. */
export async function awaitEnd(namespace: Namespace, name: string): Promise<EndedJob> {
  const job = await watchUntil(namespace, {
    kind: 'jobs',
    what: `the end of ${name}`,
    timeoutMs: 180_000,
    find: (object) => {
      const found = jobSchema.parse(object);
      return found.metadata.name === name && endOf(found) !== undefined ? found : undefined;
    },
  });
  const ofJob = ['--selector', `batch.kubernetes.io/job-name=${name}`];
  const pods = podsSchema.parse(JSON.parse(await namespace.kubectl(['get', 'pods', ...ofJob, '-o', 'json'])));
  const inOrder = pods.items.map(({ status }) => status).sort((a, b) => a.startTime.localeCompare(b.startTime));
  const scheduled = job.metadata.annotations[scheduledFor];
  return {
    name,
    succeeded: endOf(job) === 'Complete',
    scheduledFor: scheduled === undefined ? null : new Date(scheduled),
    exitCodes: inOrder.map(({ containerStatuses }) => containerStatuses[0]?.state.terminated?.exitCode ?? Number.NaN),
    log: await namespace.kubectl(['logs', ...ofJob, '--tail=-1']),
  };
}

function endOf({ status }: Job): string | undefined {
  return status.conditions.find(
    (condition) => /^(Complete|Failed)$/.test(condition.type) && condition.status === 'True',
  )?.type;
}
