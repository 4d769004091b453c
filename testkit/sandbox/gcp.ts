// The sandbox's Google Cloud organization, read with a key file of a service account.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOrganization } from '../gcp/create-organization.ts';
import { openGcpFake } from '../gcp/fake.ts';
import { labelProject, moveProject, renameProject } from '../gcp/mutations.ts';
import type { GcpOrganization } from '../gcp/organization.ts';
import { type SandboxCloud, type SandboxOptions, secretFile, takeThree, toNodeCount } from './cloud.ts';

// Google tells when a project was changed: always the same day, or the second start would look like a change.
const theNextDay = new Date('2026-01-15T08:00:00Z');

/** Opens it. */
export async function openGcpSandbox({ accounts, folder }: SandboxOptions): Promise<SandboxCloud> {
  const organization = createOrganization({
    id: '123456789012',
    domain: 'sandbox.example',
    projects: accounts,
    folders: toNodeCount(accounts),
  });
  const fake = await openGcpFake({ organizations: [organization], requires_token: true });
  const credentials_file = join(folder, 'gcp-key.json');
  const key = fake.createKey('inventory@sandbox-tools.iam.gserviceaccount.com');
  await writeFile(credentials_file, JSON.stringify(key), secretFile);
  return {
    provider: 'gcp',
    source: { name: 'main', root: organization.name, credentials_file, endpoint: fake.url },
    variables: {},
    node: findFolder(organization),
    moveOn: () => moveOn(organization),
    close: fake.close,
  };
}

function findFolder({ name, projects }: GcpOrganization): string {
  return [...projects.values()].find(({ parent }) => parent.startsWith('folders/'))?.parent ?? name;
}

function moveOn(organization: GcpOrganization): void {
  const homes = [...organization.folders.values()].filter(({ state }) => state === 'ACTIVE');
  const living = [...organization.projects.values()].filter(
    ({ state, parent }) => state === 'ACTIVE' && homes.some(({ name }) => name === parent),
  );
  const [renamed, moved, labelled] = takeThree(living);
  renameProject(organization, renamed.name, 'Renamed', theNextDay);
  const home = homes.find(({ name, parent }) => name !== moved.parent && parent === organization.name);
  moveProject(organization, moved.name, home?.name ?? organization.name, theNextDay);
  labelProject(organization, labelled.name, { ...labelled.labels, reviewed: 'yes' }, theNextDay);
}
