// What each database role may do, as a table; everything else is really tried, and must be refused.
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#testkit/postgres-for-tests.ts';

const readAndWrite = ['select', 'insert', 'update'] as const;

// Whoever adds a table adds it here; a table that is missing may not be touched by anyone.
const allowed: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  inventory_api: {
    schema_migrations: ['select'],
    cloud_accounts: ['select'],
    org_nodes: ['select'],
    monitoring_endpoints: ['select'],
    relations: ['select'],
    scopes: ['select'],
    collector_runs: ['select'],
    run_scopes: ['select'],
    run_pages: ['select'],
    record_versions: ['select'],
    events: ['select'],
    history_horizons: ['select'],
    event_horizons: ['select'],
    prune_status: ['select'],
  },
  inventory_collector: {
    schema_migrations: ['select'],
    cloud_accounts: readAndWrite,
    org_nodes: readAndWrite,
    monitoring_endpoints: readAndWrite,
    relations: readAndWrite,
    scopes: readAndWrite,
    collector_runs: readAndWrite,
    run_scopes: readAndWrite,
    run_pages: ['insert'],
    record_versions: ['insert'],
    events: ['insert'],
  },
  // Of endpoints only seeds, by the policies; of scopes only whose they are.
  inventory_ingest: {
    schema_migrations: ['select'],
    monitoring_endpoints: readAndWrite,
    idempotency_keys: readAndWrite,
    scopes: ['select'],
    record_versions: ['insert'],
    events: ['insert'],
    audit_log: ['insert'],
  },
  // Reads and deletes by the owner's functions alone.
  inventory_prune: { schema_migrations: ['select'] },
  // Becomes the owner by `set role`; until then it may only see what is applied, for `migrate --check`.
  inventory_migrate: { schema_migrations: ['select'] },
};
const roles = Object.keys(allowed);
const services = roles.filter((role) => role !== 'inventory_migrate');

// None of them touches a row: the permission is checked before the first one is looked for.
const statements: Readonly<Record<string, (table: string, column: string) => string>> = {
  select: (table) => `select 1 from ${table} where false`,
  insert: (table, column) => `insert into ${table} (${column}) select null where false`,
  update: (table, column) => `update ${table} set ${column} = null where false`,
  delete: (table) => `delete from ${table} where false`,
  truncate: (table) => `truncate ${table} cascade`,
};

const denied = /permission denied|must be owner|must be superuser|row-level security policy/;

let database: TestDatabase;
let admin: postgres.Sql;
const connections: postgres.Sql[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  admin = connect(database.adminUrl);
  for (const tenant of ['mine', 'other']) {
    for (const { table } of await readTables()) await insertSample(admin, table, tenant);
  }
});

afterAll(async () => {
  await Promise.all(connections.map((sql) => sql.end({ timeout: 5 })));
  await database.close();
});

describe.for(roles)('as %s', (role) => {
  test('every statement on every table is either in the table above or refused', async () => {
    const sql = connect(database.urlFor(role));
    const tables = [...(await readTables()), { table: 'schema_migrations', column: 'version' }];
    const found: Record<string, string[]> = {};

    for (const { table, column } of tables) {
      for (const [verb, toStatement] of Object.entries(statements)) {
        const answer = await tryStatement(sql, toStatement(table, column));
        if (answer === 'done') found[table] = [...(found[table] ?? []), verb];
        else expect(answer, verb).toBe(`42501 permission denied for table ${table}`);
      }
    }

    expect(found).toEqual(allowed[role]);
  });

  test.for([
    'create table inventory.mine (id int)',
    'create table public.mine (id int)',
    'create schema mine',
    'create function inventory.mine() returns int language sql return 1',
    'create role mine',
    'alter table inventory.cloud_accounts disable row level security',
    'alter table inventory.cloud_accounts no force row level security',
    'drop table inventory.events',
    'drop policy api_select on inventory.events',
    'create policy mine on inventory.events using (true)',
    'create trigger mine after insert on inventory.events execute function suppress_redundant_updates_trigger()',
    'set role postgres',
    'set session authorization postgres',
    'set session_replication_role = replica',
    `select pg_read_file('/etc/passwd')`,
    `copy inventory.cloud_accounts to program 'cat'`,
    'select * from pg_authid',
  ])('%s is refused', async (statement) => {
    const sql = connect(database.urlFor(role));

    expect(await tryStatement(sql, statement)).toMatch(/^42501 /);
  });

  test('what it may do it cannot grant to others', async () => {
    const sql = connect(database.urlFor(role));

    // Refused, or, where the role has some privilege itself, ignored with a warning.
    const grant = sql.begin('read write', (open) => open`grant all on inventory.events to public`);
    await grant.catch((error) => expect(error.code).toBe('42501'));
    const grants = await admin`
      select 1 from pg_class, aclexplode(relacl) a where oid = 'inventory.events'::regclass and a.grantee = 0`;

    expect(grants).toHaveLength(0);
  });

  test('it has no attribute that goes around privileges', async () => {
    const [row] = await admin`
      select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as powerful, rolcanlogin
      from pg_roles where rolname = ${role}`;

    expect(row).toEqual({ powerful: false, rolcanlogin: true });
  });
});

