// The migration runner on both databases, with migrations of the test's own.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError, StoreError } from '#core/errors.ts';
import { createLogger } from '#core/log.ts';
import { openTestDatabase } from '#testkit/postgres-for-tests.ts';
import { createRoles, migrate } from './migrate.ts';
import type { MigrateMode } from './migration-plan.ts';

const execute = promisify(execFile);
const log = createLogger({ level: 'silent' });
const first = { '0001_first.sql': 'create table one (id integer);' };
const second = { ...first, '0002_second.sql': 'create table two (id integer); create table three (id integer);' };

describe.for(['postgres', 'sqlite'] as const)('on %s', (dialect) => {
  test('what is missing is applied once, and recorded with its hash', async () => {
    const { url, query } = await openDatabase(dialect);

    const [applied, again] = [await run(url, dialect, { files: second }), await run(url, dialect, { files: second })];

    expect(applied).toMatchObject({ from: 0, latest: 2, pending: [{ name: '0001_first' }, { name: '0002_second' }] });
    expect(again).toEqual({ from: 2, latest: 2, pending: [] });
    expect(await query('select * from three')).toEqual([]);
    expect(await query('select version, name, length(sha256) as length from schema_migrations order by 1')).toEqual([
      { version: 1, name: '0001_first', length: 64 },
      { version: 2, name: '0002_second', length: 64 },
    ]);
  });

  test('four processes that start at once end with one application and no error', async () => {
    const { url, query } = await openDatabase(dialect);
    const migrationsDir = writeMigrations(dialect, second);

    const pending = await Promise.all(Array.from({ length: 4 }, () => migrateInProcess(url, migrationsDir)));

    expect(pending.sort()).toEqual([0, 0, 0, 2]);
    expect(await query('select version from schema_migrations order by 1')).toEqual([{ version: 1 }, { version: 2 }]);
  });

  test('a failing file undoes the ones before it, and the error names it and keeps its code', async () => {
    const { url, query } = await openDatabase(dialect);
    const files = { ...first, '0002_broken.sql': 'create table two (id integer); creat table three (id integer);' };

    const failed = run(url, dialect, { files });

    await expect(failed).rejects.toBeInstanceOf(StoreError);
    await expect(failed).rejects.toMatchObject({
      code: dialect === 'postgres' ? '42601' : 'SQLITE_ERROR',
      message: expect.stringContaining('0002_broken.sql'),
    });
    await expect(query('select * from one')).rejects.toThrow(/one/);
  });

  test('an applied file that was edited stops everything and is named', async () => {
    const { url } = await openDatabase(dialect);
    await run(url, dialect, { files: second });

    const edited = run(url, dialect, { files: { ...second, '0001_first.sql': 'create table one (id text);' } });

    await expect(edited).rejects.toBeInstanceOf(ConfigError);
    await expect(edited).rejects.toThrow('0001_first was applied with other content');
  });

  test('line endings are no edit: a checkout on Windows migrates too', async () => {
    const { url } = await openDatabase(dialect);
    await run(url, dialect, { files: { '0001_first.sql': 'create table one (\n id integer);\n' } });

    const again = await run(url, dialect, { files: { '0001_first.sql': 'create table one (\r\n id integer);\r\n' } });

    expect(again.pending).toEqual([]);
  });

  test('a schema of a newer release is left alone', async () => {
    const { url } = await openDatabase(dialect);
    await run(url, dialect, { files: second });

    const older = run(url, dialect, { files: first });

    await expect(older).rejects.toThrow(
      'the schema is version 2, for releases from 2 on; this one knows 1: use a newer release',
    );
  });

  test('a release that a newer migration names works with its schema, and has nothing to apply', async () => {
    const { url, query } = await openDatabase(dialect);
    const expanded = '-- Adds a table.\n-- compatible_from: 1\ncreate table two (id integer);';
    await run(url, dialect, { files: { ...first, '0002_expand.sql': expanded } });

    const older = await run(url, dialect, { files: first });

    expect(older).toEqual({ from: 2, latest: 1, pending: [] });
    expect(await query('select version, compatible_from from schema_migrations order by 1')).toEqual([
      { version: 1, compatible_from: 1 },
      { version: 2, compatible_from: 1 },
    ]);
  });

  test('the strictest of the newer migrations decides, whichever comes last', async () => {
    const { url } = await openDatabase(dialect);
    const last = { '0003_expand.sql': '-- compatible_from: 1\ncreate table four (id integer);' };
    await run(url, dialect, { files: { ...second, ...last } });

    expect((await run(url, dialect, { files: second })).pending).toEqual([]);
    await expect(run(url, dialect, { files: first })).rejects.toThrow('for releases from 2 on; this one knows 1');
  });

  test('an edited file is found under a newer schema too', async () => {
    const { url } = await openDatabase(dialect);
    await run(url, dialect, { files: { ...first, '0002_expand.sql': '-- compatible_from: 1\n' } });

    const edited = run(url, dialect, { files: { '0001_first.sql': 'create table one (id text);' } });

    await expect(edited).rejects.toThrow('0001_first was applied with other content');
  });

  test('a database that was migrated before migrations said so admits only its own release, and learns to tell', async () => {
    const { url, query, execute: change } = await openDatabase(dialect);
    await run(url, dialect, { files: second });
    await change('alter table schema_migrations drop column compatible_from');

    await expect(run(url, dialect, { files: first })).rejects.toThrow('for releases from 2 on');
    const expand = { '0003_expand.sql': '-- compatible_from: 2\ncreate table four (id integer);' };
    await run(url, dialect, { files: { ...second, ...expand } });

    expect((await run(url, dialect, { files: second })).pending).toEqual([]);
    expect(await query('select compatible_from from schema_migrations order by version')).toEqual([
      { compatible_from: null },
      { compatible_from: null },
      { compatible_from: 2 },
    ]);
  });

  test.for([
    '-- compatible_from: 2',
    '-- compatible_from: 0',
    '-- compatible-from: 1',
    '-- Compatible_from 1',
  ])('a word on compatibility that cannot be meant is refused: %j', async (line) => {
    const { url } = await openDatabase(dialect);

    await expect(run(url, dialect, { files: { '0001_first.sql': `${line}\n` } })).rejects.toThrow(
      'it must be "-- compatible_from: N" with a number up to 1',
    );
  });

  test.for([
    [{ '0001_first.sql': '', '0003_third.sql': '' }, '0002_name.sql'],
    [{ '0001_first.sql': '', '0001_other.sql': '' }, '0002_name.sql'],
    [{ '1_first.sql': '' }, '0001_name.sql'],
  ] as const)('files that are not numbered one by one are refused: %j', async ([files, expected]) => {
    const { url } = await openDatabase(dialect);

    await expect(run(url, dialect, { files })).rejects.toThrow(expected);
  });

  test('check says what is pending and changes nothing', async () => {
    const { url, query } = await openDatabase(dialect);
    await run(url, dialect, { files: first });

    const result = await run(url, dialect, { files: second, mode: 'check' });

    expect(result).toMatchObject({ from: 1, latest: 2, pending: [{ name: '0002_second' }] });
    await expect(query('select * from two')).rejects.toThrow(/two/);
  });

  test('a dry run finds a broken file, and changes nothing when all are sound', async () => {
    const { url, query } = await openDatabase(dialect);
    await run(url, dialect, { files: first });

    const sound = await run(url, dialect, { files: second, mode: 'dry-run' });
    const broken = run(url, dialect, { files: { ...first, '0002_broken.sql': 'creat table' }, mode: 'dry-run' });

    expect(sound.pending).toMatchObject([{ name: '0002_second' }]);
    await expect(broken).rejects.toThrow('0002_broken.sql');
    await expect(query('select * from two')).rejects.toThrow(/two/);
    expect(await query('select version from schema_migrations')).toEqual([{ version: 1 }]);
  });

  test('our own migrations apply, one by one or all at once', async () => {
    const { url } = await openDatabase(dialect);
    const migrationsDir = join(import.meta.dirname, '../migrations');

    const tried = await migrate({ url, migrationsDir, mode: 'dry-run', log });
    const applied = await migrate({ url, migrationsDir, mode: 'apply', log });

    expect(applied).toEqual(tried);
    expect(await migrate({ url, migrationsDir, mode: 'check', log })).toMatchObject({ pending: [] });
  });
});

