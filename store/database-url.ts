// Which database a configured address means: a Postgres URL or the path of a SQLite file.
import { ConfigError } from '#core/errors.ts';
import { parsePostgresUrl } from './postgres/url.ts';

/** What `database.url` means. `shown` is safe to print. */
export type DatabaseAddress =
  | { readonly dialect: 'postgres'; readonly url: string; readonly shown: string }
  | { readonly dialect: 'sqlite'; readonly path: string; readonly shown: string };

/** Reads `database.url`; throws a ConfigError when it is neither. `sqlite:` and `file:` before a path are tolerated. */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  if (/^postgres(ql)?:/.test(url)) return { dialect: 'postgres', url, shown: parsePostgresUrl(url).shown };
  const path = url.replace(/^(sqlite|file):(\/\/(?=\/))?/, '');
  if (path === '' || /^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    const remedy = 'must be postgres://<user>@<host>:5432/<database> or the path of a SQLite file';
    throw new ConfigError('database_url', [{ key: 'database.url', remedy }]);
  }
  return { dialect: 'sqlite', path, shown: `SQLite ${path}` };
}
