// Opens the Postgres halves of the store, on a schema that this release can work with.
import type { Clock } from '#core/clock.ts';
import { requireSchema } from '../migration-plan.ts';
import type { Pruner } from '../prune.ts';
import type { Seeder } from '../seed.ts';
import type { Reader, Store, Writer } from '../store.ts';
import { openPostgres, type PostgresConnection, type PostgresOptions } from './connection.ts';
import { readPostgresSchema } from './migrations.ts';

/** The newest migration of this release: the schema must have it, and still admit it. */
interface Needs {
  readonly latest: number;
}

/** The Writer, for a role that may write. */
export async function openPostgresWriter(
  url: string,
  { latest, clock }: Needs & { readonly clock: Clock },
): Promise<Store<Writer>> {
  const connection = await connect({
    url,
    latest,
    applicationName: 'inventory writer',
    readOnly: false,
    maxConnections: 4,
    statementTimeoutMs: 30_000,
  });
  const { createPostgresWriter } = await import('./writer.ts');
  return { ...createPostgresWriter(connection, { clock }), close: connection.close };
}

/** The Reader: every transaction is read only, whatever the role may do. */
export async function openPostgresReader(url: string, { latest }: Needs): Promise<Store<Reader>> {
  const connection = await connect({
    url,
    latest,
    applicationName: 'inventory reader',
    readOnly: true,
    maxConnections: 10,
    statementTimeoutMs: 10_000,
  });
  const { createPostgresReader } = await import('./reader.ts');
  return { ...createPostgresReader(connection), close: connection.close };
}

/** The Seeder, for the role that may write seeds. A caller waits for it, so it has less time than a collector. */
export async function openPostgresSeeder(
  url: string,
  { latest, clock }: Needs & { readonly clock: Clock },
): Promise<Store<Seeder>> {
  const connection = await connect({
    url,
    latest,
    applicationName: 'inventory ingest',
    readOnly: false,
    maxConnections: 4,
    statementTimeoutMs: 5_000,
  });
  const { createPostgresSeeder } = await import('./seed.ts');
  return { ...createPostgresSeeder(connection, { clock }), close: connection.close };
}

/** The Pruner, for the role that may call its functions. */
export async function openPostgresPruner(url: string, { latest }: Needs): Promise<Store<Pruner>> {
  const connection = await connect({
    url,
    latest,
    applicationName: 'inventory prune',
    readOnly: false,
    maxConnections: 1,
    // To find the runs that nothing names is one pass over a tenant's whole log.
    statementTimeoutMs: 300_000,
  });
  const { createPostgresPruner } = await import('./prune.ts');
  return { ...createPostgresPruner(connection), close: connection.close };
}

async function connect({ latest, ...options }: PostgresOptions & Needs): Promise<PostgresConnection> {
  const connection = openPostgres(options);
  try {
    const schema = await connection.transact({ tenant_id: null, mode: 'read only' }, readPostgresSchema);
    requireSchema(schema, latest);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}
