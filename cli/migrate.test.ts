// `inventory migrate` as a person runs it: what it prints and the code it ends with.
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openTestDatabase } from '#testkit/postgres-for-tests.ts';
import { openTestEnvironment } from './environment.contract.ts';
import { migrateCommand } from './migrate.ts';

test('check ends with 1 and names what is pending, until it is applied', async () => {
  const { environment, printed } = openTestEnvironment({ DB_PATH: join(makeFolder(), 'inventory.db') });

  const before = await migrateCommand(environment, { check: true });
  const tried = await migrateCommand(environment, { dryRun: true });
  const applied = await migrateCommand(environment, {});
  const after = await migrateCommand(environment, { check: true });

  expect([before, tried, applied, after]).toEqual([1, 0, 0, 0]);
  const newest = expect.stringMatching(/^the schema is version \d+, the newest$/);
  expect(printed.slice(0, 1)).toEqual(['pending: 0001_accounts']);
  expect(printed).toEqual(
    expect.arrayContaining(['works, rolled back: 0001_accounts', 'applied: 0001_accounts', newest]),
  );
});

test('a schema that is newer and still admits this release is told as such, and is well', async () => {
  const { environment, printed } = openTestEnvironment({ DB_PATH: join(makeFolder(), 'inventory.db') });
  const migrationsDir = makeFolder();
  const folder = join(migrationsDir, 'sqlite');
  cpSync(join(environment.migrationsDir, 'sqlite'), folder, { recursive: true });
  const latest = readdirSync(folder).length;
  const next = String(latest + 1).padStart(4, '0');
  writeFileSync(join(folder, `${next}_next.sql`), `-- compatible_from: ${latest}\n`);
  await migrateCommand({ ...environment, migrationsDir }, {});

  const codes = [await migrateCommand(environment, { check: true }), await migrateCommand(environment, {})];

  expect(codes).toEqual([0, 0]);
  const told = `the schema is version ${latest + 1}, newer than this release, which can work with it`;
  expect(printed.slice(-2)).toEqual([told, told]);
});

test('roles are made first on Postgres, and the next steps are printed', async () => {
  const database = await openTestDatabase({ empty: true });
  onTestFinished(() => database.close());
  const { environment, printed } = openTestEnvironment({ DATABASE_URL: database.adminUrl });

  await expect(migrateCommand(environment, {})).rejects.toThrow('inventory migrate --roles');
  await migrateCommand(environment, { roles: true });
  await migrateCommand(environment, {});

  expect(printed[0]).toContain('alter role inventory_migrate password');
  expect(printed).toContain('applied: 0001_accounts');
});

test('two modes at once are refused', async () => {
  const { environment } = openTestEnvironment({});

  await expect(migrateCommand(environment, { check: true, dryRun: true })).rejects.toThrow('give one of');
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-cli-migrate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
