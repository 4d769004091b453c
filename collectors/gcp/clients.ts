// The SDK's clients of one source, opened with its credentials in its universe.
import { FoldersClient, OrganizationsClient, ProjectsClient } from '@google-cloud/resource-manager';
import { credentials as channelCredentials } from '@grpc/grpc-js';
import type { ObserveContext } from '#core/collector.ts';
import { type Caller, createCaller } from './calls.ts';
import { findSource, type GcpConfig, type GcpSourceConfig } from './config.ts';
import { openCredentials } from './credentials.ts';

/** One source, opened. */
export interface GcpSession {
  readonly source: GcpSourceConfig;
  readonly context: ObserveContext<GcpConfig>;
  readonly caller: Caller;
  readonly principal: string | null;
  readonly universe_domain: string;
  readonly projects: ProjectsClient;
  readonly folders: FoldersClient;
  readonly organizations: OrganizationsClient;
  close(): Promise<void>;
}

/** Opens the clients of the context's scope; only a token has been asked for when it returns. */
export async function openSession(context: ObserveContext<GcpConfig>): Promise<GcpSession> {
  const source = findSource(context.config, context.scope);
  const credentials = await openCredentials(source, context.signal);
  const { authClient, principal, universe_domain } = credentials;
  const endpoint = new URL(source.endpoint ?? `https://cloudresourcemanager.${universe_domain}`);
  const isSecure = endpoint.protocol === 'https:';
  const options = {
    // Never without: a client that looks for credentials itself kills the process when it finds none.
    authClient,
    universeDomain: universe_domain,
    apiEndpoint: endpoint.hostname,
    port: Number(endpoint.port) || (isSecure ? 443 : 80),
    // Bare channels: each call brings its token, so that one that cannot be renewed is told apart from a refusal.
    sslCreds: isSecure ? channelCredentials.createSsl() : channelCredentials.createInsecure(),
    fallback: false,
  };
  const clients = [new ProjectsClient(options), new FoldersClient(options), new OrganizationsClient(options)] as const;
  // Left to the first call, a failure would be an unhandled rejection beside it.
  for (const client of clients) await client.initialize();
  const [projects, folders, organizations] = clients;
  const caller = createCaller({
    signal: context.signal,
    fetched: (request) => context.fetched(request),
    credentials,
    endpoint: endpoint.origin,
  });
  return {
    ...{ source, context, caller, principal, universe_domain, projects, folders, organizations },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
