// What the services have in common as processes: whether they may listen, where, and how they end.
import { ConfigError } from '#core/errors.ts';
import type { App } from '#services/app.ts';
import { type Auth, authProblems } from '#services/auth.ts';
import { type Listener, listen } from '#services/listen.ts';
import { openAuth } from '#services/open-auth.ts';
import type { Environment } from './environment.ts';
import { toListenProblem } from './listen-problem.ts';
import type { LoadedConfig } from './load-config.ts';
import { untilAborted } from './until-aborted.ts';

/** A service by the key of its configuration. */
export type Service = 'api' | 'ingest';

/** Its apps; `ops` is null where health and metrics are on the main one. */
export interface Apps {
  readonly app: App;
  readonly ops: App | null;
}

/** How long requests under way may take to end. */
const graceMs = 10_000;
/** How long to go on answering while /readyz says 503: only behind a balancer, which is where an ops port is set. */
const drainMs = 5_000;

/**
 * Works with the configured way to know callers, and closes it when the work has ended. Throws ConfigError when the service
 * must not listen where it is configured to, or when its issuer's authority cannot be read.
 */
export async function withAuth(
  { clock, log, variables }: Environment,
  config: LoadedConfig,
  service: Service,
  work: (auth: Auth) => Promise<void>,
): Promise<void> {
  const { auth, listen } = config[service];
  const problems = authProblems(service, auth, [listen.host, ...(config.ops ? [config.ops.host] : [])]);
  if (problems.length > 0) throw new ConfigError('bad_configuration', problems);
  const opened = await openAuth(`${service}.auth`, auth, { proxyEnv: variables, clock, log });
  try {
    await work(opened.auth);
  } finally {
    await opened.close();
  }
}

/** Serves until the environment's signal aborts; throws ConfigError when it cannot listen. */
export async function serve(
  environment: Environment,
  config: LoadedConfig,
  service: Service,
  apps: Apps,
): Promise<void> {
  const listeners = await listenAll(environment, config, service, apps);
  for (const { url } of listeners) environment.log.info({ event: 'listening', url }, 'listening');
  await untilAborted(environment.signal);
  const times = { drainMs: apps.ops ? drainMs : 0, graceMs };
  await Promise.all(listeners.map((listener) => listener.close(times)));
}

async function listenAll(
  { clock, log }: Environment,
  config: LoadedConfig,
  service: Service,
  { app, ops }: Apps,
): Promise<readonly Listener[]> {
  const { host, port } = config[service].listen;
  const listeners = [await tryListen(`${service}.listen`, { app, host, port, clock, log })];
  if (config.ops && ops) listeners.push(await tryListen('ops.port', { app: ops, ...config.ops, clock, log }));
  return listeners;
}

async function tryListen(key: string, options: Parameters<typeof listen>[0]): Promise<Listener> {
  try {
    return await listen(options);
  } catch (cause) {
    throw new ConfigError('cannot_listen', [toListenProblem({ key, ...options }, cause)], { cause });
  }
}
