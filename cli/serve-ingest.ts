// `inventory serve ingest`: all that is written over HTTP, until a signal comes.
import { createIngest } from '#services/ingest/ingest.ts';
import { parseDatabaseUrl } from '#store/database-url.ts';
import { latestVersion } from '#store/migration-plan.ts';
import { openSeeder } from '#store/open.ts';
import type { Environment } from './environment.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { requireSafeListeners, serve } from './serve.ts';

/** Serves until the environment's signal aborts; throws ConfigError when it may not or cannot listen. */
export async function serveIngestCommand(environment: Environment, options: { readonly ops: boolean }): Promise<void> {
  const { clock, log, migrationsDir, signal, variables, version } = environment;
  const loaded = await loadConfig(variables);
  const config: LoadedConfig = options.ops ? loaded : { ...loaded, ops: undefined };
  requireSafeListeners('ingest', config);
  const { dialect } = parseDatabaseUrl(config.databaseUrl);
  const schemaVersionExpected = await latestVersion(migrationsDir, dialect);
  const seeder = await openSeeder({ url: config.databaseUrl, migrationsDir, clock, log });
  try {
    const { auth, listen, requests_per_minute, allow_hosts } = config.ingest;
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
