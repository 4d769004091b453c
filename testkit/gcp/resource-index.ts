// The lists and lookups of all organizations as they are now.
import { shuffleBy } from '../random.ts';
import { type GcpFolder, type GcpOrganization, type GcpProject, listAncestry } from './organization.ts';

/** What lists and searches answer from. */
export interface ResourceIndex {
  readonly organizations: readonly GcpOrganization[];
  /** Sorted by display name, as lists are. */
  readonly projectsByParent: ReadonlyMap<string, readonly GcpProject[]>;
  readonly foldersByParent: ReadonlyMap<string, readonly GcpFolder[]>;
  /** In no order that a caller could rely on, as searches are. */
  readonly projects: readonly GcpProject[];
  readonly folders: readonly GcpFolder[];
  /** From the node up to its organization; undefined for a node that is not there. */
  ancestryOf(name: string): readonly string[] | undefined;
  findProject(nameOrId: string): GcpProject | undefined;
  findFolder(name: string): GcpFolder | undefined;
}

/** Gives the index of these organizations, made anew when one of them has changed. */
export type Indexer = (organizations: ReadonlyMap<string, GcpOrganization>) => ResourceIndex;

/** An indexer that keeps what it made for as long as it holds; unordered lists follow the seed. */
export function createIndexer(seed: number): Indexer {
  const kept = new WeakMap<ReadonlyMap<string, GcpOrganization>, { state: string; index: ResourceIndex }>();
  return (organizations) => {
    const state = Array.from(organizations.values(), ({ id, revision }) => `${id}:${revision}`).join();
    const known = kept.get(organizations);
    if (known?.state === state) return known.index;
    const index = createIndex([...organizations.values()], seed);
    kept.set(organizations, { state, index });
    return index;
  };
}

function createIndex(organizations: readonly GcpOrganization[], seed: number): ResourceIndex {
  const projects = organizations.flatMap((organization) => [...organization.projects.values()]);
  const folders = organizations.flatMap((organization) => [...organization.folders.values()]);
  const homes = new Map(organizations.flatMap((home) => listNames(home).map((name) => [name, home] as const)));
  const byId = new Map(projects.map((project) => [`projects/${project.project_id}`, project]));
  return {
    organizations,
    projectsByParent: Map.groupBy(projects.toSorted(byDisplayName), (project) => project.parent),
    foldersByParent: Map.groupBy(folders.toSorted(byDisplayName), (folder) => folder.parent),
    projects: shuffleBy(projects, seed, (project) => project.name),
    folders: shuffleBy(folders, seed, (folder) => folder.name),
    ancestryOf: (name) => {
      const home = homes.get(name);
      return home === undefined ? undefined : listAncestry(home, name);
    },
    findProject: (nameOrId) => homes.get(nameOrId)?.projects.get(nameOrId) ?? byId.get(nameOrId),
    findFolder: (name) => homes.get(name)?.folders.get(name),
  };
}

function listNames(organization: GcpOrganization): readonly string[] {
  return [organization.name, ...organization.folders.keys(), ...organization.projects.keys()];
}

function byDisplayName(one: GcpFolder, other: GcpFolder): number {
  if (one.display_name !== other.display_name) return one.display_name < other.display_name ? -1 : 1;
  return one.name < other.name ? -1 : 1;
}
