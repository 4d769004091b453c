// Opening the store by its address: who is let in, who is refused, and with what remedy.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#core/clock.ts';
import { ConfigError, StoreError } from '#core/errors.ts';
import { createLogger } from '#core/log.ts';
import { openTestDatabase } from '#testkit/postgres-for-tests.ts';
import { createRoles, migrate } from './migrate.ts';
import { latestVersion, readMigrations } from './migration-plan.ts';
import { openPruner, openReader, openWriter } from './open.ts';
import type { NewRun } from './store.ts';

const log = createLogger({ level: 'silent' });
const migrationsDir = join(import.meta.dirname, '../migrations');
const writerOptions = { migrationsDir, clock: systemClock, log };

const run: NewRun = {
  tenant_id: 'default',
  id: '00000000-0000-4000-8000-000000000001',
  collector: 'aws',
  version: '0.1.0',
  image_digest: null,
  trigger: 'test',
};

describe('SQLite', () => {
  test('a writer makes and migrates the file, and a reader then reads what it wrote', async () => {
    const url = join(makeFolder(), 'data/inventory.db');

    const writer = await openWriter({ url, ...writerOptions });
    await writer.beginRun(run);
    const reader = await openReader({ url, migrationsDir });
    const found = await reader.getRun(run);
    await Promise.all([writer.close(), reader.close()]);

    expect(JSON.parse(String(found))).toMatchObject({ id: run.id, collector: 'aws' });
  });

  test('a writer that migrates the file logs where it lies', async () => {
    const url = join(makeFolder(), 'inventory.db');
    const lines: string[] = [];
    const told = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });

    await (await openWriter({ url, ...writerOptions, log: told })).close();

    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ msg: 'migrate', database: url, from: 0 }]);
  });

  test('a reader of a file that does not exist is told so, and makes none', async () => {
    const url = join(makeFolder(), 'inventory.db');

    await expect(openReader({ url, migrationsDir })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'SQLITE_CANTOPEN',
    });
  });

  test('a reader of an older schema names the command, a writer brings it up to date', async () => {
    const url = join(makeFolder(), 'inventory.db');
    await (await openWriter({ url, ...writerOptions })).close();
    const newer = await makeNewerMigrations('sqlite');

    await expect(openReader({ url, migrationsDir: newer })).rejects.toThrow('inventory migrate');
    await (await openWriter({ url, ...writerOptions, migrationsDir: newer })).close();

    await (await openReader({ url, migrationsDir: newer })).close();
  });

  test('a schema of a newer release is refused by both', async () => {
    const url = join(makeFolder(), 'inventory.db');
    await migrate({ url, migrationsDir: await makeNewerMigrations('sqlite'), mode: 'apply', log });

    await expect(openReader({ url, migrationsDir })).rejects.toThrow('use a newer release');
    await expect(openWriter({ url, ...writerOptions })).rejects.toThrow('use a newer release');
  });

  test('a newer schema that still admits this release is opened by both', async () => {
    const url = join(makeFolder(), 'inventory.db');
    await migrate({ url, migrationsDir: await makeNewerMigrations('sqlite', expanding), mode: 'apply', log });

    await (await openWriter({ url, ...writerOptions })).close();
    await (await openReader({ url, migrationsDir })).close();
  });
});

describe('Postgres', () => {
  test('the collector writes and the API reads, each as its own role', async () => {
    const database = await openDatabase();

    const writer = await openWriter({ url: database.urlFor('inventory_collector'), ...writerOptions });
    await writer.beginRun(run);
    const reader = await openReader({ url: database.urlFor('inventory_api'), migrationsDir });
    const found = await reader.getRun(run);
    await Promise.all([writer.close(), reader.close()]);

    expect(JSON.parse(String(found))).toMatchObject({ id: run.id, collector: 'aws' });
  });

  test('a schema that is empty, older or newer is a ConfigError with the remedy', async () => {
    const database = await openDatabase();
    const empty = await openDatabase({ empty: true });
    await createRoles({ url: empty.adminUrl });
    const newer = await makeNewerMigrations('postgres');

    const onEmpty = openReader({ url: empty.adminUrl, migrationsDir });
    await expect(onEmpty).rejects.toBeInstanceOf(ConfigError);
    await expect(onEmpty).rejects.toThrow('the schema is version 0');
    const onOlder = openWriter({ url: database.adminUrl, ...writerOptions, migrationsDir: newer });
    await expect(onOlder).rejects.toThrow('run "inventory migrate"');
    await migrate({ url: database.adminUrl, migrationsDir: newer, mode: 'apply', log });
    const onNewer = openReader({ url: database.urlFor('inventory_api'), migrationsDir });
    await expect(onNewer).rejects.toThrow('use a newer release');
  });

  test('a newer schema that still admits this release is opened by each service role', async () => {
    const database = await openDatabase();
    const newer = await makeNewerMigrations('postgres', expanding);
    await migrate({ url: database.adminUrl, migrationsDir: newer, mode: 'apply', log });

    await (await openWriter({ url: database.urlFor('inventory_collector'), ...writerOptions })).close();
    await (await openReader({ url: database.urlFor('inventory_api'), migrationsDir })).close();
    await (await openPruner({ url: database.urlFor('inventory_prune'), ...writerOptions })).close();
  });

  test('a database that does not answer is a StoreError with host and port and without the password', async () => {
    const opened = openWriter({ url: 'postgres://someone:hunter2@127.0.0.1:1/inventory', ...writerOptions });

    await expect(opened).rejects.toBeInstanceOf(StoreError);
    await expect(opened).rejects.toThrow(/127\.0\.0\.1:1\/inventory/);
    await expect(opened).rejects.not.toThrow('hunter2');
  });
});

async function openDatabase(options: { empty?: boolean } = {}) {
  const database = await openTestDatabase(options);
  onTestFinished(() => database.close());
  return database;
}

/** A migration that says this release can live with it. */
const expanding = `-- compatible_from: ${await latestVersion(migrationsDir, 'sqlite')}\n`;

/** Our migrations and one more. */
async function makeNewerMigrations(dialect: 'postgres' | 'sqlite', text = ''): Promise<string> {
  const folder = makeFolder();
  mkdirSync(join(folder, dialect));
  const files = await readMigrations(migrationsDir, dialect);
  const next = { version: files.length + 1, name: `${String(files.length + 1).padStart(4, '0')}_next`, sql: text };
  for (const { name, sql } of [...files, next]) writeFileSync(join(folder, dialect, `${name}.sql`), sql);
  return folder;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-open-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
