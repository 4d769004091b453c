// What is known of the organization's roots and units: remembered between slow walks, and where a chain of ids gets its names.
import { z } from 'zod';
import { timestampSchema } from '#core/provenance.ts';
import type { AwsSession } from './clients.ts';

/** A root (its parent is null) or an organizational unit. */
const nodeSchema = z.object({ id: z.string(), name: z.string(), parent_id: z.string().nullable() });
export type TreeNode = z.output<typeof nodeSchema>;

const memoSchema = z.object({
  organization_id: z.string(),
  walked_at: timestampSchema.nullable(),
  has_paths: z.boolean(),
  nodes: z.array(nodeSchema),
});

/** The known nodes by their bare ids. */
export interface Tree {
  readonly nodes: Map<string, TreeNode>;
  /** When all of it was last walked. */
  walked_at: string | null;
  /** Whether accounts carried `Paths`; without, every run needs the whole tree. */
  has_paths: boolean;
  /** Whether this run has walked it, or tried to. */
  is_tried: boolean;
  /** Whether units may not be described one by one. */
  is_describe_denied: boolean;
}

/** The tree as this scope remembers it; an empty one when it remembers none, or another organization's. */
export function recallTree(session: AwsSession, organizationId: string): Tree {
  const memo = memoSchema.safeParse(session.context.memo).data;
  const known = memo?.organization_id === organizationId ? memo : undefined;
  return {
    nodes: new Map(known?.nodes.map((node) => [node.id, node])),
    walked_at: known?.walked_at ?? null,
    has_paths: known?.has_paths ?? true,
    is_tried: false,
    is_describe_denied: false,
  };
}

/** What to remember of the tree. */
export function toMemo(tree: Tree, organizationId: string): z.output<typeof memoSchema> {
  return {
    organization_id: organizationId,
    walked_at: tree.walked_at,
    has_paths: tree.has_paths,
    nodes: [...tree.nodes.values()],
  };
}

/** Whether this run must walk the tree. */
export function isWalkDue(session: AwsSession, tree: Tree): boolean {
  if (tree.walked_at === null || !tree.has_paths) return true;
  const ageMs = session.context.now().getTime() - Date.parse(tree.walked_at);
  // A walk in the future is a clock that was set back.
  return ageMs >= session.source.tree_every || ageMs < 0;
}

/** Bare ids from the root down to the node, or undefined when a link of the chain is not known. */
export function chainOf(tree: Tree, id: string): readonly string[] | undefined {
  const chain: string[] = [];
  for (let at: string | null = id; at !== null; ) {
    const node = tree.nodes.get(at);
    if (node === undefined || chain.includes(at)) return undefined;
    chain.unshift(at);
    at = node.parent_id;
  }
  return chain;
}

/** A record's path fields for a chain of bare ids; names are left out as a whole when one is not known. */
export function toPathFields(tree: Tree, organizationId: string, chain: readonly string[]) {
  const names = chain.flatMap((id) => tree.nodes.get(id)?.name ?? []);
  return {
    org_path_ids: chain.map((id) => `${organizationId}/${id}`),
    ...(names.length === chain.length && { org_path: names.join('/'), org_path_names: names }),
  };
}
