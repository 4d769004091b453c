// An Azure tenant as plain data: what the fake's subscriptions, tenants and management group entities come from.

/** Tag keys and values of one subscription. */
export type Tags = Readonly<Record<string, string>>;

/** Every word that `Subscription.state` is documented to know. The API calls it a string, and so does the fake. */
export const subscriptionStates = ['Enabled', 'Warned', 'PastDue', 'Disabled', 'Deleted'] as const;

/** A subscription in its home tenant; the id is kept in lower case, however the API writes it. */
export interface AzureSubscription {
  readonly id: string;
  readonly display_name: string;
  readonly state: string;
  readonly quota_id: string;
  readonly spending_limit: string;
  readonly tags: Tags;
  /** Name of the management group that holds it. */
  readonly parent_name: string;
  /** Tenants that manage it by Lighthouse, and therefore list it. */
  readonly managed_by: readonly string[];
}

/** A management group; only the root has no parent. */
export interface AzureGroup {
  readonly name: string;
  readonly display_name: string;
  readonly parent_name: string | null;
}

/** One tenant. Change it through `mutations.ts` only: the fake indexes it by `revision`. */
export interface AzureTenant {
  readonly id: string;
  readonly display_name: string;
  readonly default_domain: string;
  readonly country_code: string;
  /** The root group's name, which is the tenant's id by default. */
  readonly root_name: string;
  /** By name, parents before their children. */
  readonly groups: Map<string, AzureGroup>;
  readonly subscriptions: Map<string, AzureSubscription>;
  revision: number;
}

/** How much hangs below a group. */
export interface GroupCounts {
  readonly child_groups: number;
  readonly children: number;
  readonly descendants: number;
}

/** What is looked up in a tenant on every request. */
export interface TenantIndex {
  readonly subscriptions: readonly AzureSubscription[];
  /** Those that other tenants manage. */
  readonly delegated: readonly AzureSubscription[];
  readonly countsOf: ReadonlyMap<string, GroupCounts>;
}

/** The groups above this one and itself, root first. */
export function listChain(tenant: AzureTenant, name: string): readonly AzureGroup[] {
  const chain: AzureGroup[] = [];
  for (let at: string | null = name; at !== null; ) {
    const group = tenant.groups.get(at);
    if (group === undefined) throw new RangeError(`${tenant.id} has no management group ${at}`);
    chain.unshift(group);
    at = group.parent_name;
  }
  return chain;
}

function createIndex(tenant: AzureTenant): TenantIndex {
  const subscriptions = [...tenant.subscriptions.values()];
  return {
    subscriptions,
    delegated: subscriptions.filter((subscription) => subscription.managed_by.length > 0),
    countsOf: countAll(tenant, subscriptions),
  };
}

/** Keeps one index per tenant until the tenant changes. */
export function createIndexes(): (tenant: AzureTenant) => TenantIndex {
  const indexes = new WeakMap<AzureTenant, { revision: number; index: TenantIndex }>();
  return (tenant) => {
    const known = indexes.get(tenant);
    if (known?.revision === tenant.revision) return known.index;
    const index = createIndex(tenant);
    indexes.set(tenant, { revision: tenant.revision, index });
    return index;
  };
}

function countAll(tenant: AzureTenant, subscriptions: readonly AzureSubscription[]): Map<string, GroupCounts> {
  const groupsByParent = Map.groupBy(tenant.groups.values(), (group) => group.parent_name);
  const subscriptionsByParent = Map.groupBy(subscriptions, (subscription) => subscription.parent_name);
  const counts = new Map<string, GroupCounts>();
  const count = (name: string): GroupCounts => {
    const groups = groupsByParent.get(name) ?? [];
    const children = groups.length + (subscriptionsByParent.get(name)?.length ?? 0);
    const deeper = groups.reduce((sum, group) => sum + count(group.name).descendants, 0);
    const own = { child_groups: groups.length, children, descendants: children + deeper };
    counts.set(name, own);
    return own;
  };
  count(tenant.root_name);
  return counts;
}
