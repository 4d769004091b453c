// The bare SDK clients by which the tests of the fake assert each behaviour, so that it is not bent to our collector.
import { OrganizationsClient, type OrganizationsClientConfig } from '@aws-sdk/client-organizations';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { STSClient } from '@aws-sdk/client-sts';
import { onTestFinished } from 'vitest';
import { createOrganization } from './create-organization.ts';
import { type AwsFake, type AwsFakeOptions, openAwsFake } from './fake.ts';
import type { AwsOrganization } from './organization.ts';
import type { AwsPrincipal } from './world.ts';

type Keys = Pick<AwsPrincipal, 'access_key_id' | 'secret_access_key' | 'session_token'>;

/** What may differ from one attempt, in us-east-1, with the given keys. */
export type ClientSettings = Pick<
  OrganizationsClientConfig,
  'region' | 'maxAttempts' | 'requestHandler' | 'credentials' | 'retryMode'
>;

/** A fake that ends with the test. */
export async function startFake(options: AwsFakeOptions): Promise<AwsFake> {
  const fake = await openAwsFake(options);
  onTestFinished(() => fake.close());
  return fake;
}

/** An organization of 45 accounts in twelve units, a fake that serves it, and a user of its management account. */
export async function startOrganization(behaviour: AwsFakeOptions['behaviour'] = {}): Promise<{
  fake: AwsFake;
  organization: AwsOrganization;
  keys: AwsPrincipal;
  client: OrganizationsClient;
}> {
  const organization = createOrganization({
    id: 'o-exampleorg1',
    accounts: 45,
    organizational_units: 12,
    delegated_administrators: 2,
  });
  const fake = await startFake({ organizations: [organization], behaviour: { empty_page_ratio: 0, ...behaviour } });
  const keys = fake.addUser(organization.management_account_id);
  return { fake, organization, keys, client: organizationsClient(fake, keys) };
}

/** Keys as the SDK wants them. */
export function toCredentials(keys: Keys) {
  return {
    accessKeyId: keys.access_key_id,
    secretAccessKey: keys.secret_access_key,
    ...(keys.session_token === null ? {} : { sessionToken: keys.session_token }),
  };
}

/** A client for Organizations. */
export function organizationsClient(fake: AwsFake, keys: Keys, settings: ClientSettings = {}): OrganizationsClient {
  return closed(new OrganizationsClient(toConfig(fake, keys, settings)));
}

/** A client for the Tagging API. */
export function taggingClient(
  fake: AwsFake,
  keys: Keys,
  settings: ClientSettings = {},
): ResourceGroupsTaggingAPIClient {
  return closed(new ResourceGroupsTaggingAPIClient(toConfig(fake, keys, settings)));
}

/** A client for STS. */
export function stsClient(fake: AwsFake, keys: Keys, settings: ClientSettings = {}): STSClient {
  return closed(new STSClient(toConfig(fake, keys, settings)));
}

function toConfig(fake: AwsFake, keys: Keys, settings: ClientSettings) {
  return { endpoint: fake.url, region: 'us-east-1', credentials: toCredentials(keys), maxAttempts: 1, ...settings };
}

function closed<Client extends { destroy(): void }>(client: Client): Client {
  onTestFinished(() => client.destroy());
  return client;
}
