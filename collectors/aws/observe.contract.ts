// A fake organization of AWS and the environment of who reads it, for the tests of the collector.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { createOrganization, type OrganizationPlan } from '#testkit/aws/create-organization.ts';
import { type AwsFake, type AwsFakeOptions, openAwsFake } from '#testkit/aws/fake.ts';
import type { AwsOrganization } from '#testkit/aws/organization.ts';
import type { AwsPrincipal } from '#testkit/aws/world.ts';
import { type Observed, type ObserveOptions, observeSource, toBareId } from '../observe.contract.ts';
import { collector } from './collector.ts';

/** A fake with one organization, and the environment of a user of its management account. */
export interface Started {
  readonly fake: AwsFake;
  readonly organization: AwsOrganization;
  readonly keys: AwsPrincipal;
}

// What could be set outside and would change whose credentials the SDK finds.
const sdkVariables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_ENDPOINT_URL_STS',
  'AWS_ENDPOINT_URL_ORGANIZATIONS',
  'AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API',
];

const plan = { id: 'o-exampleorg1', accounts: 45, organizational_units: 12, delegated_administrators: 2 };

/** 45 accounts in twelve units, unless told otherwise; the first of several organizations is the one whose keys are used. */
export async function startAws(
  options: Partial<AwsFakeOptions> & { plan?: Partial<OrganizationPlan> } = {},
): Promise<Started> {
  const organization = options.organizations?.[0] ?? createOrganization({ ...plan, ...options.plan });
  const fake = await openAwsFake({ organizations: [organization], ...options });
  onTestFinished(() => fake.close());
  const keys = fake.addUser(organization.management_account_id);
  useKeys(fake, keys);
  return { fake, organization, keys };
}

/** Gives the SDK these variables and no other of its own; vitest puts the old ones back. */
export function useEnvironment(fake: AwsFake, variables: Record<string, string>): void {
  for (const name of sdkVariables) vi.stubEnv(name, undefined);
  const nothing = join(tmpdir(), 'no-such-aws-file');
  const base = {
    AWS_ENDPOINT_URL: fake.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
  };
  for (const [name, value] of Object.entries({ ...base, ...variables })) vi.stubEnv(name, value);
}

/** The environment of somebody with these keys. */
export function useKeys(fake: AwsFake, keys: AwsPrincipal, region = 'us-east-1'): void {
  useEnvironment(fake, {
    AWS_ACCESS_KEY_ID: keys.access_key_id,
    AWS_SECRET_ACCESS_KEY: keys.secret_access_key,
    ...(keys.session_token !== null && { AWS_SESSION_TOKEN: keys.session_token }),
    AWS_REGION: region,
  });
}

/** Reads the source `main`. */
export function observe({
  source,
  ...options
}: ObserveOptions & { readonly source?: Record<string, unknown> } = {}): Promise<Observed> {
  return observeSource(collector, { name: 'main', ...source }, { nameOf: toBareId, ...options });
}
