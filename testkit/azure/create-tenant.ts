// Builds a tenant of any size that looks like a real one and is the same for the same seed.
import { createRandom, type Random, toSeed } from '../random.ts';
import type { AzureGroup, AzureSubscription, AzureTenant, Tags } from './tenant.ts';

/** What to build; everything but the id has a default. */
export interface TenantPlan {
  /** A GUID in lower case. */
  readonly id: string;
  readonly seed?: number;
  readonly display_name?: string;
  readonly subscriptions?: number;
  /** Groups below the root. */
  readonly management_groups?: number;
  /** Levels of groups below the root, at most Azure's six. */
  readonly depth?: number;
  /** Share of subscriptions that carry tags. */
  readonly tagged?: number;
  /** Name of the root group; the tenant's id unless told otherwise, as Azure has it. */
  readonly root_name?: string;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const topGroups = ['Platform', 'Landing Zones', 'Sandbox', 'Decommissioned', 'Security', 'Shared Services'];
const lowerGroups = [
  'Corp',
  'Online',
  'Identity',
  'Management',
  'Connectivity',
  'EU',
  'US',
  'Retail',
  'Data',
  'Legacy',
];
const teams = ['payments', 'checkout', 'identity', 'search', 'ledger', 'shipping', 'catalog', 'telemetry', 'billing'];
const stages = ['prod', 'staging', 'dev', 'sandbox'];

/** The tenant of this plan, quickly enough for 100,000 subscriptions in a test. */
export function createTenant(plan: TenantPlan): AzureTenant {
  if (!guid.test(plan.id)) throw new RangeError(`${plan.id} is not a GUID in lower case`);
  // All names and ids come from the tenant's own: a subscription is at home in one tenant only.
  const random = createRandom(toSeed(plan.id) ^ (plan.seed ?? 1));
  const rootName = plan.root_name ?? plan.id;
  const groups = createGroups(plan, rootName, random);
  const displayName = plan.display_name ?? `Example ${plan.id.slice(0, 8)}`;
  return {
    id: plan.id,
    display_name: displayName,
    default_domain: `${displayName.toLowerCase().replaceAll(/[^a-z0-9]+/g, '')}.onmicrosoft.example`,
    country_code: 'DE',
    root_name: rootName,
    groups,
    subscriptions: createSubscriptions(plan, [...groups.keys()], random),
    revision: 0,
  };
}

function createGroups(plan: TenantPlan, rootName: string, random: Random): Map<string, AzureGroup> {
  const depth = Math.min(plan.depth ?? 3, 6);
  const root = { name: rootName, display_name: 'Tenant Root Group', parent_name: null };
  const groups = new Map<string, AzureGroup>([[rootName, root]]);
  const open: { name: string; level: number }[] = [{ name: rootName, level: 0 }];
  for (let number = 0; number < (plan.management_groups ?? 6); number += 1) {
    // The first group of each level hangs below the one before, so that the depth asked for is really reached.
    const parent = number > 0 && number < depth ? open[number] : open[random.integer(open.length)];
    const { name: parentName, level } = number === 0 || parent === undefined ? { name: rootName, level: 0 } : parent;
    const names = level === 0 ? topGroups : lowerGroups;
    const name = `mg-${random.text(8, 'abcdefghijklmnopqrstuvwxyz0123456789')}`;
    const displayName = `${names[number % names.length]}${number < names.length ? '' : ` ${number}`}`;
    groups.set(name, { name, display_name: displayName, parent_name: parentName });
    if (level + 1 < depth) open.push({ name, level: level + 1 });
  }
  return groups;
}

function createSubscriptions(
  plan: TenantPlan,
  parents: readonly string[],
  random: Random,
): Map<string, AzureSubscription> {
  const subscriptions = new Map<string, AzureSubscription>();
  for (let number = 0; number < (plan.subscriptions ?? 8); number += 1) {
    const id = random.uuid();
    subscriptions.set(id, {
      id,
      display_name: `${random.pick(teams)}-${random.pick(stages)}-${number}`,
      state: toState(number),
      quota_id: number % 9 === 8 ? 'PayAsYouGo_2014-09-01' : 'EnterpriseAgreement_2014-09-01',
      spending_limit: 'Off',
      tags: random.next() < (plan.tagged ?? 0.7) ? createTags(random) : {},
      parent_name: parents[number % parents.length] ?? '',
      managed_by: [],
    });
  }
  return subscriptions;
}

/** One subscription in each of the rarer states among every forty, the first of them early enough for small tenants. */
function toState(number: number): string {
  const rare: Readonly<Record<number, string>> = { 4: 'Warned', 5: 'PastDue', 6: 'Disabled', 7: 'Deleted' };
  return rare[number % 40] ?? 'Enabled';
}

function createTags(random: Random): Tags {
  return {
    env: random.pick(stages),
    team: random.pick(teams),
    'cost-center': `cc-${random.integer(900) + 100}`,
  };
}
