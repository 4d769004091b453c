// A fake tenant of Azure and the source that reads it, for the tests of the collector.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createTenant, type TenantPlan } from '#testkit/azure/create-tenant.ts';
import { type AzureFake, type AzureFakeOptions, openAzureFake } from '#testkit/azure/fake.ts';
import type { AzureTenant } from '#testkit/azure/tenant.ts';
import type { AzureAccess, AzureApplication } from '#testkit/azure/world.ts';
import { trustInThisProcess } from '#testkit/certificate.ts';
import { type Observed, type ObserveOptions, observeSource, toBareId } from '../observe.contract.ts';
import { collector } from './collector.ts';

/** A fake with one tenant or more, an application that may read them all, and the source that reads the first. */
export interface Started {
  readonly fake: AzureFake;
  readonly tenant: AzureTenant;
  readonly application: AzureApplication;
  readonly access: AzureAccess;
  readonly source: Readonly<Record<string, unknown>>;
}

/** The tenant that is read unless a test names others. */
export const tenantId = '11111111-aaaa-4bbb-8ccc-0123456789ab';

/** 45 subscriptions in twelve groups, in pages of 20, unless told otherwise; the first of several tenants is the one that is read. */
export async function startAzure(
  options: Partial<AzureFakeOptions> & { plan?: Partial<TenantPlan> } = {},
): Promise<Started> {
  const { plan, ...rest } = options;
  const planned = { id: tenantId, subscriptions: 45, management_groups: 12, ...plan };
  const tenants = options.tenants ?? [createTenant(planned)];
  const [tenant] = tenants;
  if (tenant === undefined) throw new TypeError('name one tenant at least');
  const fake = await openAzureFake({ ...rest, tenants, behaviour: { page_size: 20, ...options.behaviour } });
  const distrust = trustInThisProcess(fake.ca_pem);
  onTestFinished(() => {
    distrust();
    return fake.close();
  });
  const application = fake.addApplication({ tenants: tenants.map(({ id }) => id) });
  const access = accessOf(application, tenant);
  return { fake, tenant, application, access, source: await secretSource(fake, application, tenant.id) };
}

/** What the application may see of a tenant. */
export function accessOf(application: AzureApplication, { id }: AzureTenant): AzureAccess {
  const access = application.access.get(id);
  if (access === undefined) throw new TypeError(`the application is not registered in ${id}`);
  return access;
}

/** A source `main` that reads a tenant with the application's secret. */
export async function secretSource(
  fake: AzureFake,
  application: AzureApplication,
  tenant_id: string,
): Promise<Record<string, unknown>> {
  return {
    name: 'main',
    tenant_id,
    client_id: application.client_id,
    client_secret_file: await createFile(application.client_secret),
    cloud: 'custom',
    authority_host: fake.url,
    arm_endpoint: fake.url,
    disable_instance_discovery: true,
  };
}

/** A file with this text, which goes when the test ends. */
export async function createFile(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'azure-collector-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'credential');
  await writeFile(path, text);
  return path;
}

/** Reads the source. */
export function observe(source: Readonly<Record<string, unknown>>, options: ObserveOptions = {}): Promise<Observed> {
  return observeSource(collector, { ...source, name: 'main' }, { nameOf: toBareId, ...options });
}
