// `inventory serve api`: the read-only API until a signal comes.
import { setFlagsFromString } from 'node:v8';
import { createApi } from '#services/api/api.ts';
import type { Auth } from '#services/auth.ts';
import { parseDatabaseUrl } from '#store/database-url.ts';
import { latestVersion } from '#store/migration-plan.ts';
import { openReader } from '#store/open.ts';
import type { Environment } from './environment.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { serve, withAuth } from './serve.ts';

// An export makes and drops rows as fast as its reader takes them, for which V8 would let its young generation grow to three
// halves of 16 MiB, and Postgres's answers with it: 100,000 rows take 50 MiB more than 10,000 then, under 10 with this, in the
// same time. Set before anything is loaded.
const memoryFlag = '--semi-space-growth-factor=1';

/** Serves until the environment's signal aborts; throws ConfigError when it may not or cannot listen. */
export async function serveApiCommand(environment: Environment): Promise<void> {
  setFlagsFromString(memoryFlag);
  const config = await loadConfig(environment.variables);
  await withAuth(environment, config, 'api', (auth) => serveApi(environment, config, auth));
}

async function serveApi(environment: Environment, config: LoadedConfig, auth: Auth): Promise<void> {
  const { clock, log, migrationsDir, signal, version } = environment;
  const { dialect } = parseDatabaseUrl(config.databaseUrl);
  const schemaVersionExpected = await latestVersion(migrationsDir, dialect);
  const reader = await openReader({ url: config.databaseUrl, migrationsDir });
  try {
    const { tenant, collectors, prune } = config;
    const options = { reader, auth, clock, log, schemaVersionExpected, version, stopping: signal };
    const api = createApi({ ...options, tenant, collectors, prune, ops: config.ops !== undefined });
    await serve(environment, config, 'api', api);
  } finally {
    await reader.close();
  }
}
