// Builds an organization of any size that looks like a real one and is the same for the same seed.

import { createRandom, type Random, toSeed } from '../random.ts';
import type { AccountState, AwsAccount, AwsDelegation, AwsOrganization, AwsUnit, Tags } from './organization.ts';
import type { Partition } from './partitions.ts';

/** What to build; everything but the id has a default. */
export interface OrganizationPlan {
  /** `o-` and 10 to 32 lower-case letters or digits. */
  readonly id: string;
  /** Root and unit ids follow from it alone: two organizations of one seed share them, as AWS permits. */
  readonly seed?: number;
  readonly partition?: Partition;
  /** Accounts in all, the management account included. */
  readonly accounts?: number;
  readonly organizational_units?: number;
  /** Levels of units below the root, at most AWS's five. */
  readonly depth?: number;
  /** Share of accounts and of units that carry tags. */
  readonly tagged?: number;
  /** Member accounts to which services are delegated. */
  readonly delegated_administrators?: number;
}

const lowerAlphanumeric = 'abcdefghijklmnopqrstuvwxyz0123456789';
const topUnits = ['Security', 'Infrastructure', 'Workloads', 'Platform', 'Sandbox', 'Suspended', 'Data', 'Deployments'];
const lowerUnits = ['Prod', 'Staging', 'Dev', 'Shared', 'EU', 'US', 'Payments', 'Retail', 'Analytics', 'Legacy'];
const teams = ['payments', 'checkout', 'identity', 'search', 'ledger', 'shipping', 'catalog', 'telemetry', 'billing'];
const stages = ['prod', 'staging', 'dev', 'sandbox'];
const delegatedServices = ['guardduty.amazonaws.com', 'securityhub.amazonaws.com', 'sso.amazonaws.com'];
const epoch = Date.UTC(2019, 0, 7, 9, 30);

/** The organization of this plan, quickly enough for 100,000 accounts in a test. */
export function createOrganization(plan: OrganizationPlan): AwsOrganization {
  if (!/^o-[a-z0-9]{10,32}$/.test(plan.id)) throw new RangeError(`${plan.id} is not an organization id`);
  const random = createRandom(plan.seed ?? 1);
  const rootId = `r-${random.text(4, lowerAlphanumeric)}`;
  const units = createUnits(plan, rootId, random);
  const accounts = createAccounts(plan, [rootId, ...units.keys()], random);
  const managementId = accounts.keys().next().value;
  if (managementId === undefined) throw new RangeError('an organization has at least its management account');
  return {
    id: plan.id,
    partition: plan.partition ?? 'aws',
    management_account_id: managementId,
    feature_set: 'ALL',
    root: { id: rootId, name: 'Root' },
    accounts,
    units,
    tags: createTags(plan, [rootId, ...units.keys(), ...accounts.keys()], random),
    delegations: createDelegations(plan, [...accounts.values()].slice(1)),
    policy_readers: new Set(),
    departed_tags: new Map(),
    revision: 0,
  };
}

function createUnits(plan: OrganizationPlan, rootId: string, random: Random): Map<string, AwsUnit> {
  const depth = Math.min(plan.depth ?? 3, 5);
  const units = new Map<string, AwsUnit>();
  const open: { id: string; level: number }[] = [{ id: rootId, level: 0 }];
  for (let number = 0; number < (plan.organizational_units ?? 6); number += 1) {
    // The first unit of each level hangs below the one before, so that the depth asked for is really reached.
    const parent = number > 0 && number < depth ? open[number] : open[random.integer(open.length)];
    const { id: parentId, level } = number === 0 || parent === undefined ? { id: rootId, level: 0 } : parent;
    const names = level === 0 ? topUnits : lowerUnits;
    const unit = {
      id: `ou-${rootId.slice(2)}-${random.text(8, lowerAlphanumeric)}`,
      // A number only once the list of names is used up: siblings must have names of their own.
      name: `${names[number % names.length]}${number < names.length ? '' : ` ${number}`}`,
      parent_id: parentId,
    };
    units.set(unit.id, unit);
    if (level + 1 < depth) open.push({ id: unit.id, level: level + 1 });
  }
  return units;
}

function createAccounts(plan: OrganizationPlan, parents: readonly string[], random: Random): Map<string, AwsAccount> {
  // Ids come from the organization's id as well: an account is in one organization only.
  const ids = createRandom(toSeed(plan.id) ^ (plan.seed ?? 1));
  const accounts = new Map<string, AwsAccount>();
  const count = plan.accounts ?? 8;
  while (accounts.size < count) {
    const id = ids.text(12, '0123456789');
    if (accounts.has(id)) continue;
    const number = accounts.size;
    const isManagement = number === 0;
    const name = isManagement ? 'Management' : `${random.pick(teams)}-${random.pick(stages)}-${number}`;
    accounts.set(id, {
      id,
      name,
      email: `aws+${name.toLowerCase()}@${plan.id}.example`,
      state: isManagement ? 'ACTIVE' : toState(number),
      joined_method: number % 7 === 3 ? 'INVITED' : 'CREATED',
      joined_at: new Date(epoch + number * 7_201_013 + random.integer(1000)),
      // The first accounts fill the nodes in turn, so that small organizations have no needlessly empty ones.
      parent_id: isManagement ? (parents[0] ?? '') : (parents[number % parents.length] ?? ''),
    });
  }
  return accounts;
}

/** One account in each of the rarer states among every forty, the first of them early enough for small organizations. */
function toState(number: number): AccountState {
  const rare: Readonly<Record<number, AccountState>> = {
    4: 'SUSPENDED',
    5: 'PENDING_CLOSURE',
    6: 'CLOSED',
    7: 'PENDING_ACTIVATION',
  };
  return rare[number % 40] ?? 'ACTIVE';
}

function createTags(plan: OrganizationPlan, ids: readonly string[], random: Random): Map<string, Tags> {
  const tags = new Map<string, Tags>();
  for (const id of ids) {
    if (random.next() >= (plan.tagged ?? 0.7)) continue;
    tags.set(id, {
      env: random.pick(stages),
      team: random.pick(teams),
      'cost-center': `cc-${random.integer(900) + 100}`,
    });
  }
  return tags;
}

function createDelegations(plan: OrganizationPlan, members: readonly AwsAccount[]): Map<string, AwsDelegation> {
  const living = members.filter((account) => account.state === 'ACTIVE');
  const chosen = living.slice(0, plan.delegated_administrators ?? 1);
  return new Map(
    chosen.map((account, number) => {
      const services = delegatedServices.slice(0, (number % delegatedServices.length) + 1);
      const days = services.map((service, day) => [service, new Date(epoch + day * 86_400_000)] as const);
      return [account.id, { enabled_at: new Date(epoch), services: new Map(days) }];
    }),
  );
}
