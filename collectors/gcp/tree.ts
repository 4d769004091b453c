// What is known of the folders: learnt from Search and the walk, remembered between runs, and where a chain of ids gets its names.
import { z } from 'zod';

/** A folder, or an organization (its parent is null); ids are resource names, `folders/123`. */
export const treeNodeSchema = z.object({
  id: z.string(),
  name: z.string(),
  parent_id: z.string().nullable(),
  updated_at: z.string().nullable(),
});
export type TreeNode = z.output<typeof treeNodeSchema>;

/** The known nodes, those outside the root included: they tell what does not belong to it. */
export interface Tree {
  readonly root_id: string;
  /** The organization's number; undefined when the way up from a folder cannot be read. */
  readonly org_id: string | undefined;
  /** From the top down to the root's parent, as far as they can be read. */
  readonly above: readonly TreeNode[];
  readonly nodes: Map<string, TreeNode>;
  /** Folders that could not be looked up one by one. */
  readonly unreadable: Set<string>;
}

/** Takes the node in unless a newer one is known: Search lags behind. False when it does. */
export function learn({ nodes }: Tree, node: TreeNode): boolean {
  const known = nodes.get(node.id);
  if (known?.updated_at && node.updated_at && known.updated_at > node.updated_at) return false;
  nodes.set(node.id, node);
  return true;
}

/** Ids from the root down to the node, or undefined when it is not below the root as far as is known. */
export function chainOf(tree: Tree, id: string): readonly string[] | undefined {
  const chain: string[] = [];
  for (let at: string | null = id; at !== null; ) {
    // A move that is half seen can close a circle.
    if (chain.includes(at)) return undefined;
    chain.unshift(at);
    if (at === tree.root_id) return chain;
    at = tree.nodes.get(at)?.parent_id ?? null;
  }
  return undefined;
}

/** The first node on the way up that is not known, the id itself included. */
export function firstUnknown(tree: Tree, id: string): string | undefined {
  const passed = new Set<string>();
  for (let at: string | null = id; at !== null && at !== tree.root_id && !passed.has(at); ) {
    const node = tree.nodes.get(at);
    if (node === undefined) return at;
    passed.add(at);
    at = node.parent_id;
  }
  return undefined;
}

/** The name of the node above all that can be read, which its child told; the root itself where there is none. */
export function nameAbove({ above, nodes, root_id }: Tree): string {
  return (above[0] ?? nodes.get(root_id))?.parent_id ?? root_id;
}

/** The path fields of a record below (or, for a node, at) the end of the chain. */
export function toPathFields(tree: Tree, chain: readonly string[]) {
  const ids = [...tree.above.map((node) => node.id), ...chain];
  const names = [...tree.above.map((node) => node.name), ...chain.map((id) => tree.nodes.get(id)?.name ?? id)];
  return { org_path: names.join('/'), org_path_ids: ids, org_path_names: names };
}