describe('on postgres', () => {
  test('the tables belong to inventory_owner, whoever of its members migrates', async () => {
    const { database, url, query } = await openPostgres();

    await run(database.urlFor('inventory_migrate'), 'postgres', { files: first });

    expect(url).toContain('postgres@');
    expect(
      await query(`select tableowner, tablename from pg_tables where schemaname = 'inventory' order by 2`),
    ).toEqual([
      { tableowner: 'inventory_owner', tablename: 'one' },
      { tableowner: 'inventory_owner', tablename: 'schema_migrations' },
    ]);
  });

  test('a database without roles and schema names the command that makes them', async () => {
    const database = await openTestDatabase({ empty: true });
    onTestFinished(() => database.close());

    const refused = run(database.adminUrl, 'postgres', { files: first });

    await expect(refused).rejects.toBeInstanceOf(ConfigError);
    await expect(refused).rejects.toThrow('inventory migrate --roles');
  });

  test('a role that is no member of the owner is told whom to connect as', async () => {
    const { database } = await openPostgres();

    const refused = run(database.urlFor('inventory_collector'), 'postgres', { files: first });

    await expect(refused).rejects.toThrow(
      'inventory_collector may not change the schema: connect as inventory_migrate',
    );
  });

  test('while it is at long work the schema can be asked for, so that running pods stay ready', async () => {
    const { url, query } = await openPostgres();
    await run(url, 'postgres', { files: first });
    const holder = await openSession(url);
    await holder.unsafe('select pg_advisory_lock(1)');
    const files = { ...first, '0002_long.sql': 'select pg_advisory_xact_lock(1);' };

    const migrating = run(url, 'postgres', { files });
    await untilWaiting(query);
    const reader = await openSession(url, 1000);
    const answer = await reader.unsafe('select max(version) as version from schema_migrations');
    await holder.unsafe('select pg_advisory_unlock(1)');

    expect([...answer]).toEqual([{ version: 1 }]);
    expect(await migrating).toMatchObject({ from: 1, latest: 2 });
  });

  test('a table that is read for long is asked for again and again, so that nobody queues up behind it', async () => {
    const { url, query } = await openPostgres();
    await run(url, 'postgres', { files: first });
    const exporter = await openSession(url);
    await exporter.unsafe('begin; select * from one');
    const files = { ...first, '0002_column.sql': 'alter table one add column name text;' };

    const migrating = run(url, 'postgres', { files });
    await untilWaiting(query);
    // As long as ingest waits, the shortest of them.
    const reader = await openSession(url, 5000);
    const answer = await reader.unsafe('select count(*)::integer as n from one');
    await untilWaiting(query);
    await exporter.unsafe('commit');

    expect([...answer]).toEqual([{ n: 0 }]);
    expect(await migrating).toMatchObject({ from: 1, latest: 2 });
    expect(await query('select name from one')).toEqual([]);
  });

  test('a signal stops it between two attempts, and at work: nothing is applied', async () => {
    const { url, query } = await openPostgres();
    await run(url, 'postgres', { files: first });
    const exporter = await openSession(url);
    await exporter.unsafe('begin; select * from one');
    const files = { ...first, '0002_column.sql': 'alter table one add column name text;' };
    const stopped = async (until: () => Promise<void>) => {
      const stop = new AbortController();
      const migrating = run(url, 'postgres', { files, signal: stop.signal });
      const refused = expect(migrating).rejects.toThrow('stopped');
      await until();
      stop.abort(new Error('stopped'));
      await refused;
    };

    await stopped(async () => {
      await untilWaiting(query);
      await untilWaiting(query, 0);
    });
    await exporter.unsafe('commit; begin; select pg_advisory_xact_lock(4711001)');
    await stopped(() => untilWaiting(query));
    await exporter.unsafe('commit');

    expect(await query('select max(version) as version from schema_migrations')).toEqual([{ version: 1 }]);
    expect(await query("select * from pg_attribute where attrelid = 'one'::regclass and attname = 'name'")).toEqual([]);
  });

  test.for([
    'inventory_prune',
    'inventory_migrate',
  ])('check works for %s, which may read the version and nothing else', async (role) => {
    const { database, url } = await openPostgres();
    await run(url, 'postgres', { files: first });

    const result = await run(database.urlFor(role), 'postgres', { files: second, mode: 'check' });

    expect(result.pending).toMatchObject([{ name: '0002_second' }]);
  });
});

