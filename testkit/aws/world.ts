// Everything that exists behind the fake's endpoint: organizations, roles, and the keys that somebody holds.

import type { Random } from '../random.ts';
import { secretMarker } from '../secrets.ts';
import type { AwsOrganization } from './organization.ts';
import { type Partition, parsePartition } from './partitions.ts';

/** Who holds a pair of keys; a role session when there is a session token. */
export interface AwsPrincipal {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token: string | null;
  readonly expires_at: Date | null;
  readonly arn: string;
  readonly user_id: string;
  readonly account_id: string;
  readonly partition: Partition;
  readonly source_identity: string | null;
}

/** A role and its trust policy. */
export interface AwsRole {
  readonly arn: string;
  /** Account ids, or ARNs of users and roles, that may assume it. */
  readonly trusts: readonly string[];
  readonly external_id?: string;
  readonly max_session_seconds?: number;
  /** Whether the trust policy allows `sts:SetSourceIdentity`; it does unless told otherwise. */
  readonly allows_source_identity?: boolean;
  /** The Kubernetes service account that may assume it by web identity. */
  readonly web_identity?: { readonly subject: string; readonly audience?: string };
  /** The Kubernetes service account to which EKS Pod Identity associates it. */
  readonly pod_identity?: { readonly subject: string };
}

/** A role with its ARN taken apart. */
export interface KnownRole extends AwsRole {
  readonly parsed_arn: RoleArn;
}

/** What a role's ARN consists of, without its path. */
export interface RoleArn {
  readonly partition: Partition;
  readonly account_id: string;
  readonly name: string;
}

/** The state of the fake. */
export interface AwsWorld {
  readonly organizations: Map<string, AwsOrganization>;
  readonly roles: Map<string, KnownRole>;
  /** By access key id. */
  readonly principals: Map<string, AwsPrincipal>;
}

const keyAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The organization that the account is in at the moment. */
export function findOrganization(world: AwsWorld, accountId: string): AwsOrganization | undefined {
  return world.organizations.values().find((organization) => organization.accounts.has(accountId));
}

/** Partition, account and path of a role's ARN, or undefined for something else. */
export function parseRoleArn(arn: string): RoleArn | undefined {
  const match = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\w+=,.@-]+\/)*([\w+=,.@-]{1,64})$/.exec(arn);
  const [, word, accountId, name] = match ?? [];
  const partition = parsePartition(word);
  if (partition === undefined || accountId === undefined || name === undefined) return undefined;
  return { partition, account_id: accountId, name };
}

/** Hands out keys, recognisable as planted, and remembers who holds them. */
export function issueKeys(
  world: AwsWorld,
  random: Random,
  holder: Pick<AwsPrincipal, 'arn' | 'account_id' | 'partition'> & {
    expires_at?: Date;
    session?: string;
    source_identity?: string;
  },
): AwsPrincipal {
  const isSession = holder.expires_at !== undefined;
  const unique = random.text(12, keyAlphabet);
  const principal: AwsPrincipal = {
    access_key_id: `${isSession ? 'ASIA' : 'AKIA'}FAKE${unique}`,
    secret_access_key: `${secretMarker}key${random.text(18, keyAlphabet)}`,
    session_token: isSession ? `${secretMarker}session${random.text(60, keyAlphabet)}` : null,
    expires_at: holder.expires_at ?? null,
    arn: holder.arn,
    user_id: isSession ? `AROAFAKE${unique}:${holder.session ?? ''}` : `AIDAFAKE${unique}`,
    account_id: holder.account_id,
    partition: holder.partition,
    source_identity: holder.source_identity ?? null,
  };
  world.principals.set(principal.access_key_id, principal);
  return principal;
}
