// An AWS organization as plain data: what the fake's Organizations and Tagging APIs answer from.
import type { Partition } from './partitions.ts';

/** Tag keys and values of one resource. */
export type Tags = Readonly<Record<string, string>>;

/** Every word that `Account.State` knows. */
export const accountStates = ['ACTIVE', 'SUSPENDED', 'PENDING_ACTIVATION', 'PENDING_CLOSURE', 'CLOSED'] as const;

/** A phase of an account's life. */
export type AccountState = (typeof accountStates)[number];

/** A member or the management account; `parent_id` is the root or an organizational unit. */
export interface AwsAccount {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly state: AccountState;
  readonly joined_method: 'CREATED' | 'INVITED';
  readonly joined_at: Date;
  readonly parent_id: string;
}

/** An organizational unit. */
export interface AwsUnit {
  readonly id: string;
  readonly name: string;
  readonly parent_id: string;
}

/** An account to which services were delegated: the day of the first, and each service's own day. */
export interface AwsDelegation {
  readonly enabled_at: Date;
  readonly services: ReadonlyMap<string, Date>;
}

/** One organization. Change it through `mutations.ts` only: the fake indexes it by `revision`. */
export interface AwsOrganization {
  readonly id: string;
  readonly partition: Partition;
  readonly management_account_id: string;
  readonly feature_set: 'ALL' | 'CONSOLIDATED_BILLING';
  readonly root: { readonly id: string; readonly name: string };
  readonly accounts: Map<string, AwsAccount>;
  readonly units: Map<string, AwsUnit>;
  /** Tags by account, unit or root id. An entry without tags was tagged once, which the Tagging API still shows. */
  readonly tags: Map<string, Tags>;
  readonly delegations: Map<string, AwsDelegation>;
  /** Members that the organization's resource policy lets read. */
  readonly policy_readers: Set<string>;
  /** Tags of accounts that have left, which the Tagging API may go on showing. */
  readonly departed_tags: Map<string, Tags>;
  revision: number;
}

/** The ARN of the organization itself, of its root, or of one of its units or accounts. */
export function toArn(organization: AwsOrganization, id: string): string {
  // The account field of every one of them is the management account.
  const prefix = `arn:${organization.partition}:organizations::${organization.management_account_id}`;
  if (id === organization.id) return `${prefix}:organization/${id}`;
  const kind = id.startsWith('r-') ? 'root' : id.startsWith('ou-') ? 'ou' : 'account';
  return `${prefix}:${kind}/${organization.id}/${id}`;
}

/** `o-x/r-y/ou-a/…/` down to the node, or `undefined` for a node that is not in the organization. */
export function toPath(organization: AwsOrganization, id: string): string | undefined {
  const ids: string[] = [];
  for (let at: string | undefined = id; at !== organization.root.id; ) {
    if (at === undefined) return undefined;
    ids.unshift(at);
    at = (organization.accounts.get(at) ?? organization.units.get(at))?.parent_id;
  }
  return `${[organization.id, organization.root.id, ...ids].join('/')}/`;
}

/** The organization's lists, in the order in which it keeps them. */
export interface OrganizationIndex {
  readonly accounts: readonly AwsAccount[];
  readonly accountsByParent: ReadonlyMap<string, readonly AwsAccount[]>;
  readonly unitsByParent: ReadonlyMap<string, readonly AwsUnit[]>;
}

/** Lists of the organization as it is now; the caller keeps them for as long as `revision` stays the same. */
export function createIndex(organization: AwsOrganization): OrganizationIndex {
  const accounts = [...organization.accounts.values()];
  return {
    accounts,
    accountsByParent: Map.groupBy(accounts, (account) => account.parent_id),
    unitsByParent: Map.groupBy(organization.units.values(), (unit) => unit.parent_id),
  };
}