describe('on sqlite', () => {
  test('neither check nor dry run leaves a file behind', async () => {
    const { url } = await openDatabase('sqlite');

    const checked = await run(url, 'sqlite', { files: first, mode: 'check' });
    const tried = await run(url, 'sqlite', { files: first, mode: 'dry-run' });

    expect([checked.pending, tried.pending]).toMatchObject([[{ version: 1 }], [{ version: 1 }]]);
    expect(existsSync(url)).toBe(false);
  });

  test('it has no roles to create', async () => {
    await expect(createRoles({ url: './inventory.db' })).rejects.toThrow('SQLite');
  });
});

interface Opened {
  readonly url: string;
  query(sql: string): Promise<unknown[]>;
  execute(sql: string): Promise<unknown>;
}

async function openDatabase(dialect: 'postgres' | 'sqlite'): Promise<Opened> {
  if (dialect === 'postgres') return await openPostgres();
  // Two folders that do not exist: they are made.
  const url = join(makeFolder(), 'deep/down/inventory.db');
  const open = async (readOnly: boolean, use: (database: DatabaseSync) => unknown[] | undefined) => {
    const database = new DatabaseSync(url, { readOnly });
    try {
      return [use(database)].flat();
    } finally {
      database.close();
    }
  };
  return {
    url,
    query: (sql) => open(true, (database) => database.prepare(sql).all()),
    execute: (sql) => open(false, (database) => void database.exec(sql)),
  };
}