describe.for(services)('as %s', (role) => {
  test('it can become no other role', async () => {
    const sql = connect(database.urlFor(role));
    const others = ['inventory_owner', ...roles].filter((other) => other !== role);

    for (const other of others) expect(await tryStatement(sql, `set role ${other}`), other).toMatch(/^42501 /);
  });

  test('a table it may read shows the rows of its tenant, and none without a tenant', async () => {
    const sql = connect(database.urlFor(role));
    const readable = (await readTables()).filter(({ table }) => allowed[role]?.[table]?.includes('select'));

    for (const { table } of readable) {
      const tenantsSeenBy = async (tenant: string | undefined) => {
        const rows = await inTransaction(sql, tenant, (open) => open`select tenant_id from ${open(table)}`);
        return rows.map(({ tenant_id }) => tenant_id);
      };
      expect(await tenantsSeenBy('mine'), table).toEqual(['mine']);
      expect(await tenantsSeenBy('nobody'), table).toEqual([]);
      expect(await tenantsSeenBy(''), table).toEqual([]);
      expect(await tenantsSeenBy(undefined), table).toEqual([]);
    }
  });

  test('a table it may insert into takes no row of another tenant, nor of any without a tenant', async () => {
    const sql = connect(database.urlFor(role));
    const writable = (await readTables()).filter(({ table }) => allowed[role]?.[table]?.includes('insert'));

    for (const { table } of writable) {
      for (const tenant of ['mine', undefined]) {
        const answer = inTransaction(sql, tenant, (open) => insertSample(open, table, 'other'));
        await expect(answer, table).rejects.toMatchObject({ code: '42501', message: expect.stringMatching(denied) });
      }
    }
  });

  test('a table it may update keeps the rows of other tenants, and takes none of its own there', async () => {
    const sql = connect(database.urlFor(role));
    const writable = (await readTables()).filter(({ table }) => allowed[role]?.[table]?.includes('update'));

    for (const { table } of writable) {
      const changed = await inTransaction(
        sql,
        'mine',
        (open) => open`update ${open(table)} set tenant_id = tenant_id where tenant_id = 'other' returning 1`,
      );
      expect(changed, table).toHaveLength(0);
      const moved = inTransaction(sql, 'mine', (open) => open`update ${open(table)} set tenant_id = 'other'`);
      await expect(moved, table).rejects.toMatchObject({ code: '42501' });
    }
  });
});

test('inventory_migrate becomes the owner when it says so', async () => {
  const sql = connect(database.urlFor('inventory_migrate'));

  expect(await tryStatement(sql, 'set role inventory_owner')).toBe('done');
});

test('nobody logs in as the owner', async () => {
  const sql = connect(database.urlFor('inventory_owner'));

  await expect(sql`select 1`).rejects.toMatchObject({ code: '28000' });
});

test('the API writes nothing even where a privilege would let it', async () => {
  const sql = connect(database.urlFor('inventory_api'));

  await expect(sql`update cloud_accounts set name = 'x'`).rejects.toMatchObject({ code: '25006' });
});

