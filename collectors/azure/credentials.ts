// Whose tokens a source uses: workload identity or a client secret, both read from files when they are used.
import { readFile } from 'node:fs/promises';
import {
  type AccessToken,
  ClientSecretCredential,
  type GetTokenOptions,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { z } from 'zod';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import { ProviderError } from '#core/errors.ts';
import type { Endpoints } from './clouds.ts';
import type { AzureSourceConfig } from './config.ts';
import { toCredentialError } from './errors.ts';

const tokenTimeoutMs = 30_000;

/** The source's credential; nothing is asked or read yet. */
export function createCredential(source: AzureSourceConfig, endpoints: Endpoints): TokenCredential {
  const { tenant_id: tenantId, client_id: clientId, federated_token_file: tokenFile } = source;
  const options = {
    authorityHost: endpoints.authority_host,
    disableInstanceDiscovery: source.disable_instance_discovery,
  };
  if (tokenFile === undefined) return createSecretCredential(source, options);
  const credential = new WorkloadIdentityCredential({ ...options, tenantId, clientId, tokenFilePath: tokenFile });
  return inTime(async (scopes, tokenOptions) => {
    // The SDK reads it itself, and again when it is renewed; its own message for a missing one names no remedy.
    await readNonEmpty(tokenFile, 'federated_token_file');
    return credential.getToken(scopes, tokenOptions);
  });
}

// The SDK takes a secret once; a rotated one needs a new credential, an unchanged one keeps the token that is cached.
function createSecretCredential(
  source: AzureSourceConfig,
  options: { authorityHost: string; disableInstanceDiscovery: boolean },
): TokenCredential {
  let known: { secret: string; credential: ClientSecretCredential } | undefined;
  return inTime(async (scopes, tokenOptions) => {
    const secret = await readNonEmpty(source.client_secret_file ?? '', 'client_secret_file');
    if (known?.secret !== secret) {
      known = {
        secret,
        credential: new ClientSecretCredential(source.tenant_id, source.client_id, secret, options),
      };
    }
    return known.credential.getToken(scopes, tokenOptions);
  });
}

// The SDK's credentials neither end by themselves nor always look at the signal.
function inTime(getToken: TokenCredential['getToken']): TokenCredential {
  return {
    async getToken(scopes, tokenOptions) {
      const parent = toSignal(tokenOptions);
      const message = `no token within ${tokenTimeoutMs} ms`;
      const deadline = openDeadline(tokenTimeoutMs, parent, message);
      try {
        return await raceSignal(getToken(scopes, { ...tokenOptions, abortSignal: deadline.signal }), deadline.signal);
      } catch (error) {
        if (parent?.aborted) throw parent.reason;
        throw toCredentialError(error);
      } finally {
        deadline.clear();
      }
    },
  };
}

function toSignal(options: GetTokenOptions | undefined): AbortSignal | undefined {
  return options?.abortSignal instanceof AbortSignal ? options.abortSignal : undefined;
}

async function readNonEmpty(path: string, key: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new ProviderError('no_credentials', `${key} ${path} cannot be read: mount it, or name the right file`, {
      cause: error,
    });
  }
  if (text === '') throw new ProviderError('no_credentials', `${key} ${path} is empty`);
  return text;
}

const claimsSchema = z.object({
  tid: z.guid(),
  appid: z.string().optional(),
  azp: z.string().optional(),
});

/** Who a token is for: the tenant, and the application's client id. */
export interface Identity {
  readonly tenant_id: string;
  readonly client_id: string | null;
}

/** Reads a token's claims. They are not verified: who forged them would only be refused by Azure. */
export function readIdentity({ token }: AccessToken): Identity {
  try {
    const claims = claimsSchema.parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
    const clientId = claims.appid ?? claims.azp;
    return { tenant_id: claims.tid.toLowerCase(), client_id: clientId?.toLowerCase() ?? null };
  } catch {
    // The cause would repeat parts of the token.
    throw new ProviderError('malformed_answer', 'the login endpoint gave a token that does not name its tenant');
  }
}
