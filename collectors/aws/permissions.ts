// The least that the credentials must be allowed, feature by feature, as the IAM policies to attach.
import type { AwsSourceConfig } from './config.ts';

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

/** An identity policy and whom it belongs to: an ARN of the chain, or the collector's own identity. */
export interface Permission {
  readonly attach_to: string;
  readonly policy: { readonly Version: '2012-10-17'; readonly Statement: readonly Statement[] };
}

/** The policies of a source: each role of the chain may assume the next one, and the last may read. */
export function toPermissions(source: Pick<AwsSourceConfig, 'tags' | 'role_chain' | 'web_identity'>): Permission[] {
  const base = source.web_identity?.role_arn ?? "the collector's own identity";
  const holders = [base, ...source.role_chain.map((hop) => hop.role_arn)];
  return holders.map((holder, index) => {
    const next = source.role_chain[index];
    const statement: Statement =
      next === undefined
        ? { Sid: 'ReadOrganization', Effect: 'Allow', Action: listActions(source.tags), Resource: '*' }
        : { Sid: 'AssumeNextRole', Effect: 'Allow', Action: toHopActions(next), Resource: next.role_arn };
    return { attach_to: holder, policy: { Version: '2012-10-17', Statement: [statement] } };
  });
}

function listActions(tags: boolean): string[] {
  const features = Object.entries(actionsByFeature).filter(([feature]) => tags || feature !== 'tags');
  return features.flatMap(([, actions]) => [...actions]).sort();
}

function toHopActions(hop: AwsSourceConfig['role_chain'][number]): string[] {
  return hop.source_identity === undefined ? ['sts:AssumeRole'] : ['sts:AssumeRole', 'sts:SetSourceIdentity'];
}
