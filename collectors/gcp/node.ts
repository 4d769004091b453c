// One folder or organization: from the JSON of an answer to an observation.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import type { Observation } from '#core/observation.ts';
import type { Request } from '#core/provenance.ts';
import { stateSchema, toLifecycle } from './lifecycle.ts';
import { toTimestamp } from './plain.ts';
import { nameAbove, type Tree, type TreeNode, toPathFields } from './tree.ts';

/** A folder or organization as it was read. */
export interface FoundNode {
  readonly id: string;
  readonly state: string;
  readonly updated_at: string | undefined;
  readonly node: TreeNode;
  readonly raw: JsonObject;
  readonly request: Request;
}

const fieldsSchema = z.object({
  name: z.string().regex(/^(organizations|folders)\/\d+$/),
  parent: z.string().default(''),
  displayName: z.string().default(''),
  state: stateSchema,
  updateTime: z.string().optional(),
});

/** The node in an answer; an item that is none makes the answer malformed. */
export function parseNode(raw: JsonObject, request: Request): FoundNode {
  const fields = fieldsSchema.safeParse(raw).data;
  if (fields === undefined) {
    throw new ProviderError('malformed_answer', `${request.operation} answered with an item that is no folder`);
  }
  const updated_at = toTimestamp(fields.updateTime);
  return {
    id: fields.name,
    state: fields.state,
    updated_at,
    node: {
      id: fields.name,
      // Nobody can give a folder an empty name; a path needs one.
      name: fields.displayName || fields.name,
      parent_id: fields.parent || null,
      updated_at: updated_at ?? null,
    },
    raw,
    request,
  };
}

/** The node at the end of the chain. */
export function toNodeObservation(tree: Tree, found: FoundNode, chain: readonly string[]): Observation {
  const path = toPathFields(tree, chain);
  return {
    kind: 'org_node',
    key: found.id,
    attributes: {
      provider: 'gcp',
      // Not the root: a scope that is the home of its records takes them over, and another that sees the organization too
      // would take them back, run by run.
      org_id: tree.org_id ?? nameAbove(tree),
      id: found.id,
      kind: found.id.startsWith('organizations/') ? 'organization' : 'folder',
      name: found.node.name,
      parent_id: found.node.parent_id,
      depth: path.org_path_ids.length - 1,
      status: found.state,
      lifecycle: toLifecycle(found.state),
      ...path,
    },
    raw: found.raw,
    evidence: [found.request],
    ...(found.updated_at !== undefined && { provider_updated_at: found.updated_at }),
  };
}
