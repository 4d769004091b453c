// The bare SDK by which the tests of the fake assert each behaviour, so that it is not bent to our collector.
import { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import { ClientSecretCredential, type TokenCredential } from '@azure/identity';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { trustInThisProcess } from '../certificate.ts';
import { createTenant } from './create-tenant.ts';
import { type AzureFake, type AzureFakeOptions, openAzureFake } from './fake.ts';
import type { AzureTenant } from './tenant.ts';
import type { AzureAccess, AzureApplication } from './world.ts';

/** The tenant of `startTenant`. */
export const tenantId = '11111111-aaaa-4bbb-8ccc-0123456789ab';

/** A fake that ends with the test, trusted until then. */
export async function startFake(options: AzureFakeOptions): Promise<AzureFake> {
  const fake = await openAzureFake(options);
  const distrust = trustInThisProcess(fake.ca_pem);
  onTestFinished(() => {
    distrust();
    return fake.close();
  });
  return fake;
}

/** A tenant of 45 subscriptions in twelve groups, a fake that serves it in pages of 20, and an application that may read it. */
export async function startTenant(options: Partial<AzureFakeOptions> = {}): Promise<{
  fake: AzureFake;
  tenant: AzureTenant;
  application: AzureApplication;
  access: AzureAccess;
  client: SubscriptionClient;
}> {
  const tenant = createTenant({ id: tenantId, subscriptions: 45, management_groups: 12 });
  const behaviour = { empty_page_ratio: 0, page_size: 20, ...options.behaviour };
  const fake = await startFake({ tenants: [tenant], ...options, behaviour });
  const application = fake.addApplication({ tenants: [tenant.id] });
  const access = application.access.get(tenant.id);
  if (access === undefined) throw new TypeError('an application has access where it is registered');
  return { fake, tenant, application, access, client: subscriptionClient(fake, secretCredential(fake, application)) };
}

/** A credential with a client secret. */
export function secretCredential(
  fake: AzureFake,
  application: AzureApplication,
  overrides: { readonly tenant_id?: string; readonly client_secret?: string } = {},
): ClientSecretCredential {
  const { tenant_id: tenant = tenantId, client_secret: secret = application.client_secret } = overrides;
  return new ClientSecretCredential(tenant, application.client_id, secret, {
    authorityHost: fake.url,
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
  });
}

/** What the tests read of an answer to getEntities, or of a refusal. */
const entitiesSchema = z.object({
  value: z.array(z.looseObject({ name: z.string(), properties: z.looseObject({}) })).optional(),
  nextLink: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** Where the hierarchy is asked for. */
export const entitiesPath = '/providers/Microsoft.Management/getEntities?api-version=2021-04-01';

/** One request by hand with the credential's token; the SDK of subscriptions does not know the operation. */
export async function requestEntities(
  fake: AzureFake,
  credential: TokenCredential,
  { method = 'POST', url = `${fake.url}${entitiesPath}` }: { method?: string; url?: string | undefined } = {},
) {
  const access = await credential.getToken(`${fake.audience}/.default`);
  const headers = { authorization: `Bearer ${access?.token}`, 'cache-control': 'no-cache' };
  const response = await fetch(url, { method, headers });
  return { response, body: entitiesSchema.parse(await response.json()) };
}

/** All pages of the hierarchy: the first by POST, those after it by the method that is given. */
export async function listEntities(fake: AzureFake, credential: TokenCredential, method = 'GET') {
  const { body: first } = await requestEntities(fake, credential);
  const entities = [...(first.value ?? [])];
  for (let link = first.nextLink; link !== undefined; ) {
    const { body } = await requestEntities(fake, credential, { method, url: link });
    entities.push(...(body.value ?? []));
    link = body.nextLink;
  }
  return entities;
}

/** A client for subscriptions and tenants, without retries unless told otherwise. */
export function subscriptionClient(fake: AzureFake, credential: TokenCredential, maxRetries = 0): SubscriptionClient {
  return new SubscriptionClient(credential, {
    endpoint: fake.url,
    // Whatever the endpoint, the SDK asks for a token of the public cloud unless it is told the scope.
    credentials: { scopes: [`${fake.audience}/.default`] },
    retryOptions: { maxRetries, retryDelayInMs: 1, maxRetryDelayInMs: 1 },
  });
}

/** A walk through all subscriptions: what it yields before it fails, and how it fails. */
export async function walk(client: SubscriptionClient) {
  const pages: { readonly ids: readonly string[] }[] = [];
  const names: string[] = [];
  try {
    for await (const page of client.subscriptions.list().byPage()) {
      pages.push({ ids: page.map((subscription) => (subscription.subscriptionId ?? '').toLowerCase()) });
      names.push(...page.map((subscription) => subscription.displayName ?? ''));
    }
    return { ids: pages.flatMap((page) => page.ids), names, pages: pages.length, error: undefined };
  } catch (error) {
    return { ids: pages.flatMap((page) => page.ids), names, pages: pages.length, error };
  }
}
