// The sandbox's Azure tenant, read by an application with a client secret, over https with a certificate made for it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTenant } from '../azure/create-tenant.ts';
import { openAzureFake } from '../azure/fake.ts';
import { moveSubscription, renameSubscription, tagSubscription } from '../azure/mutations.ts';
import type { AzureTenant } from '../azure/tenant.ts';
import { type SandboxCloud, type SandboxOptions, secretFile, takeThree, toNodeCount } from './cloud.ts';

/** Opens it. */
export async function openAzureSandbox({ accounts, folder }: SandboxOptions): Promise<SandboxCloud> {
  const tenant = createTenant({
    id: '5a4db0c5-0000-4000-8000-000000000001',
    display_name: 'Sandbox',
    subscriptions: accounts,
    management_groups: toNodeCount(accounts),
  });
  const fake = await openAzureFake({ tenants: [tenant] });
  const application = fake.addApplication({ tenants: [tenant.id] });
  const client_secret_file = join(folder, 'azure-client-secret');
  await writeFile(client_secret_file, application.client_secret, secretFile);
  return {
    provider: 'azure',
    source: {
      name: 'main',
      tenant_id: tenant.id,
      client_id: application.client_id,
      client_secret_file,
      cloud: 'custom',
      authority_host: fake.url,
      arm_endpoint: fake.url,
      disable_instance_discovery: true,
    },
    variables: { NODE_EXTRA_CA_CERTS: fake.ca_file },
    node: findGroup(tenant),
    moveOn: () => moveOn(tenant),
    close: fake.close,
  };
}

function findGroup({ root_name: root, subscriptions }: AzureTenant): string {
  return [...subscriptions.values()].find(({ parent_name }) => parent_name !== root)?.parent_name ?? root;
}

function moveOn(tenant: AzureTenant): void {
  const living = [...tenant.subscriptions.values()].filter(({ state }) => state === 'Enabled');
  const [renamed, moved, tagged] = takeThree(living);
  renameSubscription(tenant, renamed.id, `${renamed.display_name}-renamed`);
  const home = [...tenant.groups.keys()].find((name) => name !== moved.parent_name);
  moveSubscription(tenant, moved.id, home ?? tenant.root_name);
  tagSubscription(tenant, tagged.id, { ...tagged.tags, reviewed: 'yes' });
}
