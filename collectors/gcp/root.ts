// The configured organization or folder: asked for before anything else is read, so that credentials that cannot see it prove nothing.
import type { JsonObject } from '#core/json.ts';
import { type Answer, sdk } from './calls.ts';
import type { GcpSession } from './clients.ts';
import { isProviderError } from './errors.ts';
import { type FoundNode, parseNode } from './node.ts';
import type { TreeNode } from './tree.ts';

/** The root of one source. */
export interface Root {
  readonly id: string;
  readonly found: FoundNode;
  /** From the top down to the root's parent, as far as they may be read. */
  readonly above: readonly TreeNode[];
  /** The organization's number; undefined when the way up from a folder cannot be read. */
  readonly org_id: string | undefined;
}

// Folders are ten levels deep at most.
const maxClimb = 20;

/** Asks for the root, and has the context compare; throws before anything was yielded when it cannot be read. */
export async function identifyRoot(session: GcpSession): Promise<Root> {
  const { source, context, principal } = session;
  const { body, request } = await getNode(session, source.root);
  const found = parseNode(body, request);
  const answered = { root: toHome(found.id), configured: toHome(source.root) };
  context.identify({ ...answered, principal, sdk });
  const above: TreeNode[] = [];
  let top: string = found.id;
  for (let next = found.node.parent_id; next !== null && above.length < maxClimb; ) {
    top = next;
    const node = await findNode(session, next);
    if (node === undefined) break;
    above.unshift(node.node);
    next = node.node.parent_id;
  }
  return { id: found.id, found, above, org_id: top.startsWith('organizations/') ? toHome(top) : undefined };
}

/** The node, or undefined when it may not be read or is not there, which Google does not tell apart. */
export async function findNode(session: GcpSession, id: string): Promise<FoundNode | undefined> {
  try {
    const { body, request } = await getNode(session, id);
    return parseNode(body, request);
  } catch (error) {
    if (isProviderError(error, 'access_denied') || isProviderError(error, 'not_found')) return undefined;
    throw error;
  }
}

async function getNode({ caller, organizations, folders }: GcpSession, name: string): Promise<Answer> {
  if (name.startsWith('organizations/')) {
    return caller.ask({ method: 'GetOrganization' }, async (options) => {
      const [organization] = await organizations.getOrganization({ name }, options);
      return organization;
    });
  }
  return caller.ask({ method: 'GetFolder' }, async (options) => {
    const [folder] = await folders.getFolder({ name }, options);
    return folder;
  });
}

/** The project by its number, or undefined when it may not be read or is not there. */
export async function findProject(
  { caller, projects }: GcpSession,
  id: string,
): Promise<{ body: JsonObject; request: Answer['request'] } | undefined> {
  try {
    return await caller.ask({ method: 'GetProject' }, async (options) => {
      const [project] = await projects.getProject({ name: `projects/${id}` }, options);
      return project;
    });
  } catch (error) {
    if (isProviderError(error, 'access_denied') || isProviderError(error, 'not_found')) return undefined;
    throw error;
  }
}

// Records carry their organization's bare number, and a root that is their home must read the same.
function toHome(root: string): string {
  return root.replace(/^organizations\//, '');
}
