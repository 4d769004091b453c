// Collecting a large Google Cloud organization and a large Azure tenant: requests, seconds and memory, first and again.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTenant } from '#testkit/azure/create-tenant.ts';
import { openAzureFake } from '#testkit/azure/fake.ts';
import { createOrganization } from '#testkit/gcp/create-organization.ts';
import { openGcpFake } from '#testkit/gcp/fake.ts';
import type { BenchDatabases } from './databases.ts';
import { type Figure, printFigures, whole } from './report.ts';
import { runTwice, type TwoRuns } from './run-twice.ts';

const accounts = 10_000;

/** Ten thousand projects in five hundred folders, from the bundle, over TLS, on both databases. */
export async function benchGcp(databases: BenchDatabases, folder: string): Promise<void> {
  const folders = 500;
  const organization = createOrganization({ id: '900000000001', projects: accounts, folders, depth: 5 });
  const fake = await openGcpFake({ organizations: [organization], tls: true });
  try {
    const credentials_file = join(folder, 'gcp-key.json');
    await writeFile(credentials_file, JSON.stringify(fake.createKey('collector@bench-tools.iam.gserviceaccount.com')));
    const ca_file = join(folder, 'gcp-ca.pem');
    await writeFile(ca_file, fake.ca_pem ?? '');
    const source = { name: 'bench', root: organization.name, credentials_file, endpoint: fake.url };
    const figures = await runOnBoth(databases, {
      collector: 'gcp',
      limitMib: 160,
      variables: { ...(await writeConfig(folder, 'gcp', source)), NODE_EXTRA_CA_CERTS: ca_file },
      requests: fake.requests,
      describe: describeOperations,
    });
    printFigures(`collect gcp: ${whole(accounts)} projects, ${whole(folders)} folders`, figures);
  } finally {
    await fake.close();
  }
}

/** Ten thousand subscriptions in two hundred management groups, from the bundle, over TLS, on both databases. */
export async function benchAzure(databases: BenchDatabases, folder: string): Promise<void> {
  const groups = 200;
  const id = 'be9c0000-0000-4000-8000-000000000001';
  const tenant = createTenant({ id, subscriptions: accounts, management_groups: groups, depth: 5 });
  const fake = await openAzureFake({ tenants: [tenant] });
  try {
    const application = fake.addApplication({ tenants: [id] });
    const client_secret_file = join(folder, 'azure-client-secret');
    await writeFile(client_secret_file, application.client_secret);
    const source = {
      ...{ name: 'bench', tenant_id: id, client_id: application.client_id, client_secret_file, cloud: 'custom' },
      ...{ authority_host: fake.url, arm_endpoint: fake.url, disable_instance_discovery: true },
    };
    const figures = await runOnBoth(databases, {
      collector: 'azure',
      limitMib: 128,
      variables: { ...(await writeConfig(folder, 'azure', source)), NODE_EXTRA_CA_CERTS: fake.ca_file },
      requests: fake.requests,
      describe: describeOperations,
    });
    printFigures(`collect azure: ${whole(accounts)} subscriptions, ${whole(groups)} management groups`, figures);
  } finally {
    await fake.close();
  }
}

async function runOnBoth<Asked>(
  databases: BenchDatabases,
  runs: Omit<TwoRuns<Asked>, 'program' | 'database'>,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const dialect of ['sqlite', 'postgres'] as const) {
    const database = await databases.open(dialect, `${runs.collector}_${dialect}`);
    const variables = { ...runs.variables, DATABASE_URL: database.writerUrl };
    figures.push(...(await runTwice({ ...runs, program: 'bundle', database, variables })));
  }
  return figures;
}

// JSON is YAML.
async function writeConfig(folder: string, collector: string, source: object): Promise<Record<string, string>> {
  const file = join(folder, `${collector}.yaml`);
  await writeFile(file, JSON.stringify({ tenant: 'bench', collectors: { [collector]: { sources: [source] } } }));
  return { INVENTORY_CONFIG: file };
}

function describeOperations(made: readonly { readonly operation: string | null }[]): string {
  const counts = new Map<string, number>();
  for (const { operation } of made) counts.set(operation ?? 'other', (counts.get(operation ?? 'other') ?? 0) + 1);
  return [...counts].map(([operation, count]) => `${operation} ${whole(count)}`).join(', ');
}