test('every table is owned by inventory_owner, has a tenant, and forces row-level security on its owner too', async () => {
  const tables = await admin`
    select relname, relowner::regrole::text as owner, relrowsecurity and relforcerowsecurity as forced,
      exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and attnotnull) as has_tenant
    from pg_class c where relnamespace = 'inventory'::regnamespace and relkind in ('r', 'p') and relname <> 'schema_migrations'`;

  expect(tables.length).toBeGreaterThanOrEqual(8);
  for (const table of tables) {
    expect(table).toMatchObject({ owner: 'inventory_owner', forced: true, has_tenant: true });
  }
});

test('the public may do nothing in the schema: no usage, no table, no function', async () => {
  const grants = await admin`
    select 'schema' as object from pg_namespace, aclexplode(nspacl) a where nspname = 'inventory' and a.grantee = 0
    union all
    select relname from pg_class, aclexplode(relacl) a where relnamespace = 'inventory'::regnamespace and a.grantee = 0
    union all
    select proname from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
    where pronamespace = 'inventory'::regnamespace and a.grantee = 0`;

  expect(grants).toHaveLength(0);
});

test('only the metrics and the pruning cross tenants, each for its own role, and with a search path nobody can plant something in', async () => {
  const calls: Readonly<Record<string, string>> = {
    begin_pruning: `begin_pruning('mine')`,
    collector_metrics: 'collector_metrics()',
    count_prunable: `count_prunable('mine', '{account}', now(), now(), now(), now())`,
    count_prunable_keys: `count_prunable_keys('mine', now())`,
    finish_pruning: `finish_pruning('mine', now(), 'complete', '{}')`,
    prune_events: `prune_events('mine', now(), 1)`,
    prune_keys: `prune_keys('mine', now(), 1)`,
    prune_metrics: 'prune_metrics()',
    prune_pages: `prune_pages('mine', now(), 1)`,
    prune_runs: `prune_runs('mine', now(), 1)`,
    prune_tenants: 'prune_tenants()',
    prune_versions: `prune_versions('mine', '{account}', now(), 1)`,
    scope_metrics: 'scope_metrics()',
  };

  const definers = await admin`
    select proname, proconfig, proowner::regrole::text as owner from pg_proc
    where pronamespace = 'inventory'::regnamespace and prosecdef order by proname`;
  const callers = await Promise.all(
    Object.entries(calls).map(async ([name, call]) => {
      const answers = roles.map(async (role) =>
        (await tryStatement(connect(database.urlFor(role)), `select ${call}`)) === 'done' ? [role] : [],
      );
      return [name, (await Promise.all(answers)).flat()];
    }),
  );
  const seen = await connect(database.urlFor('inventory_api'))`
    select c.tenant_id, s.tenant_id as of_scope from collector_metrics() c join scope_metrics() s on s.tenant_id = c.tenant_id`;

  const owned = {
    proconfig: expect.arrayContaining(['search_path=inventory, pg_temp']),
    owner: 'inventory_owner',
  };
  expect(definers).toEqual(Object.keys(calls).map((proname) => ({ proname, ...owned })));
  expect(Object.fromEntries(callers)).toEqual({
    ...Object.fromEntries(Object.keys(calls).map((name) => [name, ['inventory_prune']])),
    collector_metrics: ['inventory_api'],
    prune_metrics: ['inventory_api'],
    scope_metrics: ['inventory_api'],
  });
  expect(seen.map(({ tenant_id }) => tenant_id)).toEqual(['mine', 'other']);
});

test('what pruning is made of can be called by no role', async () => {
  const parts = [
    `named_runs('mine', now(), now())`,
    `prunable_runs('mine', now(), now(), now(), now())`,
    'take_prune_turn()',
    `tells_of_record('account.updated')`,
  ];

  for (const role of roles) {
    const sql = connect(database.urlFor(role));
    for (const part of parts) expect(await tryStatement(sql, `select ${part}`), `${role} ${part}`).toMatch(/^42501 /);
  }
});

