// The database roles of the product: who owns the tables, and one role for each program that touches them.
import { setTimeout as wait } from 'node:timers/promises';
import { ConfigError, StoreError } from '#core/errors.ts';
import { openPostgres, type PostgresTransaction } from './connection.ts';

/** Owns the schema and everything in it. Nobody logs in as it. */
export const ownerRole = 'inventory_owner';

/** Logs in to migrate and becomes the owner for that transaction only. */
export const migrateRole = 'inventory_migrate';

/** One for each program. Which table each may read or write is granted by the migration that creates the table. */
export const serviceRoles = ['inventory_api', 'inventory_ingest', 'inventory_collector', 'inventory_prune'] as const;

// Limits that hold also for a client that forgets to set its own.
const settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  inventory_api: { default_transaction_read_only: 'on', statement_timeout: '30s' },
  inventory_ingest: { statement_timeout: '60s' },
  inventory_collector: { statement_timeout: '60s' },
  inventory_prune: { statement_timeout: '10min' },
};

/**
 * Creates the roles and the schema `inventory` in the connected database, or brings them to what they should be. Needs a
 * superuser, or the database's owner with CREATEROLE, as managed services give. No role gets a password.
 */
export async function createPostgresRoles(url: string): Promise<void> {
  const connection = openPostgres({
    url,
    applicationName: 'inventory migrate --roles',
    readOnly: false,
    maxConnections: 1,
    statementTimeoutMs: 60_000,
  });
  try {
    await retryConcurrentUpdate(() =>
      connection.transact({ tenant_id: null, mode: 'isolation level read committed' }, createAll),
    );
  } finally {
    await connection.close();
  }
}

async function createAll(sql: PostgresTransaction): Promise<void> {
  // `noinherit`: being a member of the owner grants nothing until the role is set.
  await createRole(sql, ownerRole, 'nologin noinherit');
  for (const role of [migrateRole, ...serviceRoles]) await createRole(sql, role, 'login noinherit');
  await refusePowerful(sql);
  await sql.unsafe(`grant ${ownerRole} to ${migrateRole}`);
  await createSchema(sql);
  await narrowDatabase(sql);
  for (const [role, values] of Object.entries(settings)) {
    await sql.unsafe(`alter role ${role} set search_path = inventory`);
    for (const [name, value] of Object.entries(values)) await sql.unsafe(`alter role ${role} set ${name} = '${value}'`);
  }
}

async function createRole(sql: PostgresTransaction, role: string, attributes: string): Promise<void> {
  await sql.unsafe(`do $$ begin
    create role ${role} ${attributes};
  exception when duplicate_object or unique_violation then
    alter role ${role} ${attributes};
  end $$`);
}

// Somebody made such a role on purpose; to take its powers away could be worse than to stop.
async function refusePowerful(sql: PostgresTransaction): Promise<void> {
  const powerful = await sql<{ rolname: string }[]>`
    select rolname from pg_roles
    where rolname = any(${[ownerRole, migrateRole, ...serviceRoles]}::text[])
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`;
  if (powerful.length === 0) return;
  throw new ConfigError(
    'database_roles',
    powerful.map(({ rolname }) => ({
      key: 'database',
      remedy: `the role ${rolname} must not be able to do more than read and write its tables: alter role ${rolname} nosuperuser nobypassrls nocreaterole nocreatedb noreplication`,
    })),
  );
}

async function createSchema(sql: PostgresTransaction): Promise<void> {
  const [schema] = await sql<{ owner: string }[]>`
    select nspowner::regrole::text as owner from pg_namespace where nspname = 'inventory'`;
  const [me] = await sql<{ is_superuser: boolean }[]>`
    select rolsuper as is_superuser from pg_roles where rolname = current_user`;
  // To give something to a role one must be able to become it, which an administrator who is no superuser must say.
  if (!me?.is_superuser) await sql.unsafe(`grant ${ownerRole} to current_user`);
  if (schema === undefined) await sql.unsafe(`create schema inventory authorization ${ownerRole}`);
  else if (schema.owner !== ownerRole) await sql.unsafe(`alter schema inventory owner to ${ownerRole}`);
}

async function narrowDatabase(sql: PostgresTransaction): Promise<void> {
  const everyone = [migrateRole, ...serviceRoles].join(', ');
  const [row] = await sql<{ name: string }[]>`select quote_ident(current_database()) as name`;
  await sql.unsafe(`grant connect on database ${row?.name} to ${everyone}`);
  // Whoever can create objects in a schema that others search can plant functions there.
  await sql.unsafe(`revoke temporary on database ${row?.name} from public`);
  await sql.unsafe('revoke create on schema public from public');
  await sql.unsafe(`set local role ${ownerRole}`);
  await sql.unsafe(`grant usage on schema inventory to ${everyone}`);
  // Else every function the owner creates could be called by everybody.
  await sql.unsafe('alter default privileges revoke execute on functions from public');
  await sql.unsafe('reset role');
}

// Roles belong to the whole cluster, so two databases that are prepared at once can meet in the same rows of the
// catalogue: "tuple concurrently updated", a bare XX000, or a duplicate key.
async function retryConcurrentUpdate(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 10 || !(error instanceof StoreError) || !/^(XX000|23505|42710|40P01)$/.test(error.code))
        throw error;
    }
    await wait(Math.random() * 100 * attempt);
  }
}
