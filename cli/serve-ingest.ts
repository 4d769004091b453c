// `inventory serve ingest`: all that is written over HTTP, until a signal comes.
import type { Auth } from '#services/auth.ts';
import { createIngest } from '#services/ingest/ingest.ts';
import { parseDatabaseUrl } from '#store/database-url.ts';
import { latestVersion } from '#store/migration-plan.ts';
import { openSeeder } from '#store/open.ts';
import type { Environment } from './environment.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { serve, withAuth } from './serve.ts';

/** Serves until the environment's signal aborts; throws ConfigError when it may not or cannot listen. */
export async function serveIngestCommand(environment: Environment, options: { readonly ops: boolean }): Promise<void> {
  const loaded = await loadConfig(environment.variables);
  const config: LoadedConfig = options.ops ? loaded : { ...loaded, ops: undefined };
  await withAuth(environment, config, 'ingest', (auth) => serveIngest(environment, config, auth));
}

async function serveIngest(environment: Environment, config: LoadedConfig, auth: Auth): Promise<void> {
  const { clock, log, migrationsDir, signal, variables, version } = environment;
  const { dialect } = parseDatabaseUrl(config.databaseUrl);
  const schemaVersionExpected = await latestVersion(migrationsDir, dialect);
  const seeder = await openSeeder({ url: config.databaseUrl, migrationsDir, clock, log });
  try {
    const { listen, requests_per_minute, allow_hosts } = config.ingest;
    const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
    const ingest = createIngest({
      ...{ seeder, auth, clock, log, schemaVersionExpected, version, stopping: signal },
      ...{ tenant: config.tenant, ops: config.ops !== undefined, requestsPerMinute: requests_per_minute },
      ...{ allowedHosts: allow_hosts, origin: `http://${host}:${listen.port}` },
      image_digest: variables.INVENTORY_IMAGE_DIGEST ?? null,
    });
    await serve(environment, config, 'ingest', ingest);
  } finally {
    await seeder.close();
  }
}