test('pruning reports of tenants that there are, and of nobody else', async () => {
  const reported = await inTransaction(admin, undefined, async (open) => {
    await open`delete from prune_status`;
    await open`set local role inventory_prune`;
    await open`select begin_pruning('mine'), begin_pruning('nobody')`;
    await open`select finish_pruning('mine', now(), 'complete', '{"runs": 3}'), finish_pruning('nobody', now(), 'complete', '{}')`;
    await open`reset role`;
    return await open`select tenant_id, last_run_status, runs::integer from prune_status`;
  });

  expect(reported).toEqual([{ tenant_id: 'mine', last_run_status: 'complete', runs: 3 }]);
});

test('pruning deletes history of the tenant it is called for, however late the time, and never a record', async () => {
  const history = ['record_versions', 'run_pages'];
  const records = ['cloud_accounts', 'org_nodes', 'scopes'];

  const left = await inTransaction(admin, undefined, async (open) => {
    await open`set local role inventory_prune`;
    await open`select prune_versions('mine', '{x}', '2999-01-01', 1000), prune_pages('mine', '2999-01-01', 1000)`;
    await open`select prune_events('mine', '2999-01-01', 1000), prune_runs('mine', '2999-01-01', 1000)`;
    await open`reset role`;
    const counts = [...history, ...records].map(async (table) => {
      const rows = await open`select tenant_id from ${open(table)} order by tenant_id`;
      return [table, rows.map(({ tenant_id }) => tenant_id)];
    });
    return Object.fromEntries(await Promise.all(counts));
  });

  expect(left).toEqual({
    ...Object.fromEntries(history.map((table) => [table, ['other']])),
    ...Object.fromEntries(records.map((table) => [table, ['mine', 'other']])),
  });
});

describe('the statements of a collector', () => {
  const account = { tenant_id: 'mine', provider: 'aws', id: '111122223333' };

  test('insert, skip or update an account by its key', async () => {
    const sql = connect(database.urlFor('inventory_collector'));

    const names = await inTransaction(sql, 'mine', async (open) => {
      await insertSample(open, 'cloud_accounts', 'mine', account);
      const columns = await readRequired('cloud_accounts', 'mine', account);
      await open`insert into cloud_accounts ${open(columns)} on conflict do nothing`;
      await open`
        insert into cloud_accounts ${open(columns)} on conflict (tenant_id, provider, id) do update set name = 'second'`;
      return await open`select name from cloud_accounts where id = ${account.id} for update`;
    });

    expect(names).toEqual([{ name: 'second' }]);
  });

  test('append pages, versions and events whose parents it wrote, and never read them back', async () => {
    const sql = connect(database.urlFor('inventory_collector'));
    const run = { id: '00000000-0000-4000-8000-0000000000aa' };
    const scope = { run_id: run.id, scope: 'aws:privileges' };

    await inTransaction(sql, 'mine', async (open) => {
      await insertSample(open, 'collector_runs', 'mine', run);
      await insertSample(open, 'run_scopes', 'mine', scope);
      await insertSample(open, 'run_pages', 'mine', { ...scope, seq: 1 });
      const page = await readRequired('run_pages', 'mine', { ...scope, seq: 1 });
      await open`insert into run_pages ${open(page)} on conflict do nothing`;
      await insertSample(open, 'record_versions', 'mine', { key: 'aws/1' });
      await insertSample(open, 'events', 'mine', { event_id: run.id });
    });
    const readBack = inTransaction(sql, 'mine', async (open) => {
      const event = await readRequired('events', 'mine', { event_id: run.id });
      await open`insert into events ${open(event)} returning position`;
    });

    await expect(readBack).rejects.toMatchObject({ code: '42501' });
  });
});

