// The least that the credentials must be allowed, feature by feature, as the IAM policies to attach.
import { type AwsConfig, type AwsSourceConfig, type RoleHop, toScope } from './config.ts';

/** The IAM actions of each feature. `sts:GetCallerIdentity` is called too and needs no permission. */
export const actionsByFeature = {
  organization: ['organizations:DescribeOrganization'],
  accounts: ['organizations:ListAccounts'],
  tree: [
    'organizations:ListRoots',
    'organizations:ListOrganizationalUnitsForParent',
    'organizations:DescribeOrganizationalUnit',
  ],
  // Only where accounts carry no paths; ListChildren only where ListAccountsForParent is refused.
  placements: ['organizations:ListAccountsForParent', 'organizations:ListChildren'],
  delegation: ['organizations:ListDelegatedAdministrators', 'organizations:ListDelegatedServicesForAccount'],
  tags: ['organizations:ListTagsForResource', 'tag:GetResources'],
} as const;

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
}

/** An identity policy, the scope that needs it, and whom it belongs to: an ARN of the chain, or the collector's own identity. */
export interface Permission {
  readonly scope: string;
  readonly attach_to: string;
  readonly policy: { readonly Version: '2012-10-17'; readonly Statement: readonly Statement[] };
}

/** The policies of every source: each role of its chain may assume the next one, and the last may read. */
export function createPermissions(config: AwsConfig): Permission[] {
  return config.sources.flatMap((source) => {
    const base = source.web_identity?.role_arn ?? "the collector's own identity";
    const holders = [base, ...source.role_chain.map((hop) => hop.role_arn)];
    return holders.map((holder, index) => ({
      scope: toScope(source),
      attach_to: holder,
      policy: { Version: '2012-10-17', Statement: [toStatement(source, source.role_chain[index])] } as const,
    }));
  });
}

function toStatement(source: AwsSourceConfig, next: RoleHop | undefined): Statement {
  return next === undefined
    ? { Sid: 'ReadOrganization', Effect: 'Allow', Action: listActions(source.tags), Resource: '*' }
    : { Sid: 'AssumeNextRole', Effect: 'Allow', Action: toHopActions(next), Resource: next.role_arn };
}

function listActions(tags: boolean): string[] {
  const features = Object.entries(actionsByFeature).filter(([feature]) => tags || feature !== 'tags');
  return features.flatMap(([, actions]) => [...actions]).sort();
}

function toHopActions(hop: RoleHop): string[] {
  return hop.source_identity === undefined ? ['sts:AssumeRole'] : ['sts:AssumeRole', 'sts:SetSourceIdentity'];
}
