// The walk: every folder and project below the root, level by level, through the listings that are always up to date. It alone proves what is gone.
import type { Observation, ObservationKind } from '#core/observation.ts';
import { isProviderError } from './errors.ts';
import { parseNode, toNodeObservation } from './node.ts';
import { type Listing, listPages, type Page } from './paging.ts';
import { parseProject, toProjectObservation } from './project.ts';
import type { Reading, Walk } from './reading.ts';
import { chainOf } from './tree.ts';

/** Walks the whole tree and yields all that it finds. A part that may not be listed is skipped by name, and nothing more. */
export async function* walkTree(reading: Reading): AsyncGenerator<Observation, void, undefined> {
  const { root } = reading;
  const walk: Walk = {
    counts: { projects: 0, folders: 0 },
    folders: new Set(),
    denied: new Set(),
    unlisted: new Set(),
  };
  reading.walk = walk;
  const queue = [[root.id]];
  // The queue grows while it is read.
  for (const chain of queue) {
    yield* walkFolders(reading, walk, { chain, queue });
    yield* walkProjects(reading, walk, chain);
  }
  forgetGone(reading, walk);
}

async function* walkFolders(
  reading: Reading,
  walk: Walk,
  { chain, queue }: { chain: readonly string[]; queue: string[][] },
): AsyncGenerator<Observation, void, undefined> {
  const { session, tree } = reading;
  const parent = chain.at(-1) ?? tree.root_id;
  const listing: Listing = {
    method: 'ListFolders',
    member: 'folders',
    send: (page, options) => session.folders.listFolders({ ...page, parent, showDeleted: true }, options),
  };
  const part = { parent, what: `everything below ${parent}`, kinds: ['account', 'org_node'] } as const;
  for await (const { items, request } of listPart(reading, walk, { listing, ...part })) {
    for (const raw of items) {
      const folder = parseNode(raw, request);
      // A listing that starts again repeats some, and a folder may move during the walk.
      if (walk.folders.has(folder.id)) continue;
      walk.folders.add(folder.id);
      if (folder.state === 'ACTIVE') walk.counts.folders += 1;
      tree.nodes.set(folder.id, folder.node);
      const below = [...chain, folder.id];
      queue.push(below);
      yield toNodeObservation(tree, folder, below);
    }
  }
}

async function* walkProjects(
  reading: Reading,
  walk: Walk,
  chain: readonly string[],
): AsyncGenerator<Observation, void, undefined> {
  const { session, tree } = reading;
  const parent = chain.at(-1) ?? tree.root_id;
  const listing: Listing = {
    method: 'ListProjects',
    member: 'projects',
    send: (page, options) => session.projects.listProjects({ ...page, parent, showDeleted: true }, options),
  };
  const part = { parent, what: `projects in ${parent}`, kinds: ['account'] } as const;
  for await (const { items, request } of listPart(reading, walk, { listing, ...part })) {
    for (const raw of items) {
      const project = parseProject(raw, request);
      if (project.state === 'ACTIVE') walk.counts.projects += 1;
      // It has come into the organization.
      reading.parentless.delete(project.id);
      yield toProjectObservation(reading, project, chain);
    }
  }
}

interface Part {
  readonly listing: Listing;
  readonly parent: string;
  readonly what: string;
  readonly kinds: readonly ObservationKind[];
}

async function* listPart(reading: Reading, walk: Walk, part: Part): AsyncGenerator<Page, void, undefined> {
  const { session, tree } = reading;
  const { listing, parent, what, kinds } = part;
  try {
    yield* listPages(session, listing);
  } catch (error) {
    // Purged since it was listed: nothing can be below it. The root was asked for by its name, and was there.
    if (isProviderError(error, 'not_found') && parent !== tree.root_id) return;
    if (!isProviderError(error, 'access_denied')) throw error;
    session.context.skip({ what, kinds }, error);
    walk.denied.add(parent);
    // Without the root's own the walk has proved nothing.
    if (parent === tree.root_id) for (const kind of kinds) walk.unlisted.add(kind);
  }
}

// What lies below a part that may not be listed is still known from before.
function forgetGone({ tree }: Reading, { folders, denied }: Walk): void {
  for (const id of [...tree.nodes.keys()]) {
    if (id === tree.root_id || folders.has(id)) continue;
    const isHidden = chainOf(tree, id)?.some((above) => denied.has(above)) ?? false;
    if (!isHidden) tree.nodes.delete(id);
  }
}