describe('the role of ingest', () => {
  const observed = { id: 'observed', scope: 'prometheus:prod' };

  test('reads what was observed, and can neither change it, nor make it a seed, nor write what a collector writes', async () => {
    const sql = connect(database.urlFor('inventory_ingest'));
    await insertSample(admin, 'monitoring_endpoints', 'mine', { ...observed, url: 'https://observed.example' });
    const answerTo = (work: (open: postgres.TransactionSql) => Promise<unknown>) =>
      inTransaction(sql, 'mine', work).catch((error) => error.code);

    const seen = await answerTo((open) => open`select scope from monitoring_endpoints where id = 'observed'`);
    const changed = await answerTo(
      (open) =>
        open`update monitoring_endpoints set status = 'up', scope = 'seed:pasted' where id = 'observed' returning 1`,
    );
    const given = await answerTo((open) => open`update monitoring_endpoints set scope = 'prometheus:prod'`);
    const written = await answerTo((open) =>
      insertSample(open, 'monitoring_endpoints', 'mine', { ...observed, id: 'other' }),
    );
    const version = await answerTo((open) => insertSample(open, 'record_versions', 'mine', { kind: 'account' }));
    const event = await answerTo((open) =>
      insertSample(open, 'events', 'mine', { event_type: 'account.vanished', source: 'seed/1.0.0' }),
    );
    const known = await answerTo((open) => open`select collector from scopes`);
    await admin`delete from monitoring_endpoints where id = 'observed'`;

    expect(seen).toEqual([{ scope: 'prometheus:prod' }]);
    expect(changed).toEqual([]);
    expect([given, written, version, event, known]).toEqual(Array(5).fill('42501'));
  });
});

function connect(url: string): postgres.Sql {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: 10,
    connection: { search_path: 'inventory' },
    onnotice: () => undefined,
  });
  connections.push(sql);
  return sql;
}

/** `done`, or the SQLSTATE and the message; nothing stays. */
async function tryStatement(sql: postgres.Sql, statement: string): Promise<string> {
  const undo = new Error('undo');
  try {
    await sql.begin('read write', async (open) => {
      await open.unsafe(statement);
      throw undo;
    });
  } catch (error) {
    if (error === undo) return 'done';
    if (error instanceof postgres.PostgresError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('unreachable: the transaction is always undone');
}

/** Runs `work` with a tenant, or without any, and undoes what it did. */
async function inTransaction<T>(
  sql: postgres.Sql,
  tenant: string | undefined,
  work: (open: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  const undo = new Error('undo');
  const results: T[] = [];
  try {
    await sql.begin('read write', async (open) => {
      if (tenant !== undefined) await open`select set_config('inventory.tenant_id', ${tenant}, true)`;
      results.push(await work(open));
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
  return results[0] as T; // present: only `undo`, thrown after it was pushed, leads here
}

/** Every table with a tenant, parents before children, and one of its columns. */
async function readTables(): Promise<{ table: string; column: string }[]> {
  const rows = await admin<{ table: string }[]>`
    select relname as table from pg_class c
    where relnamespace = 'inventory'::regnamespace and relkind in ('r', 'p') and relname <> 'schema_migrations'
    order by (select count(*) from pg_constraint where conrelid = c.oid and contype = 'f'), relname = 'run_pages', relname`;
  return rows.map(({ table }) => ({ table, column: 'tenant_id' }));
}

const samples: Readonly<Record<string, unknown>> = {
  text: 'x',
  uuid: '00000000-0000-4000-8000-000000000001',
  integer: 1,
  bigint: 1,
  xid8: '1',
  jsonb: {},
  'timestamp with time zone': '2026-01-01T00:00:00.000Z',
  ARRAY: [],
};
const sampleColumns: Readonly<Record<string, unknown>> = {
  provider: 'aws',
  'org_nodes.kind': 'ou',
  'relations.relation': 'queries',
  // What ingest may write.
  'monitoring_endpoints.scope': 'seed:pasted',
  'audit_log.outcome': 'created',
  valid_to: '2026-01-02T00:00:00.000Z',
};

/** A row with every column that must be given. */
async function readRequired(table: string, tenant: string, given: Record<string, unknown> = {}) {
  const columns = await admin<{ name: string; type: string }[]>`
    select column_name as name, data_type as type from information_schema.columns
    where table_schema = 'inventory' and table_name = ${table}
      and is_nullable = 'NO' and column_default is null and is_identity = 'NO'`;
  const entries = columns.map(({ name, type }) => [
    name,
    sampleColumns[`${table}.${name}`] ?? sampleColumns[name] ?? samples[type],
  ]);
  return { ...Object.fromEntries(entries), tenant_id: tenant, ...given };
}

async function insertSample(
  sql: postgres.Sql | postgres.TransactionSql,
  table: string,
  tenant: string,
  given: Record<string, unknown> = {},
): Promise<void> {
  const row = await readRequired(table, tenant, given);
  await sql`insert into ${sql(table)} ${sql(row)}`;
}
