// The product as its user meets it: a command in a process of its own, its variables, its outputs and its exit code.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

export type Variables = Readonly<Record<string, string>>;

/** How a command ended. `code` is null when a signal ended it. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** A command under way. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits until standard error says this; rejects when the command ends without having said it. */
  told(pattern: RegExp): Promise<RegExpExecArray>;
}

/** The repository. */
export const root = dirname(import.meta.dirname);

const main = join(root, 'cli/main.ts');

// A check that fails leaves its processes behind, some of them stopped for good: they end with ours.
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Starts `inventory …` with these variables and none of ours: no profile, key or proxy of this machine plays a part. */
export function start(variables: Variables, ...command: string[]): Running {
  return startProgram(variables, [process.execPath, main, ...command]);
}

/** Runs `inventory …` to its end. */
export function inventory(variables: Variables, ...command: string[]): Promise<Ended> {
  return start(variables, ...command).ended;
}

/** Starts any program that way, in the repository unless another folder is named, with this text on its standard input where there is one. */
export function startProgram(
  variables: Variables,
  [program = '', ...parameters]: readonly string[],
  cwd: string = root,
  input?: string,
): Running {
  const startedMs = performance.now();
  const child = spawn(program, parameters, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: tmpdir(), AWS_EC2_METADATA_DISABLED: 'true', ...variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // Who has read enough may be gone by then.
  child.stdin.on('error', () => undefined).end(input);
  living.add(child);
  child.once('exit', () => living.delete(child));
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code, signal, ...output, milliseconds: performance.now() - startedMs }),
    );
  });
  const told = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output.stderr);
        if (found !== null) resolve(found);
      };
      child.stderr.on('data', look);
      ended.then(({ code }) => reject(new Error(`ended with ${code}:\n${output.stderr}`)), reject);
      look();
    });
  return { process: child, ended, told };
}

const finishedSchema = z.looseObject({
  event: z.literal('run_finished'),
  run_id: z.string(),
  outcome: z.string(),
  counts: z.record(z.string(), z.number()),
  scopes: z.array(z.looseObject({ scope: z.string(), code: z.string().nullable(), reason: z.string().nullable() })),
});

/** The one line of JSON that a run ends with. */
export function summaryOf(ended: Ended): z.output<typeof finishedSchema> {
  const lines = ended.stderr.split('\n').filter((line) => line.includes('"run_finished"'));
  if (lines.length !== 1) throw new Error(`${lines.length} summaries, exit code ${ended.code}:\n${ended.stderr}`);
  return finishedSchema.parse(JSON.parse(lines.join('')));
}

/** A running service. */
export interface Service {
  readonly url: string;
  /** Asks it to stop, and answers its exit code. */
  stop(): Promise<number | null>;
}

/** A running read API. */
export interface Api extends Service {
  /** The whole list, page by page, along the `Link` headers. */
  list(path: string): Promise<readonly Record<string, unknown>[]>;
}

/** How a service is started. */
export interface ServeOptions {
  /** Where its configuration is written. */
  readonly folder: string;
  /** The program in front of `serve`; the sources unless told otherwise. */
  readonly command?: readonly string[];
  /** `auth` of the service in YAML. */
  readonly auth?: string;
}

/** Starts `serve api` on a free port of loopback. */
export async function serveApi(variables: Variables, options: ServeOptions): Promise<Api> {
  const service = await serve('api', variables, options);
  return { ...service, list: (path) => listAll(service.url, path) };
}

/** Starts `serve ingest` on a free port of loopback; nobody has to wait there. */
export async function serveIngest(variables: Variables, options: ServeOptions): Promise<Service> {
  return await serve('ingest', variables, options, 'requests_per_minute: 60000, ');
}

async function serve(
  name: 'api' | 'ingest',
  variables: Variables,
  { folder, command = [process.execPath, main], auth = '{ mode: none }' }: ServeOptions,
  settings = '',
): Promise<Service> {
  const INVENTORY_CONFIG = join(folder, `${name}.yaml`);
  await writeFile(INVENTORY_CONFIG, `${name}: { ${settings}listen: 127.0.0.1:0, auth: ${auth} }\n`);
  const running = startProgram({ ...variables, INVENTORY_CONFIG }, [...command, 'serve', name]);
  const [, url = ''] = await running.told(/"event":"listening","url":"([^"]+)"/);
  return {
    url,
    async stop() {
      running.process.kill('SIGTERM');
      return (await running.ended).code;
    },
  };
}

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

async function listAll(url: string, path: string): Promise<readonly Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Response = await fetch(new URL(next, url), { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`${next}: ${answer.status} ${await answer.text()}`);
    rows.push(...rowsSchema.parse(await answer.json()));
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return rows;
}
