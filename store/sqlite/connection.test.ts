// Opening SQLite files, good and bad, and what SQLite says as a StoreError.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openSqlite, transact } from './connection.ts';

test('a new file and its folder are made, with a write-ahead log and foreign keys', () => {
  const database = open(join(makeFolder(), 'deep/down/inventory.db'));

  expect(pragmas(database)).toEqual({ journal_mode: 'wal', foreign_keys: 1, timeout: 10_000, page_size: 8192 });
});

test('what is opened for reading is not written', () => {
  const path = join(makeFolder(), 'inventory.db');
  open(path).exec('create table one (id integer)');
  const reader = open(path, { readOnly: true });

  expect(() => transact(reader, () => reader.exec('insert into one values (1)'))).toThrow(
    expect.objectContaining({ name: 'StoreError', code: 'SQLITE_READONLY', retryable: false }),
  );
});

test('a reader sees what a writer committed after it was opened', () => {
  const path = join(makeFolder(), 'inventory.db');
  const writer = open(path);
  writer.exec('create table one (id integer)');
  const reader = open(path, { readOnly: true });

  transact(writer, () => writer.exec('insert into one values (7)'));

  expect(reader.prepare('select id from one').all()).toEqual([{ id: 7 }]);
});

test('a transaction that throws leaves nothing behind, and its error comes out as it is', () => {
  const database = open(join(makeFolder(), 'inventory.db'));
  database.exec('create table one (id integer)');
  const own = new RangeError('mine');

  expect(() =>
    transact(database, () => {
      database.exec('insert into one values (1)');
      throw own;
    }),
  ).toThrow(own);

  expect(database.prepare('select * from one').all()).toEqual([]);
});

test('a file that is locked for too long is an error that may be tried again', () => {
  const path = join(makeFolder(), 'inventory.db');
  const holder = open(path);
  holder.exec('begin immediate');
  const other = open(path);
  other.exec('pragma busy_timeout = 1');

  expect(() => transact(other, () => undefined)).toThrow(
    expect.objectContaining({ name: 'StoreError', code: 'SQLITE_BUSY', retryable: true }),
  );
});

test('a file that does not exist cannot be read, and the error names it', () => {
  const path = join(makeFolder(), 'nowhere/inventory.db');

  for (const missing of [path, join(makeFolder(), 'inventory.db')]) {
    expect(() => open(missing, { readOnly: true })).toThrow(
      expect.objectContaining({
        name: 'StoreError',
        code: 'SQLITE_CANTOPEN',
        message: expect.stringContaining(missing),
      }),
    );
  }
});

test('a folder that cannot be made is an error of the same kind', () => {
  const file = join(makeFolder(), 'file');
  writeFileSync(file, '');

  expect(() => open(join(file, 'inventory.db'))).toThrow(expect.objectContaining({ code: 'SQLITE_CANTOPEN' }));
});

test('a file that is no database says so', () => {
  const path = join(makeFolder(), 'inventory.db');
  writeFileSync(path, 'this is a letter, not a database, and long enough to be read as one'.repeat(20));

  for (const readOnly of [true, false]) {
    expect(() => open(path, { readOnly })).toThrow(
      expect.objectContaining({ code: 'SQLITE_NOTADB', message: expect.stringContaining('is the path right?') }),
    );
  }
});

test('lower_unicode knows more than ASCII', () => {
  const database = open(join(makeFolder(), 'inventory.db'));

  expect(database.prepare(`select lower_unicode('ÄÉΩ') as text, lower_unicode(null) as none`).get()).toEqual({
    text: 'äéω',
    none: null,
  });
});

function open(path: string, { readOnly = false }: { readOnly?: boolean } = {}): DatabaseSync {
  const database = openSqlite({ path, readOnly });
  onTestFinished(() => void database.close());
  return database;
}

function pragmas(database: DatabaseSync) {
  const rows = ['journal_mode', 'foreign_keys', 'busy_timeout', 'page_size'].map((name) =>
    database.prepare(`pragma ${name}`).get(),
  );
  return Object.assign({}, ...rows);
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-sqlite-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
