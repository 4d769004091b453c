// GET /subscriptions and GET /tenants: what the caller may read, and nothing that tells why the rest is missing.
import type { Answer, WireObject } from './answer.ts';
import type { ApiContext, ArmCall } from './context.ts';
import type { AzureSubscription, AzureTenant } from './tenant.ts';
import { writeGuid } from './wire-ids.ts';

interface Listed {
  readonly home: AzureTenant;
  readonly subscription: AzureSubscription;
}

/** A page of the subscriptions of the token's tenant, with those that other tenants have delegated to it. */
export function listSubscriptions(context: ApiContext, call: ArmCall): Answer {
  const readable = listReadable(context, call);
  const page = context.page({
    items: readable,
    token: call.skip_token,
    binding: toBinding(call),
    nameOf: ({ subscription }) => subscription.id,
  });
  return {
    body: {
      value: page.items.map((listed) => toWireSubscription(context, call, listed)),
      count: { type: 'Total', value: readable.length },
    },
    subjects: page.items.map(({ subscription }) => subscription.id),
    next_token: page.next_token,
  };
}

function listReadable({ world, indexOf }: ApiContext, { tenant, access }: ArmCall): readonly Listed[] {
  const own = indexOf(tenant).subscriptions.map((subscription) => ({ home: tenant, subscription }));
  const delegated = [...world.tenants.values()]
    .filter((home) => home !== tenant)
    .flatMap((home) => indexOf(home).delegated.map((subscription) => ({ home, subscription })))
    .filter(({ subscription }) => subscription.managed_by.includes(tenant.id));
  return [...own, ...delegated].filter(({ subscription }) => !access.unreadable.has(subscription.id));
}

function toWireSubscription({ behaviour }: ApiContext, call: ArmCall, { home, subscription }: Listed): WireObject {
  const id = writeGuid(behaviour, call.operation, subscription.id);
  const tenant = behaviour.lighthouse_tenant === 'managing' ? call.tenant : home;
  return {
    id: `/subscriptions/${id}`,
    authorizationSource: 'RoleBased',
    managedByTenants: subscription.managed_by.map((tenantId) => ({ tenantId })),
    // Azure leaves tags out where there are none.
    ...(Object.keys(subscription.tags).length === 0 ? {} : { tags: subscription.tags }),
    subscriptionId: id,
    tenantId: writeGuid(behaviour, call.operation, tenant.id),
    displayName: subscription.display_name,
    state: subscription.state,
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: subscription.quota_id,
      spendingLimit: subscription.spending_limit,
    },
  };
}

/** A page of the tenants in which the application has a service principal. */
export function listTenants(context: ApiContext, call: ArmCall): Answer {
  const { world, behaviour } = context;
  const page = context.page({
    items: [...world.tenants.values()].filter(({ id }) => call.application.access.has(id)),
    token: call.skip_token,
    binding: toBinding(call),
    nameOf: ({ id }) => id,
  });
  const value = page.items.map((tenant) => {
    const id = writeGuid(behaviour, call.operation, tenant.id);
    return {
      id: `/tenants/${id}`,
      tenantId: id,
      countryCode: tenant.country_code,
      displayName: tenant.display_name,
      domains: [tenant.default_domain],
      tenantCategory: 'Home',
      defaultDomain: tenant.default_domain,
      tenantType: 'AAD',
    };
  });
  return { body: { value }, subjects: page.items.map(({ id }) => id), next_token: page.next_token };
}

function toBinding({ operation, tenant, application }: ArmCall): string {
  return `${operation}/${tenant.id}/${application.client_id}`;
}
