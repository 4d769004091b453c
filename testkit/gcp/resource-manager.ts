// The operations of Resource Manager v3 that a collector needs: lists of direct children, searches, and lookups.
import { z } from 'zod';
import type { GcpFolder, GcpOrganization } from './organization.ts';
import type { Pager } from './paging.ts';
import { refuseAccess, refuseArgument } from './refusal.ts';
import type { Indexer, ResourceIndex } from './resource-index.ts';
import { parseSearch } from './search-query.ts';
import { toWireFolder, toWireOrganization, toWireProject, type WireObject } from './wire.ts';
import { canRead, type GcpWorld } from './world.ts';

/** Lent to every operation. */
export interface ApiContext {
  readonly world: GcpWorld;
  readonly page: Pager;
  readonly indexOf: Indexer;
  /** What searches answer from: the world, or how it was when last looked at. */
  searched(): ReadonlyMap<string, GcpOrganization>;
}

/** One request of somebody whose token holds. */
export interface ApiCall {
  /** Service and method, such as `Projects/ListProjects`. */
  readonly operation: string;
  readonly input: unknown;
  readonly principal: string;
}

/** A successful answer. */
export interface Answer {
  readonly body: WireObject;
  /** Names of the organizations, folders and projects that the answer holds. */
  readonly subjects: readonly string[];
}

type Operation = (context: ApiContext, call: ApiCall) => Answer;

const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    'Projects/ListProjects',
    (context, call) =>
      list(context, call, { member: 'projects', toWire: toWireProject, childrenOf: (index) => index.projectsByParent }),
  ],
  [
    'Folders/ListFolders',
    (context, call) =>
      list(context, call, { member: 'folders', toWire: toWireFolder, childrenOf: (index) => index.foldersByParent }),
  ],
  ['Projects/SearchProjects', searchProjects],
  ['Folders/SearchFolders', searchFolders],
  ['Organizations/SearchOrganizations', searchOrganizations],
  [
    'Projects/GetProject',
    (context, call) =>
      get(context, call, {
        pattern: /^projects\/[a-z0-9:.-]+$/,
        toWire: toWireProject,
        find: (index, name) => index.findProject(name),
      }),
  ],
  [
    'Folders/GetFolder',
    (context, call) =>
      get(context, call, {
        pattern: /^folders\/\d+$/,
        toWire: toWireFolder,
        find: (index, name) => index.findFolder(name),
      }),
  ],
  [
    'Organizations/GetOrganization',
    (context, call) =>
      get(context, call, {
        pattern: /^organizations\/\d+$/,
        toWire: toWireOrganization,
        find: (index, name) => index.organizations.find((organization) => organization.name === name),
      }),
  ],
]);

/** Answers, or undefined for an operation that the fake does not have. */
export function answerResourceManager(context: ApiContext, call: ApiCall): Answer | undefined {
  return operations.get(call.operation)?.(context, call);
}

const listSchema = z.object({ parent: z.string(), pageToken: z.string(), pageSize: z.int(), showDeleted: z.boolean() });
const searchSchema = z.object({ query: z.string(), pageToken: z.string(), pageSize: z.int() });
const getSchema = z.object({ name: z.string() });

interface Listing<T> {
  readonly member: string;
  toWire(item: T): WireObject;
  childrenOf(index: ResourceIndex): ReadonlyMap<string, readonly T[]>;
}

function list<T extends GcpFolder>(context: ApiContext, call: ApiCall, listing: Listing<T>): Answer {
  const { parent, pageToken, pageSize, showDeleted } = listSchema.parse(call.input);
  if (!/^(organizations|folders)\/\d+$/.test(parent)) throw refuseArgument();
  const index = context.indexOf(context.world.organizations);
  requireReadable(context, call, index.ancestryOf(parent));
  const children = listing.childrenOf(index).get(parent) ?? [];
  const items = showDeleted ? children : children.filter((child) => child.state === 'ACTIVE');
  const binding = JSON.stringify([call.principal, call.operation, parent, showDeleted]);
  return toPage(listing, context.page({ items, token: pageToken, size: pageSize, binding }));
}

