// The sandbox's AWS organization, read with the keys of a user of its management account.
import { createOrganization } from '../aws/create-organization.ts';
import { openAwsFake } from '../aws/fake.ts';
import { moveAccount, renameAccount, tagResource } from '../aws/mutations.ts';
import type { AwsOrganization } from '../aws/organization.ts';
import { type SandboxCloud, type SandboxOptions, takeThree, toNodeCount } from './cloud.ts';

/** The organization, always the same; the first of its accounts manages it. */
export function createSandboxOrganization(accounts: number): AwsOrganization {
  return createOrganization({
    id: 'o-sandbox0000',
    accounts,
    organizational_units: toNodeCount(accounts),
    delegated_administrators: 2,
  });
}

/** Opens it. */
export async function openAwsSandbox({ accounts }: SandboxOptions): Promise<SandboxCloud> {
  const organization = createSandboxOrganization(accounts);
  const fake = await openAwsFake({ organizations: [organization] });
  const user = fake.addUser(organization.management_account_id);
  return {
    provider: 'aws',
    source: { name: 'main', organization_id: organization.id },
    variables: {
      AWS_ENDPOINT_URL: fake.url,
      AWS_ACCESS_KEY_ID: user.access_key_id,
      AWS_SECRET_ACCESS_KEY: user.secret_access_key,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    node: findUnit(organization),
    moveOn: () => moveOn(organization),
    close: fake.close,
  };
}

function findUnit({ accounts, root }: AwsOrganization): string {
  return [...accounts.values()].find(({ parent_id }) => parent_id !== root.id)?.parent_id ?? root.id;
}

function moveOn(organization: AwsOrganization): void {
  const members = [...organization.accounts.values()].filter(({ id }) => id !== organization.management_account_id);
  const [renamed, moved, tagged] = takeThree(members);
  renameAccount(organization, renamed.id, `${renamed.name}-renamed`);
  const home = [...organization.units.keys()].find((id) => id !== moved.parent_id);
  moveAccount(organization, moved.id, home ?? organization.root.id);
  tagResource(organization, tagged.id, { reviewed: 'yes' });
}
