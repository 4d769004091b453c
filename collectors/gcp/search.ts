// Search: everything that the credentials may see, in few pages but late and without an order. It shows what is new, never what is gone.
import type { Observation } from '#core/observation.ts';
import { type FoundNode, parseNode, toNodeObservation } from './node.ts';
import { listPages } from './paging.ts';
import { type FoundProject, parseProject, toProjectObservation } from './project.ts';
import type { Reading } from './reading.ts';
import { findNode } from './root.ts';
import { chainOf, firstUnknown, learn } from './tree.ts';

/**
 * Yields the folders and projects that Search finds below the root, and every project outside any organization, for no
 * listing has those. After a walk the walk's own finds are left alone: they are newer.
 */
export async function* search(reading: Reading): AsyncGenerator<Observation, void, undefined> {
  reading.searched = { projects: 0, folders: 0 };
  yield* searchFolders(reading);
  yield* searchProjects(reading);
}

// All of them before the first is yielded: a folder's path needs those above it, and they come in any order.
async function* searchFolders(reading: Reading): AsyncGenerator<Observation, void, undefined> {
  const { session, tree, searched } = reading;
  const found = new Map<string, FoundNode>();
  const pages = listPages(session, {
    method: 'SearchFolders',
    member: 'folders',
    send: (page, options) => session.folders.searchFolders(page, options),
  });
  for await (const { items, request } of pages) {
    for (const raw of items) {
      const folder = parseNode(raw, request);
      if (learn(tree, folder.node)) found.set(folder.id, folder);
    }
  }
  for (const folder of found.values()) {
    if (folder.id === tree.root_id) continue;
    const chain = await locate(reading, folder.id);
    if (chain === undefined) continue;
    if (folder.state === 'ACTIVE') searched.folders += 1;
    if (isWanted(reading, chain)) yield toNodeObservation(tree, folder, chain);
  }
}

async function* searchProjects(reading: Reading): AsyncGenerator<Observation, void, undefined> {
  const { session, searched } = reading;
  const lost = { projects: 0 };
  const pages = listPages(session, {
    method: 'SearchProjects',
    member: 'projects',
    send: (page, options) => session.projects.searchProjects(page, options),
  });
  for await (const { items, request } of pages) {
    for (const raw of items) {
      const project = parseProject(raw, request);
      const chain = project.parent_id === null ? [] : await locate(reading, project.parent_id);
      notePlace(reading, project);
      if (chain === undefined) lost.projects += 1;
      else if (project.parent_id === null) yield toProjectObservation(reading, project, chain);
      else {
        if (project.state === 'ACTIVE') searched.projects += 1;
        if (isWanted(reading, chain)) yield toProjectObservation(reading, project, chain);
      }
    }
  }
  if (lost.projects > 0) {
    session.context.log.info({ projects: lost.projects }, 'Search also found projects that are not below the root');
  }
}

function notePlace({ parentless, seen }: Reading, project: FoundProject): void {
  if (project.parent_id !== null) {
    parentless.delete(project.id);
    return;
  }
  parentless.set(project.id, project);
  seen.add(project.id);
}

// After a walk only what it could not list.
function isWanted({ walk }: Reading, chain: readonly string[]): boolean {
  return walk === undefined || chain.some((id) => walk.denied.has(id));
}

// Looks up the folders on the way that Search has not shown (yet); undefined when the way does not lead to the root.
async function locate({ session, tree }: Reading, id: string): Promise<readonly string[] | undefined> {
  for (;;) {
    const unknown = firstUnknown(tree, id);
    // An organization that is not the root has nothing above it, whoever may read it.
    if (unknown === undefined || unknown.startsWith('organizations/') || tree.unreadable.has(unknown)) {
      return chainOf(tree, id);
    }
    const found = await findNode(session, unknown);
    if (found === undefined) tree.unreadable.add(unknown);
    else learn(tree, found.node);
  }
}
