// The slow walk over roots and units, and the single look at a unit that appears between walks.
import {
  DescribeOrganizationalUnitCommand,
  ListOrganizationalUnitsForParentCommand,
  ListRootsCommand,
} from '@aws-sdk/client-organizations';
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { type JsonObject, jsonObjectSchema } from '#core/json.ts';
import type { Observation } from '#core/observation.ts';
import type { Request } from '#core/provenance.ts';
import { isProviderError } from './errors.ts';
import { type Listing, listPages, maxResults } from './paging.ts';
import type { Reading } from './reading.ts';
import { tagBatchSize } from './tags.ts';
import { toPathFields } from './tree.ts';

// A node as it was read, on its way to becoming an observation.
interface FoundNode {
  readonly id: string;
  readonly name: string;
  readonly arn: string | undefined;
  /** Bare ids from the root down to and including this one. */
  readonly chain: readonly string[];
  readonly raw: JsonObject;
  readonly request: Request;
}

const itemSchema = z.object({ Id: z.string().min(1), Arn: z.string().optional(), Name: z.string().min(1) });
const describedSchema = z.object({ OrganizationalUnit: jsonObjectSchema });

/**
 * Walks the whole tree, level by level, and yields every node. A branch that may not be read is skipped by name;
 * only when the roots may not be listed there is no walk at all.
 */
export async function* walkTree(reading: Reading): AsyncGenerator<Observation, void, undefined> {
  const { session, tree } = reading;
  const { context } = session;
  tree.is_tried = true;
  const roots = await readLevel(reading, []);
  if (roots === undefined) return;
  if (roots.length === 0) {
    throw new ProviderError('malformed_answer', 'organizations:ListRoots answered without a single root');
  }
  tree.nodes.clear();
  const queue = learn(reading, roots);
  let batch = [...queue];
  for (const parent of queue) {
    const children = (await readLevel(reading, parent.chain)) ?? [];
    const learnt = learn(reading, children);
    queue.push(...learnt);
    batch.push(...learnt);
    if (batch.length < tagBatchSize) continue;
    yield* toObservations(reading, batch);
    batch = [];
  }
  yield* toObservations(reading, batch);
  tree.walked_at = context.now().toISOString();
  context.enumerated('org_node');
}

/** Looks at the units of a chain that no walk has seen, and yields them; one that may not be read stays without a name. */
export async function* describeUnseen(
  reading: Reading,
  chain: readonly string[],
): AsyncGenerator<Observation, void, undefined> {
  const { tree } = reading;
  for (const [index, id] of chain.entries()) {
    if (tree.is_describe_denied || tree.nodes.has(id) || !id.startsWith('ou-')) continue;
    const found = await describeUnit(reading, chain.slice(0, index + 1));
    if (found !== undefined) yield* toObservations(reading, learn(reading, [found]));
  }
}

// The roots for an empty chain, else the units below its last node; undefined when they may not be listed.
async function readLevel(reading: Reading, chain: readonly string[]): Promise<FoundNode[] | undefined> {
  const { session } = reading;
  const parent = chain.at(-1);
  const found: FoundNode[] = [];
  try {
    for await (const page of listPages(session, toListing(reading, parent))) {
      found.push(...page.items.map((raw) => toFound(raw, page.request, chain)));
    }
  } catch (error) {
    // A unit that was removed since it was listed has no units below it; a root is never removed.
    if (isProviderError(error, 'not_found') && chain.length > 1) return found;
    if (!isProviderError(error, 'access_denied')) throw error;
    const what = parent === undefined ? 'roots and organizational units' : `organizational units below ${parent}`;
    session.context.skip({ what, kinds: ['org_node'] }, error);
    return undefined;
  }
  return found;
}

function toListing({ session }: Reading, parent: string | undefined): Listing {
  const client = session.organizations;
  if (parent === undefined) {
    return {
      operation: 'organizations:ListRoots',
      member: 'Roots',
      send: (NextToken, options) => client.send(new ListRootsCommand({ MaxResults: maxResults, NextToken }), options),
    };
  }
  const input = { ParentId: parent, MaxResults: maxResults };
  return {
    operation: 'organizations:ListOrganizationalUnitsForParent',
    member: 'OrganizationalUnits',
    send: (NextToken, options) =>
      client.send(new ListOrganizationalUnitsForParentCommand({ ...input, NextToken }), options),
  };
}

async function describeUnit(reading: Reading, chain: readonly string[]): Promise<FoundNode | undefined> {
  const { tree, session } = reading;
  const { organizations, requester, context } = session;
  const id = chain.at(-1);
  const command = new DescribeOrganizationalUnitCommand({ OrganizationalUnitId: id });
  const question = { operation: 'organizations:DescribeOrganizationalUnit', client: organizations } as const;
  try {
    const { body, request } = await requester.ask(question, (options) => organizations.send(command, options));
    const unit = describedSchema.safeParse(body).data?.OrganizationalUnit;
    if (unit === undefined) throw malformed(question.operation);
    return toFound(unit, request, chain.slice(0, -1));
  } catch (error) {
    if (isProviderError(error, 'not_found')) return undefined;
    if (!isProviderError(error, 'access_denied')) throw error;
    tree.is_describe_denied = true;
    context.skip({ what: 'organizational units that no walk has listed' }, error);
    return undefined;
  }
}

function toFound(raw: JsonObject, request: Request, above: readonly string[]): FoundNode {
  const item = itemSchema.safeParse(raw).data;
  if (item === undefined) throw malformed(request.operation);
  return { id: item.Id, name: item.Name, arn: item.Arn, chain: [...above, item.Id], raw, request };
}

function malformed(operation: string): ProviderError {
  return new ProviderError('malformed_answer', `${operation} answered a node without Id or Name`);
}

// Adds nodes to the tree and hands back those that are new to it: a listing that starts again repeats some, and a unit may move during the walk.
function learn({ tree }: Reading, found: readonly FoundNode[]): FoundNode[] {
  const learnt: FoundNode[] = [];
  for (const node of found) {
    if (tree.nodes.has(node.id)) continue;
    tree.nodes.set(node.id, { id: node.id, name: node.name, parent_id: node.chain.at(-2) ?? null });
    learnt.push(node);
  }
  return learnt;
}

async function* toObservations(
  reading: Reading,
  found: readonly FoundNode[],
): AsyncGenerator<Observation, void, undefined> {
  const tags = await reading.tags.read(found);
  for (const node of found) yield toObservation(reading, node, tags.get(node.id));
}

function toObservation(
  { tree, organization }: Reading,
  found: FoundNode,
  tagged: { tags?: Record<string, string>; requests: readonly Request[] } | undefined,
): Observation {
  const id = `${organization.id}/${found.id}`;
  const parent = found.chain.at(-2);
  return {
    kind: 'org_node',
    key: id,
    attributes: {
      provider: 'aws',
      org_id: organization.id,
      id,
      kind: parent === undefined ? 'root' : 'ou',
      name: found.name,
      parent_id: parent === undefined ? null : `${organization.id}/${parent}`,
      depth: found.chain.length - 1,
      status: null,
      lifecycle: 'active',
      ...toPathFields(tree, organization.id, found.chain),
      ...(tagged?.tags && { tags: tagged.tags }),
    },
    raw: found.raw,
    evidence: [found.request, ...(tagged?.requests ?? [])],
  };
}
