// Creating the roles, in a cluster of this file's own, for roles belong to the cluster.
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '#core/log.ts';
import { openPostgresCluster, type PostgresCluster } from '#testkit/postgres.ts';
import { createRoles, migrate } from '../migrate.ts';

const log = createLogger({ level: 'silent' });
const migrationsDir = join(import.meta.dirname, '../../migrations');
let cluster: PostgresCluster;

beforeAll(async () => {
  cluster = await openPostgresCluster();
});
afterAll(() => cluster.close());

test('an administrator who is no superuser, as managed services give, can create the roles and migrate', async () => {
  await query(cluster.adminUrl, 'create role manager login createrole; create database managed owner manager');
  const url = cluster.urlFor('manager', 'managed');

  await createRoles({ url });
  await createRoles({ url });
  const byManager = await migrate({ url, migrationsDir, mode: 'dry-run', log });
  const byMigrate = await migrate({
    url: cluster.urlFor('inventory_migrate', 'managed'),
    migrationsDir,
    mode: 'apply',
    log,
  });

  expect(byMigrate).toEqual(byManager);
  expect(byMigrate.pending.length).toBeGreaterThan(0);
  await query(cluster.adminUrl, 'drop database managed');
  await query(
    cluster.adminUrl,
    'drop owned by inventory_owner, inventory_migrate, inventory_api, inventory_ingest, inventory_collector, inventory_prune',
  );
});

test('databases that are prepared at the same time do not disturb each other', async () => {
  const urls = await Promise.all(['a', 'b', 'c'].map((name) => cluster.createDatabase(name)));

  await Promise.all([...urls, ...urls].map((url) => createRoles({ url })));

  const roles = await query(
    cluster.adminUrl,
    `select rolname, rolcanlogin, rolinherit from pg_roles where rolname like 'inventory_%' order by 1`,
  );
  expect(roles).toEqual([
    { rolname: 'inventory_api', rolcanlogin: true, rolinherit: false },
    { rolname: 'inventory_collector', rolcanlogin: true, rolinherit: false },
    { rolname: 'inventory_ingest', rolcanlogin: true, rolinherit: false },
    { rolname: 'inventory_migrate', rolcanlogin: true, rolinherit: false },
    { rolname: 'inventory_owner', rolcanlogin: false, rolinherit: false },
    { rolname: 'inventory_prune', rolcanlogin: true, rolinherit: false },
  ]);
});

test('no role has a password, and the limits of each hold for whatever connects as it', async () => {
  const url = await cluster.createDatabase('limits');
  await createRoles({ url });

  const [row] = await query(
    cluster.urlFor('inventory_api', 'limits'),
    `select current_setting('default_transaction_read_only') as read_only, current_setting('statement_timeout') as timeout,
      current_setting('search_path') as path`,
  );
  const passwords = await query(
    cluster.adminUrl,
    `select rolname from pg_authid where rolname like 'inventory_%' and rolpassword is not null`,
  );

  expect(row).toEqual({ read_only: 'on', timeout: '30s', path: 'inventory' });
  expect(passwords).toEqual([]);
});

test('a role that could go around row-level security is refused, with the statement that mends it', async () => {
  const url = await cluster.createDatabase('powerful');
  await createRoles({ url });
  await query(cluster.adminUrl, 'alter role inventory_api bypassrls');

  await expect(createRoles({ url })).rejects.toThrow('alter role inventory_api nosuperuser nobypassrls');

  await query(cluster.adminUrl, 'alter role inventory_api nobypassrls');
});

async function query(url: string, text: string) {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => undefined });
  try {
    const rows: unknown[] = [];
    for (const statement of text.split(';')) rows.splice(0, rows.length, ...(await sql.unsafe(statement)));
    return rows;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
