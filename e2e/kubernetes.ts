// kubectl and helm as the checks on the cluster use them.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const chart = join(import.meta.dirname, '../charts/asset-inventory');

/** Runs a program to its end, with this text on its standard input. */
export async function run(program: string, parameters: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(program, parameters, { stdio: 'pipe', timeout: 300_000 });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  child.stdin.on('error', () => undefined).end(input);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
}

/** One namespace of the cluster. */
export interface Namespace {
  readonly name: string;
  /** Throws when kubectl fails; answers what it printed. */
  kubectl(parameters: readonly string[], input?: string): Promise<string>;
  /** Installs the chart or upgrades it, with this file of values; Helm's own words when it fails. */
  upgrade(values: string, ...flags: readonly string[]): Promise<Ended>;
  /** What the chart renders to with these values. */
  template(values: string): Promise<string>;
  test(): Promise<Ended>;
  /** Starts a CronJob now and waits for its end; answers whether it succeeded, and its log. */
  runCronJob(cronJob: string, name: string): Promise<{ succeeded: boolean; log: string }>;
  remove(): Promise<void>;
}

const jobSchema = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
});

/** Makes a namespace that admits nothing that Pod Security *restricted* refuses. */
export async function createNamespace(name: string): Promise<Namespace> {
  const succeed = async (program: string, parameters: readonly string[], input?: string) => {
    const ended = await run(program, parameters, input);
    if (ended.code !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${ended.stderr}`);
    return ended.stdout;
  };
  const kubectl = (parameters: readonly string[], input?: string) =>
    succeed('kubectl', ['-n', name, ...parameters], input);
  await succeed('kubectl', ['create', 'namespace', name]);
  const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
  await succeed('kubectl', ['label', 'namespace', name, ...labels]);
  return {
    name,
    kubectl,
    upgrade: (values, ...flags) =>
      run('helm', [
        'upgrade',
        '--install',
        'inventory',
        chart,
        '-n',
        name,
        '--values',
        values,
        '--timeout',
        '4m',
        ...flags,
      ]),
    template: (values) =>
      succeed('helm', ['template', 'inventory', chart, '-n', name, '--kube-version', '1.36.0', '--values', values]),
    test: () => run('helm', ['test', 'inventory', '-n', name, '--logs', '--timeout', '2m']),
    async runCronJob(cronJob, job) {
      await kubectl(['create', 'job', job, `--from=cronjob/${cronJob}`]);
      for (const endMs = Date.now() + 120_000; Date.now() < endMs; await delay(500)) {
        const { status } = jobSchema.parse(JSON.parse(await kubectl(['get', 'job', job, '-o', 'json'])));
        const ended = status.conditions.find(
          ({ type, status }) => /^(Complete|Failed)$/.test(type) && status === 'True',
        );
        if (ended === undefined) continue;
        return { succeeded: ended.type === 'Complete', log: await kubectl(['logs', `job/${job}`]) };
      }
      throw new Error(`${job} has not ended: ${await kubectl(['describe', 'job', job])}`);
    },
    async remove() {
      await run('kubectl', ['delete', 'namespace', name, '--wait=false']);
    },
  };
}
