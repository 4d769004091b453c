// Applies the migrations to Postgres: all that are missing or none, whoever else is trying at the same time.
import { pause, raceSignal } from '#core/deadline.ts';
import { ConfigError, StoreError } from '#core/errors.ts';
import {
  type AppliedMigration,
  type MigrateMode,
  type MigrateResult,
  type Migration,
  planMigrations,
  type SchemaVersion,
  toSchemaVersion,
} from '../migration-plan.ts';
import { openPostgres, type PostgresTransaction } from './connection.ts';
import { toStoreError } from './errors.ts';
import { migrateRole, ownerRole, serviceRoles } from './roles.ts';

// Building an index on a large table takes minutes, and so does waiting for another process that builds it.
const statementTimeoutMs = 600_000;
// Whoever reads a table queues up behind a migration that waits for it, so it does not wait for long: it lets those behind it
// through, and begins anew, until whoever held the table has gone.
const lockTimeoutMs = 1_000;
const lockPauseMs = 3_000;
const lockPatienceMs = 300_000;
// Any number, as long as it stays the same: those who migrate at once wait for each other under it.
const lockKey = 4_711_001;

interface MigratePostgresOptions {
  readonly url: string;
  readonly files: readonly Migration[];
  readonly mode: MigrateMode;
  readonly signal?: AbortSignal | undefined;
}

/** Applies the missing files in one transaction, as inventory_owner; the connecting role must be a member of it. */
export async function migratePostgres({
  url,
  files,
  mode,
  signal = new AbortController().signal,
}: MigratePostgresOptions): Promise<MigrateResult> {
  const connection = openPostgres({
    url,
    applicationName: 'inventory migrate',
    readOnly: mode === 'check',
    maxConnections: 1,
    statementTimeoutMs,
  });
  const transaction = {
    tenant_id: null,
    mode: mode === 'check' ? 'read only' : 'isolation level read committed',
  } as const;
  try {
    const work = async (sql: PostgresTransaction): Promise<MigrateResult> => {
      if (mode !== 'check') await becomeOwner(sql);
      const applied = await readApplied(sql);
      const pending = planMigrations(files, applied);
      if (mode === 'dry-run') await sql`savepoint dry_run`;
      if (mode !== 'check') await apply(sql, pending);
      if (mode === 'dry-run') await sql`rollback to savepoint dry_run`;
      return { from: applied.length, latest: files.length, pending };
    };
    return await retryLocked(() => raceSignal(connection.transact(transaction, work), signal), signal);
  } finally {
    await connection.close();
  }
}

/** Runs a transaction again while somebody holds a table that it needs. It must begin from nothing each time. */
async function retryLocked<T>(transaction: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return await transaction();
    } catch (error) {
      const isLocked = error instanceof StoreError && error.code === '55P03';
      if (!isLocked || performance.now() - startedMs > lockPatienceMs) throw error;
    }
    await pause(lockPauseMs, signal);
  }
}

/** What the applied migrations say of the schema. */
export async function readPostgresSchema(sql: PostgresTransaction): Promise<SchemaVersion> {
  return toSchemaVersion(await readApplied(sql));
}

async function becomeOwner(sql: PostgresTransaction): Promise<void> {
  await sql`select set_config('lock_timeout', '0', true)`;
  await sql`select pg_advisory_xact_lock(${lockKey})`;
  await sql`select set_config('lock_timeout', ${String(lockTimeoutMs)}, true)`;
  await checkRoles(sql);
  await sql.unsafe(`set local role ${ownerRole}`);
}

async function checkRoles(sql: PostgresTransaction): Promise<void> {
  const wanted = [ownerRole, ...serviceRoles];
  const [found] = await sql<{ roles: number; has_schema: boolean; is_member: boolean | null; me: string }[]>`
    select (select count(*)::integer from pg_roles where rolname = any(${wanted}::text[])) as roles,
      to_regnamespace('inventory') is not null as has_schema,
      (select pg_has_role(oid, 'member') from pg_roles where rolname = ${ownerRole}) as is_member,
      current_user as me`;
  if (found === undefined || found.roles < wanted.length || !found.has_schema) {
    throw refuse(
      'lacks the roles or the schema "inventory": run "inventory migrate --roles" once, as an administrator',
    );
  }
  if (!found.is_member) {
    throw refuse(`${found.me} may not change the schema: connect as inventory_migrate, or as an administrator`);
  }
}

function refuse(remedy: string): ConfigError {
  return new ConfigError('database_roles', [{ key: 'database', remedy }]);
}

async function readApplied(sql: PostgresTransaction): Promise<AppliedMigration[]> {
  const [table] = await sql<{ exists: boolean }[]>`
    select to_regclass('inventory.schema_migrations') is not null as exists`;
  if (!table?.exists) return [];
  // Through JSON, for a database that was migrated before there was the column.
  return await sql<AppliedMigration[]>`
    select version, name, sha256, coalesce((to_jsonb(m) ->> 'compatible_from')::integer, version) as compatible_from
    from schema_migrations m order by version`;
}

async function apply(sql: PostgresTransaction, pending: readonly Migration[]): Promise<void> {
  // The column came later. Where it is, nothing is altered: that would keep /readyz of every running pod waiting until the end.
  await sql.unsafe(
    `create table if not exists schema_migrations (
       version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now());
     do $$ begin
       if not exists (select from pg_attribute where attrelid = 'schema_migrations'::regclass and attname = 'compatible_from')
       then alter table schema_migrations add column compatible_from integer; end if;
     end $$;
     grant select on schema_migrations to ${[migrateRole, ...serviceRoles].join(', ')}`,
  );
  for (const { version, name, sha256, compatible_from, sql: text } of pending) {
    try {
      await sql.unsafe(text);
    } catch (error) {
      throw toStoreError(error, `${name}.sql`);
    }
    await sql`
      insert into schema_migrations (version, name, sha256, compatible_from)
      values (${version}, ${name}, ${sha256}, ${compatible_from})`;
  }
}
