// A pod that asks the services of the chart, as the proxy in front of them would, or as a stranger.
import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Namespace } from './kubernetes.ts';

/** What is asked. */
export interface Question {
  /** With the name of a Service. */
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const answerSchema = z.object({
  /** 0 when there was none. */
  status: z.int(),
  challenge: z.string(),
  /** Why there was no answer, instead of a body. */
  text: z.string(),
});
export type Answer = z.output<typeof answerSchema>;

const reportSchema = z.object({
  answered: z.int(),
  slowestMs: z.number(),
  failures: z.array(z.string()),
});
/** What became of all requests of a load: how many were a 200, and what the others were. */
export type LoadReport = z.output<typeof reportSchema>;

/** Requests that keep coming. */
export interface Load {
  /** Resolves when the first request was answered; rejects when the load has ended before. */
  readonly started: Promise<void>;
  stop(): Promise<LoadReport>;
}

/** A pod that asks. */
export interface Client {
  /** All of them at once. */
  ask(...questions: readonly Question[]): Promise<Answer[]>;
  /** Asks this, over and over, on connections that are kept and on new ones. */
  load(question: Question): Load;
}

const idle = `process.once('SIGTERM', () => process.exit(0)); setInterval(() => undefined, 1 << 30);`;

const askScript = `
import { json } from 'node:stream/consumers';
const questions = await json(process.stdin);
const ask = async ({ url, ...request }) => {
  try {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(20000) });
    return { status: answer.status, challenge: answer.headers.get('www-authenticate') ?? '', text: await answer.text() };
  } catch (error) {
    return { status: 0, challenge: '', text: [error.name, error.cause?.code].join(' ') };
  }
};
console.log(JSON.stringify(await Promise.all(questions.map(ask))));`;

// Plain http, for it says of a connection whether it is to be kept. Ends when its input does.
const loadScript = `
import { Agent, request } from 'node:http';
const { url, headers } = JSON.parse(process.argv[1]);
const report = { answered: 0, slowestMs: 0, failures: [] };
let stopped = false;
process.stdin.resume().once('end', () => { stopped = true; });
const once = (agent) => new Promise((resolve) => {
  const startedMs = performance.now();
  const fail = (why) => { report.failures.push(new Date().toISOString() + ' ' + why); resolve(); };
  const asked = request(url, { agent, headers, timeout: 10000 }, (answer) => {
    let bytes = 0;
    answer.on('data', (chunk) => { bytes += chunk.length; });
    answer.once('error', (error) => fail('broken off ' + error.code));
    answer.once('end', () => {
      if (answer.statusCode !== 200 || bytes < 3) return fail(answer.statusCode + ' with ' + bytes + ' bytes');
      report.answered += 1;
      if (report.answered === 1) console.log('started');
      report.slowestMs = Math.max(report.slowestMs, performance.now() - startedMs);
      resolve();
    });
  });
  asked.once('timeout', () => asked.destroy(new Error('no answer for 10 s')));
  asked.once('error', (error) => fail(error.code + ' ' + error.message));
  asked.end();
});
const work = async (keepAlive) => {
  const agent = new Agent({ keepAlive, maxSockets: 1 });
  while (!stopped) {
    await once(agent);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  agent.destroy();
};
await Promise.all([true, true, false, false].map(work));
console.log(JSON.stringify(report));`;

/** Starts the pod, and waits until it can be used. */
export async function openClient(namespace: Namespace, name: string): Promise<Client> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'client',
          image: 'localhost/asset-inventory:e2e',
          imagePullPolicy: 'Never',
          command: ['/nodejs/bin/node', '--eval', idle],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
  await namespace.apply(pod);
  await namespace.kubectl(['wait', `pod/${name}`, '--for=condition=Ready', '--timeout=60s']);
  const node = ['exec', '-i', name, '--', '/nodejs/bin/node', '--input-type=module', '--eval'];
  return {
    async ask(...questions) {
      const printed = await namespace.kubectl([...node, askScript], JSON.stringify(questions));
      return z.array(answerSchema).parse(JSON.parse(printed));
    },
    load: (question) => startLoad(['-n', namespace.name, ...node, loadScript, JSON.stringify(question)]),
  };
}

function startLoad(parameters: readonly string[]): Load {
  const child = spawn('kubectl', parameters, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 280_000 });
  const started = Promise.withResolvers<void>();
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.startsWith('started')) started.resolve();
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  ended.then(() => started.reject(new Error(`the load has ended: ${printed}`)), started.reject);
  started.promise.catch(() => undefined);
  return {
    started: started.promise,
    async stop() {
      child.stdin.end();
      await ended;
      return reportSchema.parse(JSON.parse(printed.slice(printed.indexOf('{'))));
    },
  };
}
