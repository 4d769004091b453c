// What the parts of one reading share, and what a scope remembers between its runs.
import { z } from 'zod';
import { jsonObjectSchema } from '#core/json.ts';
import type { ObservationKind } from '#core/observation.ts';
import { requestSchema, timestampSchema } from '#core/provenance.ts';
import type { GcpSession } from './clients.ts';
import { type FoundProject, parseProject } from './project.ts';
import type { Root } from './root.ts';
import { chainOf, type Tree, treeNodeSchema } from './tree.ts';

const countsSchema = z.object({ projects: z.int(), folders: z.int() });

/** How many living projects and folders below the root a listing gave. */
export type LivingCounts = z.output<typeof countsSchema>;

const memoSchema = z.object({
  root: z.string(),
  walked_at: timestampSchema.nullable(),
  /** What the last walk counted, and what Search counted beside it. */
  walked: countsSchema.nullable(),
  searched: countsSchema.nullable(),
  nodes: z.array(treeNodeSchema),
  parentless: z.array(z.object({ raw: jsonObjectSchema, request: requestSchema })),
});
type Memo = z.output<typeof memoSchema>;

/** One scope's reading of one root. */
export interface Reading {
  readonly session: GcpSession;
  readonly root: Root;
  readonly tree: Tree;
  readonly memo: Memo | undefined;
  /** Projects outside any organization that were ever seen, by number. */
  readonly parentless: Map<string, FoundProject>;
  /** Those of them that this run has seen. */
  readonly seen: Set<string>;
  searched: LivingCounts;
  /** What this run's walk found; undefined when there was none. */
  walk: Walk | undefined;
}

/** A walk from the root through all folders. */
export interface Walk {
  readonly counts: LivingCounts;
  readonly folders: Set<string>;
  /** Nodes whose folders or projects may not be listed. */
  readonly denied: Set<string>;
  /** Kinds of which not even the root's own could be listed. */
  readonly unlisted: Set<ObservationKind>;
}

/** A reading with what the scope remembers of this root. */
export function openReading(session: GcpSession, root: Root): Reading {
  const remembered = memoSchema.safeParse(session.context.memo).data;
  const memo = remembered?.root === root.id ? remembered : undefined;
  const nodes = new Map(memo?.nodes.map((node) => [node.id, node]));
  nodes.set(root.id, root.found.node);
  const parentless = memo?.parentless.map(({ raw, request }) => parseProject(raw, request)) ?? [];
  return {
    ...{ session, root, memo },
    tree: { root_id: root.id, org_id: root.org_id, above: root.above, nodes, unreadable: new Set() },
    parentless: new Map(parentless.map((project) => [project.id, project])),
    seen: new Set(),
    searched: { projects: 0, folders: 0 },
    walk: undefined,
  };
}

/** What to remember of it. */
export function toMemo({ session, root, tree, memo, parentless, searched, walk }: Reading): Memo {
  const last = walk
    ? { walked_at: session.context.now().toISOString(), walked: walk.counts, searched }
    : { walked_at: memo?.walked_at ?? null, walked: memo?.walked ?? null, searched: memo?.searched ?? null };
  return {
    root: root.id,
    ...last,
    nodes: [...tree.nodes.values()].filter((node) => chainOf(tree, node.id) !== undefined),
    parentless: [...parentless.values()].map(({ raw, request }) => ({ raw, request })),
  };
}

/** Whether the last walk is too long ago. */
export function isWalkDue({ memo, session }: Reading): boolean {
  if (!memo?.walked_at) return true;
  const ageMs = session.context.now().getTime() - Date.parse(memo.walked_at);
  // A walk in the future is a clock that was set back.
  return ageMs >= session.source.tree_every || ageMs < 0;
}

/**
 * Whether Search counts something else than the last walk did. Search sees less than the walk where rights are narrow:
 * as long as it counts what it counted beside the walk, that is no news.
 */
export function hasNews({ memo, searched }: Reading): boolean {
  return !isSame(searched, memo?.walked) && !isSame(searched, memo?.searched);
}

function isSame(counts: LivingCounts, other: LivingCounts | null | undefined): boolean {
  return counts.projects === other?.projects && counts.folders === other.folders;
}
