// Apache with mod_auth_openidc, an auth proxy that is not ours, in front of a read API: a process of its own on loopback.
import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pause } from '#core/deadline.ts';
import { type Running, startProgram } from './inventory.ts';

/** What it stands in front of, and who logs people in for it. */
export interface ApacheOptions {
  readonly port: number;
  readonly upstream: string;
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** How long before the end of a token it fetches the next one. */
  readonly refreshSeconds: number;
}

/** A running Apache. */
export interface Apache {
  readonly url: string;
  /** Its whole error log. */
  readLog(): Promise<string>;
  close(): Promise<void>;
}

const modules = '/usr/lib/apache2/modules';

/** Whether it is there with its module; in CI it has to be. */
export async function hasApache(): Promise<boolean> {
  if (process.env['CI']) return true;
  const parts = [promisify(execFile)('apache2', ['-v']), access(join(modules, 'mod_auth_openidc.so'))];
  return (await Promise.allSettled(parts)).every(({ status }) => status === 'fulfilled');
}

/** Where people come back to after they have logged in. */
export function callbackOf(port: number): string {
  return `http://127.0.0.1:${port}/oauth2/callback`;
}

/** Starts it and waits until it answers. Below /stale/ it does the same, but never fetches another token. */
export async function openApache(options: ApacheOptions): Promise<Apache> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-apache-'));
  const config = join(folder, 'apache.conf');
  const log = join(folder, 'error.log');
  await writeFile(config, toConfig(folder, options));
  const url = `http://127.0.0.1:${options.port}`;
  // One process without children: it can be ended by its id, whole.
  const running = startProgram({}, ['apache2', '-X', '-f', config]);
  await untilAnswered(url, running);
  return {
    url,
    readLog: () => readFile(log, 'utf8'),
    async close() {
      running.process.kill('SIGTERM');
      await running.ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilAnswered(url: string, { process, ended }: Running): Promise<void> {
  const endsMs = performance.now() + 30_000;
  const isAnswered = () =>
    fetch(url, { redirect: 'manual' }).then(
      () => true,
      () => false,
    );
  while (!(await isAnswered())) {
    if (process.exitCode !== null) throw new Error(`Apache does not start:\n${(await ended).stderr}`);
    if (performance.now() > endsMs) throw new Error('Apache does not answer');
    await pause(100, new AbortController().signal);
  }
}

// docs/auth.md shows the part in <Location />; what is above it is what Debian's own configuration would bring.
function toConfig(folder: string, { port, upstream, issuer, client, refreshSeconds }: ApacheOptions): string {
  const loaded = [
    'mpm_event',
    'authn_core',
    'authz_core',
    'authz_user',
    'headers',
    'proxy',
    'proxy_http',
    'auth_openidc',
  ];
  return `
${loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
LogLevel info
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
User www-data
Group www-data

OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${client.id}
OIDCClientSecret ${client.secret}
OIDCRedirectURI ${callbackOf(port)}
OIDCCryptoPassphrase only-for-checks
OIDCScope "openid"
OIDCPKCEMethod S256
OIDCPassIDTokenAs serialized
OIDCPassClaimsAs environment

<Location />
  AuthType openid-connect
  Require valid-user
  RequestHeader unset Cookie
  RequestHeader set Authorization "Bearer %{OIDC_id_token}e"
  ProxyPass ${upstream}/
</Location>
<LocationMatch "^/(?!stale/)">
  OIDCRefreshAccessTokenBeforeExpiry ${refreshSeconds}
</LocationMatch>
<Location /stale/>
  ProxyPass ${upstream}/
</Location>
`;
}
