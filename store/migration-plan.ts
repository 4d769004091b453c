// The numbered migration files, and which of them a database still lacks.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '#core/errors.ts';
import { hashText } from '#core/json.ts';

/** The databases that have migrations: folders of `migrations/`. */
export type Dialect = 'postgres' | 'sqlite';

/** A file `NNNN_name.sql`. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
  /** The oldest release, by its newest migration, that still works once this one is applied; its own number without a word. */
  readonly compatible_from: number;
}

/** A row of `schema_migrations`. */
export type AppliedMigration = Pick<Migration, 'version' | 'name' | 'sha256' | 'compatible_from'>;

/** What a database says of its schema: releases whose newest migration is in this range work with it. */
export interface SchemaVersion {
  /** The newest migration applied; 0 is an empty database. */
  readonly version: number;
  /** The oldest release that may still use it, as its migrations say: a release cannot know what comes after it. */
  readonly compatible_from: number;
}

/** What a migration run does: apply, only say what is missing, or apply and roll back. */
export type MigrateMode = 'apply' | 'check' | 'dry-run';

/** What a migration run found and did. */
export interface MigrateResult {
  /** The schema's version when it was begun; 0 is an empty database. */
  readonly from: number;
  /** The newest version of the files. */
  readonly latest: number;
  /** What was missing, oldest first: applied, tried or only named, as the mode says. */
  readonly pending: readonly Pick<Migration, 'version' | 'name'>[];
}

/** Reads a dialect's files in order. Throws when a name has another form or a number is missing or taken twice. */
export async function readMigrations(migrationsDir: string, dialect: Dialect): Promise<Migration[]> {
  const folder = join(migrationsDir, dialect);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return await Promise.all(
    names.map(async (file, index) => {
      const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
      const version = Number(match?.[1]);
      if (match === null || version !== index + 1) {
        const expected = String(index + 1).padStart(4, '0');
        throw refuse(`${file} in ${folder} is out of order: a file named ${expected}_name.sql belongs there`);
      }
      const sql = await readFile(join(folder, file), 'utf8');
      const text = sql.replaceAll('\r\n', '\n');
      const compatible_from = readCompatibleFrom(text, { file, version });
      return { version, name: file.slice(0, -'.sql'.length), sql, sha256: hashText(text), compatible_from };
    }),
  );
}

/** The newest version this release knows. */
export async function latestVersion(migrationsDir: string, dialect: Dialect): Promise<number> {
  return (await readMigrations(migrationsDir, dialect)).length;
}

// A line `-- compatible_from: 3`. Saying nothing is the safe side; a misspelt word must not pass for it.
function readCompatibleFrom(text: string, { file, version }: { file: string; version: number }): number {
  const line = /^--\s*compatible.from.*$/im.exec(text)?.[0];
  if (line === undefined) return version;
  const found = Number(/^-- compatible_from: ([1-9]\d*)$/.exec(line)?.[1]);
  if (found <= version) return found;
  throw refuse(`${file} says "${line}": it must be "-- compatible_from: N" with a number up to ${version}`);
}

/**
 * The migrations a database lacks: none when it is newer than the files and they can still work with it. Throws when they
 * cannot, or when it was made by files that have changed since.
 */
export function planMigrations(files: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  const schema = toSchemaVersion(applied);
  if (judgeSchema(schema, files.length) === 'too_new') throw schemaTooNew(schema, files.length);
  for (const [index, row] of applied.slice(0, files.length).entries()) {
    const file = files[index];
    if (file === undefined || file.version !== row.version || file.sha256 !== row.sha256) {
      throw refuse(
        `${row.name} was applied with other content than the file has now: put the file back and write a new migration`,
      );
    }
  }
  return files.slice(applied.length);
}

/** What the applied migrations say together: the strictest of them holds. */
export function toSchemaVersion(applied: readonly AppliedMigration[]): SchemaVersion {
  return { version: applied.length, compatible_from: Math.max(0, ...applied.map((row) => row.compatible_from)) };
}

/** Whether a release whose newest migration is `latest` can work with the schema. */
export function judgeSchema({ version, compatible_from }: SchemaVersion, latest: number): 'ok' | 'too_old' | 'too_new' {
  if (version < latest) return 'too_old';
  return compatible_from > latest ? 'too_new' : 'ok';
}

/** Throws unless this release can read and write the schema. */
export function requireSchema(schema: SchemaVersion, latest: number): void {
  const verdict = judgeSchema(schema, latest);
  if (verdict === 'too_new') throw schemaTooNew(schema, latest);
  if (verdict === 'too_old') {
    throw refuse(`the schema is version ${schema.version}, this release needs ${latest}: run "inventory migrate"`);
  }
}

function schemaTooNew({ version, compatible_from }: SchemaVersion, latest: number): ConfigError {
  return refuse(
    `the schema is version ${version}, for releases from ${compatible_from} on; this one knows ${latest}: use a newer release`,
  );
}

function refuse(remedy: string): ConfigError {
  return new ConfigError('schema', [{ key: 'database', remedy }]);
}
