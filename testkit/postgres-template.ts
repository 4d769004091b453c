// The database that every database test starts from: migrated, with the service roles, and otherwise empty.
import { join } from 'node:path';
import { createLogger } from '#core/log.ts';
import { createRoles, migrate } from '#store/migrate.ts';
import type { PostgresCluster } from './postgres.ts';

/** The name of the template database. */
export const templateName = 'inventory_template';

/** Creates the template database in a fresh cluster. */
export async function prepareTemplate(cluster: PostgresCluster): Promise<void> {
  const url = await cluster.createDatabase(templateName);
  const migrationsDir = join(import.meta.dirname, '../migrations');
  await createRoles({ url });
  await migrate({ url, migrationsDir, mode: 'apply', log: createLogger({ level: 'silent' }) });
}
