// The real Prometheus for the checks: a process of its own on loopback, in whatever state a check needs it.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { pause } from '#core/deadline.ts';
import { createCertificate } from '#testkit/certificate.ts';
import { pickPort } from '#testkit/pick-port.ts';
import { type Running, startProgram } from './inventory.ts';

/** How it is started. */
export interface PrometheusOptions {
  /** `prometheus.yml`; nothing is scraped unless it says so. */
  readonly config?: string;
  /** What `rule_files: [rules.yml]` finds. */
  readonly rules?: string;
  /** It never comes to the end of its write-ahead log, for opening a pipe that nobody writes into never ends: alive, and never ready. */
  readonly isStuck?: boolean;
  readonly isAgent?: boolean;
  /** Asks for the one user there is. */
  readonly asksForUser?: boolean;
  /** Behind TLS, with a certificate of `caFile`'s. */
  readonly hasTls?: boolean;
}

/** A running Prometheus. */
export interface Prometheus {
  readonly url: string;
  readonly folder: string;
  /** The certificate's authority, for `ca_file`, when it is behind TLS. */
  readonly caFile: string;
  /** Waits until it has tried every target once: before that their health is not known. */
  isScraping(): Promise<void>;
  /** Lets it reload a configuration that is none, which it refuses and goes on with the old one. */
  reloadBroken(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The user that is asked for. */
export const user = {
  username: 'operator',
  password: 'test',
  // https://prometheus.io/docs/guides/basic-auth/: bcrypt of the password.
  hash: '$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay',
} as const;

const quiet = 'global: { scrape_interval: 1h }\n';

/** Starts it and waits until it listens, and unless it is stuck until it is ready. */
export async function openPrometheus(options: PrometheusOptions = {}): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-prometheus-'));
  const configFile = join(folder, 'prometheus.yml');
  const data = join(folder, 'data');
  await mkdir(join(data, 'wal'), { recursive: true });
  await writeFile(configFile, options.config ?? quiet);
  await writeFile(join(folder, 'rules.yml'), options.rules ?? '');
  if (options.isStuck) await promisify(execFile)('mkfifo', [join(data, 'wal/00000000')]);
  const web = await protect(folder, options);
  const port = await pickPort();
  const running = startProgram({}, [
    'prometheus',
    `--config.file=${configFile}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...(options.isAgent ? ['--enable-feature=agent', `--storage.agent.path=${data}`] : [`--storage.tsdb.path=${data}`]),
    ...web,
  ]);
  await running.told(options.isStuck ? /Starting TSDB/ : /Server is ready/);
  const url = `${options.hasTls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return {
    url,
    folder,
    caFile: join(folder, 'ca.pem'),
    isScraping: () => waitForTargets(url),
    reloadBroken: () => reloadBroken(running, configFile),
    stop: () => stop(running),
    close: async () => {
      await stop(running);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function protect(folder: string, { asksForUser, hasTls }: PrometheusOptions): Promise<string[]> {
  const { key_pem, certificate_pem } = await createCertificate();
  await writeFile(join(folder, 'ca.pem'), certificate_pem);
  await writeFile(join(folder, 'key.pem'), key_pem);
  const tls = 'tls_server_config: { cert_file: ca.pem, key_file: key.pem }';
  const users = `basic_auth_users: { ${user.username}: '${user.hash}' }`;
  await writeFile(join(folder, 'web.yml'), [hasTls ? tls : '', asksForUser ? users : ''].join('\n'));
  return [`--web.config.file=${join(folder, 'web.yml')}`];
}

const targetsSchema = z.object({ data: z.object({ activeTargets: z.array(z.object({ health: z.string() })) }) });

async function waitForTargets(url: string): Promise<void> {
  const deadline = AbortSignal.timeout(30_000);
  for (;;) {
    const answer = await fetch(`${url}/api/v1/targets?state=active`, { signal: deadline });
    const { activeTargets } = targetsSchema.parse(await answer.json()).data;
    if (activeTargets.length > 0 && activeTargets.every(({ health }) => health !== 'unknown')) return;
    await pause(100, deadline);
  }
}

async function reloadBroken(running: Running, configFile: string): Promise<void> {
  await writeFile(configFile, 'scrape_configs: nonsense');
  running.process.kill('SIGHUP');
  await running.told(/Error reloading config/);
}

async function stop(running: Running): Promise<void> {
  running.process.kill('SIGKILL');
  await running.ended;
}
