// The bare SDK clients by which the tests of the fake assert each behaviour, so that it is not bent to our collector.
import { FoldersClient, OrganizationsClient, ProjectsClient } from '@google-cloud/resource-manager';
import { type ChannelCredentials, credentials, Metadata } from '@grpc/grpc-js';
import { type AuthClient, PassThroughClient } from 'google-auth-library';
import { onTestFinished } from 'vitest';
import { createOrganization, type OrganizationPlan } from './create-organization.ts';
import { type GcpFake, type GcpFakeOptions, openGcpFake } from './fake.ts';
import type { GcpOrganization } from './organization.ts';

/** One client of each service that the fake serves. */
export interface Clients {
  readonly projects: ProjectsClient;
  readonly folders: FoldersClient;
  readonly organizations: OrganizationsClient;
}

/** For single calls: no retries, no automatic paging, and a deadline. */
export const once = { autoPaginate: false, timeout: 5_000, retry: { retryCodes: [] } };

/** A fake that ends with the test. */
export async function startFake(options: GcpFakeOptions): Promise<GcpFake> {
  const fake = await openGcpFake(options);
  onTestFinished(() => fake.close());
  return fake;
}

/** 45 projects in twelve folders unless told otherwise, without short and empty pages, and clients without credentials. */
export async function startOrganization(
  behaviour: GcpFakeOptions['behaviour'] = {},
  plan: Partial<OrganizationPlan> = {},
): Promise<Clients & { fake: GcpFake; organization: GcpOrganization }> {
  const organization = createOrganization({ id: '123456789012', projects: 45, folders: 12, ...plan });
  const quiet = { empty_page_ratio: 0, short_page_ratio: 0 };
  const fake = await startFake({ organizations: [organization], behaviour: { ...quiet, ...behaviour } });
  return { fake, organization, ...openClients(fake) };
}

/** Clients that end with the test; without channel credentials they bring none at all. */
export function openClients(fake: GcpFake, sslCreds: ChannelCredentials = credentials.createInsecure()): Clients {
  const { hostname, port } = new URL(fake.url);
  // With an authClient, if only one that does nothing, the SDK looks for no credentials of its own.
  const settings = { apiEndpoint: hostname, port: Number(port), sslCreds, authClient: new PassThroughClient() };
  const clients = {
    projects: new ProjectsClient(settings),
    folders: new FoldersClient(settings),
    organizations: new OrganizationsClient(settings),
  };
  onTestFinished(async () => {
    await Promise.all(Object.values(clients).map((client) => client.close()));
  });
  return clients;
}

/** Clients over TLS that trust the fake and bear the tokens of this client. */
export function openSecureClients(fake: GcpFake, authClient: AuthClient): Clients {
  const channel = credentials.createSsl(Buffer.from(fake.ca_pem ?? ''));
  const tokens = credentials.createFromMetadataGenerator((_, callback) => {
    authClient.getRequestHeaders().then(
      (headers) => callback(null, toMetadata(headers)),
      (error: Error) => callback(error),
    );
  });
  return openClients(fake, credentials.combineChannelCredentials(channel, tokens));
}

function toMetadata(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) metadata.set(name, value);
  return metadata;
}

/** What a client's single call for one page answers with. */
interface PageAnswer {
  readonly nextPageToken?: string | null;
}

/** Follows the tokens to the end and gathers the names in the pages. */
export async function walk(
  readPage: (pageToken: string) => Promise<readonly [readonly { name?: string | null }[], unknown, PageAnswer]>,
): Promise<{ names: string[]; sizes: number[] }> {
  const names: string[] = [];
  const sizes: number[] = [];
  let token = '';
  do {
    const [items, , answer] = await readPage(token);
    names.push(...items.map((item) => item.name ?? ''));
    sizes.push(items.length);
    token = answer.nextPageToken ?? '';
  } while (token !== '');
  return { names, sizes };
}
