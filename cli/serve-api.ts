// `inventory serve api`: the read-only API until a signal comes.
import { setFlagsFromString } from 'node:v8';
import { ConfigError } from '#core/errors.ts';
import { describeError } from '#core/redact.ts';
import { type Api, createApi } from '#services/api/api.ts';
import { type Auth, authProblems } from '#services/auth.ts';
import { type Listener, listen } from '#services/listen.ts';
import { openAuth } from '#services/open-auth.ts';
import { parseDatabaseUrl } from '#store/database-url.ts';
import { latestVersion } from '#store/migration-plan.ts';
import { openReader } from '#store/open.ts';
import type { Environment } from './environment.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { untilAborted } from './until-aborted.ts';

/** How long requests under way may take to end. */
const graceMs = 10_000;
/** How long to go on answering while /readyz says 503: only behind a balancer, which is where an ops port is set. */
const drainMs = 5_000;

// An export makes and drops rows as fast as its reader takes them, for which V8 would let its young generation grow to three
// halves of 16 MiB, and Postgres's answers with it: 100,000 rows take 50 MiB more than 10,000 then, under 10 with this, in the
// same time. Set before anything is loaded.
const memoryFlag = '--semi-space-growth-factor=1';

/** Serves until the environment's signal aborts; throws ConfigError when it may not or cannot listen. */
export async function serveApiCommand(environment: Environment): Promise<void> {
  setFlagsFromString(memoryFlag);
  const { clock, log, variables } = environment;
  const config = await loadConfig(variables);
  const hosts = [config.api.listen.host, ...(config.ops ? [config.ops.host] : [])];
  const problems = authProblems(config.api.auth, hosts);
  if (problems.length > 0) throw new ConfigError('bad_configuration', problems);
  const opened = await openAuth('api.auth', config.api.auth, { proxyEnv: variables, clock, log });
  try {
    await serve(environment, config, opened.auth);
  } finally {
    await opened.close();
  }
}

async function serve(environment: Environment, config: LoadedConfig, auth: Auth): Promise<void> {
  const { clock, log, migrationsDir, signal, version } = environment;
  const { dialect } = parseDatabaseUrl(config.databaseUrl);
  const schemaVersionExpected = await latestVersion(migrationsDir, dialect);
  const reader = await openReader({ url: config.databaseUrl, migrationsDir });
  try {
    const options = { reader, auth, clock, log, schemaVersionExpected, version, stopping: signal };
    const { tenant, collectors } = config;
    const api = createApi({ ...options, tenant, collectors, ops: config.ops !== undefined });
    const listeners = await listenAll(environment, config, api);
    for (const { url } of listeners) log.info({ event: 'listening', url }, 'listening');
    await untilAborted(signal);
    const times = { drainMs: config.ops ? drainMs : 0, graceMs };
    await Promise.all(listeners.map((listener) => listener.close(times)));
  } finally {
    await reader.close();
  }
}

async function listenAll({ clock, log }: Environment, config: LoadedConfig, api: Api): Promise<readonly Listener[]> {
  const { host, port } = config.api.listen;
  const listeners = [await tryListen('api.listen', { app: api.app, host, port, clock, log })];
  if (config.ops && api.ops) listeners.push(await tryListen('ops.port', { app: api.ops, ...config.ops, clock, log }));
  return listeners;
}

async function tryListen(key: string, options: Parameters<typeof listen>[0]): Promise<Listener> {
  try {
    return await listen(options);
  } catch (cause) {
    const remedy = `cannot listen on ${options.host}:${options.port} (${describeError(cause)}): choose another`;
    throw new ConfigError('cannot_listen', [{ key, remedy }], { cause });
  }
}
