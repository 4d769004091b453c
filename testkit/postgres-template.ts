// The database that every database test starts from: migrated, with the service roles, and otherwise empty.
import type { PostgresCluster } from './postgres.ts';

/** The name of the template database. */
export const templateName = 'inventory_template';

/** Creates the template database in a fresh cluster. */
export async function prepareTemplate(cluster: PostgresCluster): Promise<void> {
  await cluster.createDatabase(templateName);
}
