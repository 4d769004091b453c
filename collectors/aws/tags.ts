// Tags of accounts and nodes: a hundred at a time where the Tagging API answers for them, one by one where it does not.
import { ListTagsForResourceCommand } from '@aws-sdk/client-organizations';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { canonicalJson } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import type { AwsSession } from './clients.ts';
import { isProviderError } from './errors.ts';
import { listPages } from './paging.ts';

/** How many resources the Tagging API takes by name at once. */
export const tagBatchSize = 100;

/** An account, a root or a unit. */
export interface Taggable {
  readonly id: string;
  /** Without it the Tagging API cannot be asked. */
  readonly arn: string | undefined;
}

/** A resource's tags, unless they could not be read, and the requests that named it. */
export interface Tagged {
  readonly tags?: Record<string, string>;
  readonly requests: readonly Request[];
}

/** Reads the tags of resources, by their bare ids. */
export interface TagReader {
  read(resources: readonly Taggable[]): Promise<ReadonlyMap<string, Tagged>>;
}

const tagsSchema = z.array(z.object({ Key: z.string(), Value: z.string() }));
const getResourcesSchema = z.object({
  PaginationToken: z.string().nullish(),
  ResourceTagMappingList: z.array(z.object({ ResourceARN: z.string(), Tags: tagsSchema })),
});

interface TagState {
  /**
   * The Tagging API answers nothing, without an error, in the wrong region, for the wrong account and in emulators:
   * `proved` when one of its answers was the same as ListTagsForResource's, `off` when it failed or differed.
   */
  tagging: 'unproved' | 'proved' | 'off';
  isDenied: boolean;
}

/** Reads nothing and leaves tags out when the source does not want them. */
export function createTagReader(session: AwsSession): TagReader {
  if (!session.source.tags) return { read: async () => new Map() };
  const state: TagState = { tagging: 'unproved', isDenied: false };
  return { read: (resources) => readTags(session, state, resources) };
}

async function readTags(session: AwsSession, state: TagState, resources: readonly Taggable[]) {
  const tagged = new Map<string, Tagged>();
  for (let start = 0; start < resources.length; start += tagBatchSize) {
    const batch = resources.slice(start, start + tagBatchSize);
    const answer = state.tagging === 'off' ? undefined : await getResources(session, state, batch);
    const sample = await proveBySample(session, state, { batch, answer });
    if (sample !== undefined) tagged.set(sample.id, sample.tagged);
    for (const resource of batch) {
      if (tagged.has(resource.id)) continue;
      tagged.set(resource.id, await readOne(session, state, { resource, answer }));
    }
  }
  return tagged;
}

interface BatchAnswer {
  readonly tagsByArn: ReadonlyMap<string, Record<string, string>>;
  /** Whether all was told; this operation cannot be paged when resources are named. */
  readonly isWhole: boolean;
  readonly request: Request;
}

async function getResources(
  session: AwsSession,
  state: TagState,
  batch: readonly Taggable[],
): Promise<BatchAnswer | undefined> {
  const arns = batch.flatMap(({ arn }) => arn ?? []);
  if (arns.length === 0) return undefined;
  const command = new GetResourcesCommand({ ResourceARNList: arns });
  const question = { operation: 'tag:GetResources', client: session.tagging } as const;
  try {
    const { body, request } = await session.requester.ask(question, (options) =>
      session.tagging.send(command, options),
    );
    const answer = getResourcesSchema.parse(body);
    const tagsByArn = new Map(answer.ResourceTagMappingList.map((item) => [item.ResourceARN, toTags(item.Tags)]));
    return { tagsByArn, isWhole: !answer.PaginationToken, request };
  } catch (error) {
    // It only saves calls, so no failure of it is one of the reading; but our own end is.
    if (!(error instanceof ProviderError || error instanceof z.ZodError)) throw error;
    session.context.log.info({ err: error }, 'tags are read one by one');
    state.tagging = 'off';
    return undefined;
  }
}

// Asks once for what the Tagging API has already told.
async function proveBySample(
  session: AwsSession,
  state: TagState,
  asked: { batch: readonly Taggable[]; answer: BatchAnswer | undefined },
): Promise<{ id: string; tagged: Tagged } | undefined> {
  const { batch, answer } = asked;
  if (answer === undefined || state.tagging !== 'unproved' || state.isDenied) return undefined;
  const sample = batch.find((resource) => Object.keys(tagsIn(answer, resource) ?? {}).length > 0);
  if (sample === undefined) return undefined;
  const { tags, requests } = await listTags(session, state, sample);
  if (tags === undefined) return undefined;
  state.tagging = canonicalJson(tags) === canonicalJson(tagsIn(answer, sample)) ? 'proved' : 'off';
  return { id: sample.id, tagged: { tags, requests: [answer.request, ...requests] } };
}

async function readOne(
  session: AwsSession,
  state: TagState,
  asked: { resource: Taggable; answer: BatchAnswer | undefined },
): Promise<Tagged> {
  const { resource, answer } = asked;
  const told = state.tagging === 'off' ? undefined : tagsIn(answer, resource);
  const named = answer === undefined || resource.arn === undefined ? [] : [answer.request];
  if (told !== undefined && (state.tagging === 'proved' || state.isDenied)) return { tags: told, requests: named };
  if (state.tagging === 'proved' && resource.arn !== undefined && answer?.isWhole) return { tags: {}, requests: named };
  const { tags, requests } = await listTags(session, state, resource);
  const known = tags ?? told;
  return { ...(known && { tags: known }), requests: [...named, ...requests] };
}

async function listTags(session: AwsSession, state: TagState, resource: Taggable): Promise<Tagged> {
  if (state.isDenied) return { requests: [] };
  const requests: Request[] = [];
  const tags: z.output<typeof tagsSchema> = [];
  try {
    const pages = listPages(session, {
      operation: 'organizations:ListTagsForResource',
      member: 'Tags',
      send: (NextToken, options) =>
        session.organizations.send(new ListTagsForResourceCommand({ ResourceId: resource.id, NextToken }), options),
    });
    for await (const page of pages) {
      requests.push(page.request);
      const items = tagsSchema.safeParse(page.items).data;
      if (items === undefined) {
        throw new ProviderError('malformed_answer', `${page.request.operation} answered an item that is no tag`);
      }
      tags.push(...items);
    }
    return { tags: toTags(tags), requests };
  } catch (error) {
    // It has left since it was listed: its tags are not known any more.
    if (isProviderError(error, 'not_found')) return { requests: [] };
    if (!isProviderError(error, 'access_denied')) throw error;
    state.isDenied = true;
    session.context.skip({ what: 'tags' }, error);
    return { requests: [] };
  }
}

function tagsIn(answer: BatchAnswer | undefined, { arn }: Taggable): Record<string, string> | undefined {
  return arn === undefined ? undefined : answer?.tagsByArn.get(arn);
}

function toTags(tags: z.output<typeof tagsSchema>): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}