async function openPostgres() {
  const database = await openTestDatabase({ empty: true });
  const url = database.adminUrl;
  await createRoles({ url });
  const sql = postgres(url, { max: 1, connect_timeout: 10, connection: { search_path: 'inventory' } });
  onTestFinished(async () => {
    await sql.end({ timeout: 5 });
    await database.close();
  });
  const query = async (text: string): Promise<unknown[]> => [...(await sql.unsafe(text))];
  return { database, url, query, execute: query };
}

/** One connection of its own, on which a statement may take so long. */
async function openSession(url: string, statementTimeoutMs = 60_000) {
  const session = { search_path: 'inventory', statement_timeout: statementTimeoutMs };
  const sql = postgres(url, { max: 1, connect_timeout: 10, connection: session });
  onTestFinished(() => sql.end({ timeout: 5 }));
  return sql;
}

/** Waits until the migration waits for a lock, or until none does any more. */
async function untilWaiting(query: Opened['query'], count: 0 | 1 = 1): Promise<void> {
  const waiting = `select 1 from pg_stat_activity where application_name = 'inventory migrate' and wait_event_type = 'Lock'
    and datname = current_database()`;
  await expect.poll(() => query(waiting), { timeout: 20_000, interval: 20 }).toHaveLength(count);
}

function run(
  url: string,
  dialect: 'postgres' | 'sqlite',
  {
    files,
    mode = 'apply',
    signal,
  }: { files: Readonly<Record<string, string>>; mode?: MigrateMode; signal?: AbortSignal },
) {
  return migrate({ url, migrationsDir: writeMigrations(dialect, files), mode, log, signal });
}

/** Another process that migrates; answers how many migrations it applied. */
async function migrateInProcess(url: string, migrationsDir: string): Promise<number> {
  const script = `import { migrate } from ${JSON.stringify(join(import.meta.dirname, 'migrate.ts'))};
    const log = { info() {} };
    const { pending } = await migrate({ url: ${JSON.stringify(url)}, migrationsDir: ${JSON.stringify(migrationsDir)}, mode: 'apply', log });
    console.log(pending.length);`;
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    timeout: 15_000,
  });
  return Number(stdout);
}

function writeMigrations(dialect: string, files: Readonly<Record<string, string>>): string {
  const migrationsDir = makeFolder();
  mkdirSync(join(migrationsDir, dialect));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(migrationsDir, dialect, name), text);
  return migrationsDir;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-migrate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
