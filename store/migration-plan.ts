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
}

/** A row of `schema_migrations`. */
export type AppliedMigration = Pick<Migration, 'version' | 'name' | 'sha256'>;

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
      return { version, name: file.slice(0, -'.sql'.length), sql, sha256: hashText(sql.replaceAll('\r\n', '\n')) };
    }),
  );
}

/** The newest version this release knows. */
export async function latestVersion(migrationsDir: string, dialect: Dialect): Promise<number> {
  return (await readMigrations(migrationsDir, dialect)).length;
}

/** The migrations a database lacks. Throws when it is newer than the files, or was made by files that have changed since. */
export function planMigrations(files: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  if (applied.length > files.length) throw schemaTooNew(applied.length, files.length);
  for (const [index, row] of applied.entries()) {
    const file = files[index];
    if (file === undefined || file.version !== row.version || file.sha256 !== row.sha256) {
      throw refuse(
        `${row.name} was applied with other content than the file has now: put the file back and write a new migration`,
      );
    }
  }
  return files.slice(applied.length);
}

/** Throws unless the schema is the one this release reads and writes. */
export function requireVersion(version: number, latest: number): void {
  if (version > latest) throw schemaTooNew(version, latest);
  if (version < latest) {
    throw refuse(`the schema is version ${version}, this release needs ${latest}: run "inventory migrate"`);
  }
}

function schemaTooNew(version: number, latest: number): ConfigError {
  return refuse(`the schema is version ${version}, this release knows ${latest}: use the newer release`);
}

function refuse(remedy: string): ConfigError {
  return new ConfigError('schema', [{ key: 'database', remedy }]);
}
