// One opened source: its credential, proved by a token before anything else is asked, and the ways to list.
import type { TokenCredential } from '@azure/identity';
import type { ObserveContext } from '#core/collector.ts';
import { sdkOf } from './calls.ts';
import { type Endpoints, toEndpoints } from './clouds.ts';
import { type AzureConfig, type AzureSourceConfig, findSource } from './config.ts';
import { createCredential, readIdentity } from './credentials.ts';
import { toCredentialError } from './errors.ts';

/** One source, opened. */
export interface AzureSession {
  readonly source: AzureSourceConfig;
  readonly context: ObserveContext<AzureConfig>;
  readonly endpoints: Endpoints;
  readonly credential: TokenCredential;
  /** The client id that the token names. */
  readonly principal: string | null;
}

/** Opens the context's scope: gets a token, and has the context compare its tenant with the configured one. */
export async function openSession(context: ObserveContext<AzureConfig>): Promise<AzureSession> {
  const source = findSource(context.config, context.scope);
  const endpoints = toEndpoints(source);
  const credential = createCredential(source, endpoints);
  const token = await credential.getToken(endpoints.token_scope, { abortSignal: context.signal });
  if (token === null) throw toCredentialError(new Error('the login endpoint gave no token'));
  const identity = readIdentity(token);
  const principal = identity.client_id;
  const { tenant_id: root } = identity;
  context.identify({ root, configured: source.tenant_id, principal, sdk: sdkOf.ListSubscriptions });
  return { source, context, endpoints, credential, principal };
}
