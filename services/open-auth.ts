// Brings the configured way to know callers to life: for an issuer's tokens a client that fetches its keys.
import { readFile } from 'node:fs/promises';
import type { Clock } from '#core/clock.ts';
import type { AuthConfig, OidcConfig } from '#core/config.ts';
import { ConfigError, ProviderError } from '#core/errors.ts';
import { createHttpClient } from '#core/http.ts';
import type { Logger } from '#core/log.ts';
import { describeError } from '#core/redact.ts';
import type { Auth } from './auth.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createTokenVerifier } from './oidc.ts';

export interface OpenAuthOptions {
  /** `HTTPS_PROXY` and the like, for the way to the issuer. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What `authorize` takes; to be closed when no request comes any more. */
export interface OpenedAuth {
  readonly auth: Auth;
  close(): Promise<void>;
}

/**
 * The issuer's keys are asked for at once, so that a wrong issuer is in the log before the first request; its answer is not
 * waited for, as a service that starts while the issuer is away must be ready when it is back. `key` is where the
 * configuration stands. Throws ConfigError when its `ca_file` cannot be read.
 */
export async function openAuth(key: string, config: AuthConfig, options: OpenAuthOptions): Promise<OpenedAuth> {
  if (config.mode !== 'oidc') return { auth: config, close: () => Promise.resolve() };
  const { proxyEnv, clock, log } = options;
  const ca = await readCa(key, config);
  const http = createHttpClient({ proxyEnv, maxRetries: 1, ...(ca !== undefined && { tls: { ca } }) });
  const closing = new AbortController();
  const elapsedMs = () => performance.now();
  const keys = createIssuerKeys({ issuer: config.issuer, http, elapsedMs, log, signal: closing.signal });
  const first = keys.refresh();
  return {
    auth: { mode: 'oidc', verify: createTokenVerifier(config, { keys, clock, log }) },
    async close() {
      closing.abort(new ProviderError('closed', 'the service is ending'));
      await first;
      await http.close();
    },
  };
}

async function readCa(key: string, { ca_file }: OidcConfig): Promise<string | undefined> {
  if (ca_file === undefined) return undefined;
  try {
    return await readFile(ca_file, 'utf8');
  } catch (cause) {
    const remedy = `cannot be read: ${describeError(cause)}`;
    throw new ConfigError('bad_configuration', [{ key: `${key}.ca_file`, remedy }], { cause });
  }
}
