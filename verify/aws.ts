// The strict fake as the checks use it: one organization, and a user of its own for every run, so that faults befall that run alone.
import { writeFile } from 'node:fs/promises';
import type { AwsBehaviour } from '#testkit/aws/behaviour.ts';
import { createOrganization } from '#testkit/aws/create-organization.ts';
import { type AwsFake, openAwsFake } from '#testkit/aws/fake.ts';
import type { AwsOrganization } from '#testkit/aws/organization.ts';
import type { LoggedRequest } from '#testkit/aws/request-log.ts';
import type { Variables } from './inventory.ts';

/** Somebody who runs a collector. */
export interface Caller {
  /** Their keys, and where to ask. */
  readonly variables: Variables;
  /** Whether a request is theirs. */
  made(request: LoggedRequest): boolean;
}

/** A running fake with one organization. */
export interface CheckedAws {
  readonly fake: AwsFake;
  readonly organization: AwsOrganization;
  addCaller(): Caller;
}

/** Starts it: a dozen tagged accounts to a unit, some of them delegated administrators. */
export async function openAws(accounts: number, behaviour: Partial<AwsBehaviour> = {}): Promise<CheckedAws> {
  const organization = createOrganization({
    id: 'o-verify0000',
    accounts,
    organizational_units: Math.ceil(accounts / 12),
    depth: 4,
    delegated_administrators: 3,
  });
  const fake = await openAwsFake({ organizations: [organization], behaviour });
  return {
    fake,
    organization,
    addCaller() {
      const user = fake.addUser(organization.management_account_id);
      const variables = {
        AWS_ENDPOINT_URL: fake.url,
        AWS_ACCESS_KEY_ID: user.access_key_id,
        AWS_SECRET_ACCESS_KEY: user.secret_access_key,
        AWS_REGION: 'us-east-1',
      };
      return { variables, made: (request) => request.access_key_id === user.access_key_id };
    },
  };
}

/** Writes a configuration in which every run walks the units, so that all records are seen every time. */
export async function writeWalkingConfig(path: string): Promise<Variables> {
  await writeFile(path, 'collectors: { aws: { sources: [{ name: main, tree_every: 0s }] } }\n');
  return { INVENTORY_CONFIG: path };
}

/** The account so many places after the management account. */
export function memberOf({ organization }: CheckedAws, place: number): string {
  const id = [...organization.accounts.keys()][place + 1];
  if (id === undefined) throw new RangeError(`there is no member ${place}`);
  return id;
}
