// GetResources of the Resource Groups Tagging API, for the accounts, units and roots of an organization.
import { z } from 'zod';
import { shuffleBy } from '../random.ts';
import { type Answer, AwsRefusal } from './answer.ts';
import type { ApiCall, ApiContext } from './context.ts';
import { parseInput } from './input.ts';
import { type Tags, toArn } from './organization.ts';
import type { Page } from './paging.ts';
import { organizationsRegion } from './partitions.ts';
import { findOrganization } from './world.ts';

// A list of ARNs is answered whole: it goes with neither filters nor paging.
const inputSchema = z
  .strictObject({
    ResourceARNList: z.array(z.string().min(1).max(1011)).min(1).max(100).optional(),
    ResourceTypeFilters: z.array(z.string().min(1).max(256)).max(100).optional(),
    ResourcesPerPage: z.int().min(1).max(100).optional(),
    PaginationToken: z.string().optional(),
  })
  .refine((input) => input.ResourceARNList === undefined || Object.keys(input).length === 1);

interface TaggedResource {
  readonly id: string;
  readonly arn: string;
  readonly tags: Tags;
}

/** Answers a call of the one operation. */
export function answerTagging(context: ApiContext, call: ApiCall): Answer {
  if (call.operation !== 'GetResources') {
    throw new AwsRefusal('UnknownOperationException', `no operation ${call.operation}`);
  }
  const input = parseInput(inputSchema, call.input, () => invalidParameter());
  const tagged = listTagged(context, call);
  if (input.ResourceARNList !== undefined) {
    const asked = new Set(input.ResourceARNList);
    return toAnswer(context, { items: tagged.filter((each) => asked.has(each.arn)), next_token: undefined });
  }
  const { PaginationToken: token, ...rest } = input;
  const page = context.page({
    items: tagged.filter((each) => isOfType(each, input.ResourceTypeFilters ?? [])),
    // An empty token is how the answer says "no more", and may be sent back.
    token: token === '' ? undefined : token,
    size: input.ResourcesPerPage ?? 50,
    binding: JSON.stringify([call.operation, call.region, call.principal.account_id, rest]),
    refuse: (reason) =>
      reason === 'expired'
        ? new AwsRefusal('PaginationTokenExpiredException', 'The token has expired.')
        : invalidParameter(),
  });
  return toAnswer(context, page);
}

function toAnswer({ behaviour }: ApiContext, page: Page<TaggedResource>): Answer {
  const toTags = (tags: Tags) => shuffleBy(Object.entries(tags), behaviour.shuffle_seed, ([key]) => key);
  return {
    body: {
      PaginationToken: page.next_token ?? '',
      ResourceTagMappingList: page.items.map(({ arn, tags }) => ({
        ResourceARN: arn,
        Tags: toTags(tags).map(([Key, Value]) => ({ Key, Value })),
      })),
    },
    subjects: page.items.map((resource) => resource.id),
    next_token: page.next_token,
  };
}

/** The resources belong to the management account, in the region of the Organizations endpoint; elsewhere is nothing. */
function listTagged({ world, behaviour }: ApiContext, { principal, region }: ApiCall): readonly TaggedResource[] {
  const organization = findOrganization(world, principal.account_id);
  const isEmpty = behaviour.tagging === 'always-empty' || region !== organizationsRegion(principal.partition);
  if (organization?.management_account_id !== principal.account_id || isEmpty) return [];
  const tags = behaviour.tagging_shows_departed
    ? [...organization.tags, ...organization.departed_tags]
    : organization.tags;
  return [...tags].map(([id, own]) => ({ id, arn: toArn(organization, id), tags: own }));
}

function isOfType(resource: TaggedResource, types: readonly string[]): boolean {
  if (types.length === 0) return true;
  // `organizations:account` is the service and the first part of the resource, both as in the ARN.
  const [, , service = '', , , path = ''] = resource.arn.split(':');
  return [service, `${service}:${path.split('/')[0]}`].some((type) => types.includes(type));
}

function invalidParameter(): AwsRefusal {
  return new AwsRefusal('InvalidParameterException', 'A parameter is missing or a malformed string or invalid.');
}