function searchProjects(context: ApiContext, call: ApiCall): Answer {
  return search(context, call, {
    member: 'projects',
    toWire: toWireProject,
    itemsOf: (index) => index.projects,
    fields: ['state', 'lifecyclestate', 'parent', 'parent.id', 'displayname', 'name', 'id', 'projectid'],
    join: 'any',
    read: (project) => ({
      ...readFolder(project),
      'parent.id': project.parent.replace(/^.*\//, ''),
      name: project.display_name,
      id: project.project_id,
      projectid: project.project_id,
    }),
  });
}

function searchFolders(context: ApiContext, call: ApiCall): Answer {
  return search(context, call, {
    member: 'folders',
    toWire: toWireFolder,
    itemsOf: (index) => index.folders,
    fields: ['state', 'lifecyclestate', 'parent', 'displayname'],
    join: 'all',
    read: readFolder,
  });
}

function searchOrganizations(context: ApiContext, call: ApiCall): Answer {
  return search(context, call, {
    member: 'organizations',
    toWire: toWireOrganization,
    itemsOf: (index) => index.organizations,
    fields: ['domain', 'directorycustomerid', 'owner.directorycustomerid'],
    join: 'all',
    read: ({ domain, directory_customer_id: customer }) => ({
      domain,
      directorycustomerid: customer,
      'owner.directorycustomerid': customer,
    }),
  });
}

function readFolder(folder: GcpFolder) {
  const { state, parent, display_name: displayname } = folder;
  return { state, lifecyclestate: state, parent, displayname };
}

interface Search<T> {
  readonly member: string;
  readonly fields: readonly string[];
  /** Whether one or all terms of a query must fit. */
  readonly join: 'any' | 'all';
  toWire(item: T): WireObject;
  itemsOf(index: ResourceIndex): readonly T[];
  read(item: T): Readonly<Record<string, string>>;
}

function search<T extends { readonly name: string }>(context: ApiContext, call: ApiCall, plan: Search<T>): Answer {
  const { query, pageToken, pageSize } = searchSchema.parse(call.input);
  const fits = parseSearch(query, plan.fields, plan.join);
  const index = context.indexOf(context.searched());
  // Rights are those of now: what has lost them vanishes from searches in silence.
  const items = plan
    .itemsOf(index)
    .filter(
      (item) => canRead(context.world, call.principal, index.ancestryOf(item.name) ?? []) && fits(plan.read(item)),
    );
  const binding = JSON.stringify([call.principal, call.operation, query]);
  return toPage(plan, context.page({ items, token: pageToken, size: pageSize, binding }));
}

interface Lookup<T> {
  readonly pattern: RegExp;
  toWire(item: T): WireObject;
  find(index: ResourceIndex, name: string): T | undefined;
}

function get<T extends { readonly name: string }>(context: ApiContext, call: ApiCall, lookup: Lookup<T>): Answer {
  const { name } = getSchema.parse(call.input);
  if (!lookup.pattern.test(name)) throw refuseArgument();
  const index = context.indexOf(context.world.organizations);
  const found = lookup.find(index, name);
  if (found === undefined) throw refuseAccess();
  requireReadable(context, call, index.ancestryOf(found.name));
  return { body: lookup.toWire(found), subjects: [found.name] };
}

function requireReadable(context: ApiContext, call: ApiCall, ancestry: readonly string[] | undefined): void {
  if (ancestry === undefined || !canRead(context.world, call.principal, ancestry)) throw refuseAccess();
}

function toPage<T extends { readonly name: string }>(
  shape: { readonly member: string; toWire(item: T): WireObject },
  page: { readonly items: readonly T[]; readonly next_token: string },
): Answer {
  return {
    body: { [shape.member]: page.items.map(shape.toWire), nextPageToken: page.next_token },
    subjects: page.items.map((item) => item.name),
  };
}
