// A Postgres connection string, read by one rule: the parameters below are known, any other is a mistake to report.
import { readFileSync } from 'node:fs';
import { ConfigError } from '#core/errors.ts';

/** What a connection string says. */
export interface PostgresTarget {
  /** The connection string without parameters, for the driver. */
  readonly url: string;
  /** False behind a transaction-pooling PgBouncer (`?prepare=false`). */
  readonly prepare: boolean;
  readonly applicationName: string | undefined;
  readonly ssl: false | 'prefer' | 'require' | TlsOptions;
  /** Host, port, database and user, to be shown; never the password. */
  readonly shown: string;
}

interface TlsOptions {
  readonly host: string;
  readonly ca?: string;
  readonly checkServerIdentity?: () => undefined;
}

const known = ['prepare', 'application_name', 'sslmode', 'sslrootcert'];

/** Reads a connection string, or throws a ConfigError. The driver would send unknown parameters to the server as settings. */
export function parsePostgresUrl(text: string): PostgresTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw refuse('is not a Postgres URL: postgres://<user>@<host>:5432/<database>');
  }
  if (url.hostname === '' || url.pathname.length < 2) {
    throw refuse('must name a host and a database: postgres://<user>@<host>:5432/<database>');
  }
  if (/%(?![0-9a-f]{2})/i.test(url.username + url.password + url.pathname)) {
    throw refuse('has a % that encodes nothing: in a name or password write %25');
  }
  const parameters = url.searchParams;
  for (const name of parameters.keys()) {
    if (!known.includes(name)) throw refuse(`has the unknown parameter ${name}: known are ${known.join(', ')}`);
  }
  const bare = new URL(url);
  bare.search = '';
  return {
    url: bare.href,
    prepare: parameters.get('prepare') !== 'false',
    applicationName: parameters.get('application_name') ?? undefined,
    ssl: readTls(url),
    shown: describe(url),
  };
}

function describe({ username, hostname, port, pathname }: URL): string {
  const user = username === '' ? '' : ` as ${username}`;
  return `Postgres at ${hostname}:${port || 5432}${pathname}${user}`;
}

// As libpq reads sslmode, `prefer` when there is none; https://www.postgresql.org/docs/current/libpq-ssl.html.
function readTls({ hostname, searchParams }: URL): PostgresTarget['ssl'] {
  const mode = searchParams.get('sslmode') ?? 'prefer';
  const file = searchParams.get('sslrootcert');
  const host = hostname.replace(/^\[|\]$/g, '');
  switch (mode) {
    case 'disable':
      return false;
    case 'prefer':
    case 'require':
      return mode;
    case 'verify-ca':
      return { host, ...readAuthority(file), checkServerIdentity: () => undefined };
    case 'verify-full':
      return { host, ...readAuthority(file) };
    default:
      throw refuse('has an unknown sslmode: use disable, prefer, require, verify-ca or verify-full');
  }
}

function readAuthority(file: string | null): { ca?: string } {
  if (file === null || file === 'system') return {};
  try {
    return { ca: readFileSync(file, 'utf8') };
  } catch (error) {
    throw refuse(`names an sslrootcert that cannot be read: ${file}`, error);
  }
}

function refuse(remedy: string, cause?: unknown): ConfigError {
  return new ConfigError('database_url', [{ key: 'database.url', remedy }], { cause });
}
