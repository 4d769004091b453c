// The real Prometheus for the checks: a process of its own on loopback, in whatever state a check needs it.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createCertificate } from '#testkit/certificate.ts';
import { type Running, startProgram } from './inventory.ts';
import { pickPort } from './pick-port.ts';

/** How it is started. */
export interface PrometheusOptions {
  /** `prometheus.yml`; nothing is scraped unless it says so. */
  readonly config?: string;
  /** It never comes to the end of its write-ahead log, and so is alive and never ready. */
  readonly isStuck?: boolean;
  readonly isAgent?: boolean;
  /** Behind TLS, and with the one user there is. */
  readonly isProtected?: boolean;
}

/** A running Prometheus. */
export interface Prometheus {
  readonly url: string;
  readonly folder: string;
  /** The certificate's authority, for `ca_file`, when it is protected. */
  readonly caFile: string;
  /** Lets it reload a configuration that is none, which it refuses and goes on with the old one. */
  reloadBroken(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The user behind whom a protected one lies. */
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
  // Opening a pipe that nobody writes into never ends.
  if (options.isStuck) await promisify(execFile)('mkfifo', [join(data, 'wal/00000000')]);
  const web = options.isProtected ? await protect(folder) : [];
  const port = await pickPort();
  const running = startProgram({}, [
    'prometheus',
    `--config.file=${configFile}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...(options.isAgent ? ['--enable-feature=agent', `--storage.agent.path=${data}`] : [`--storage.tsdb.path=${data}`]),
    ...web,
  ]);
  await running.told(options.isStuck ? /Replaying WAL/ : /Server is ready/);
  return {
    url: `${options.isProtected ? 'https' : 'http'}://127.0.0.1:${port}`,
    folder,
    caFile: join(folder, 'ca.pem'),
    reloadBroken: () => reloadBroken(running, configFile),
    stop: () => stop(running),
    close: async () => {
      await stop(running);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function protect(folder: string): Promise<string[]> {
  const { key_pem, certificate_pem } = await createCertificate();
  await writeFile(join(folder, 'ca.pem'), certificate_pem);
  await writeFile(join(folder, 'key.pem'), key_pem);
  const web = [
    'tls_server_config: { cert_file: ca.pem, key_file: key.pem }',
    `basic_auth_users: { ${user.username}: '${user.hash}' }`,
  ];
  await writeFile(join(folder, 'web.yml'), web.join('\n'));
  return [`--web.config.file=${join(folder, 'web.yml')}`];
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
