// The tenant's management groups, and which subscriptions hang where: the only view that proves a subscription gone.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { type Json, type JsonObject, jsonObjectSchema } from '#core/json.ts';
import type { Observation } from '#core/observation.ts';
import type { Request } from '#core/provenance.ts';
import { isProviderError } from './errors.ts';
import { entityListing } from './list-entities.ts';
import { listPages } from './paging.ts';
import { actions } from './permissions.ts';
import { createPool } from './pool.ts';
import type { AzureSession } from './session.ts';

const entitySchema = z.object({
  type: z.string(),
  name: z.string().min(1).toLowerCase(),
  properties: z.object({
    displayName: z.string().nullish(),
    permissions: z.string().nullish(),
    parent: z.object({ id: z.string().nullish() }).nullish(),
    parentNameChain: z.array(z.string().toLowerCase()).nullish(),
    parentDisplayNameChain: z.array(z.string()).nullish(),
  }),
});

/** Groups above something, root first. */
interface Chain {
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/** A management group or a subscription as the hierarchy shows it; ids in lower case, names of groups without the tenant. */
export interface Entity {
  readonly name: string;
  readonly display_name: string | undefined;
  readonly permissions: string | undefined;
  /** Undefined when it is shown without what is above it. */
  readonly chain: Chain | undefined;
  readonly raw: JsonObject;
  readonly request: Request;
}

/** What was read of the hierarchy. */
export interface Hierarchy {
  readonly groups: ReadonlyMap<string, Entity>;
  /** Whoever has read the rest of one takes it out. */
  readonly subscriptions: Map<string, Entity>;
  /** Whether it was read to its end, from the root. */
  readonly is_complete: boolean;
}

/** Reads it; where that is refused, what there is so far, and the part is skipped by name. */
export async function readHierarchy(session: AzureSession): Promise<Hierarchy> {
  const groups = new Map<string, Entity>();
  const subscriptions = new Map<string, Entity>();
  const { context, source } = session;
  const skipped = { what: `the management groups of ${source.tenant_id}` };
  const shareJson = createPool<Json>();
  const shareChain = createPool<Chain>();
  try {
    for await (const { items, request } of listPages(session, entityListing(session))) {
      for (const raw of items) {
        const { entity, is_group } = parseEntity(source.tenant_id, raw, request);
        const kept = {
          ...entity,
          chain: entity.chain && shareChain(entity.chain),
          raw: shareMembers(raw, shareJson),
        };
        (is_group ? groups : subscriptions).set(entity.name, kept);
      }
    }
  } catch (error) {
    if (!isProviderError(error, 'access_denied')) throw error;
    context.skip(skipped, error);
    return { groups, subscriptions, is_complete: false };
  }
  const is_complete = isSeenFromRoot(groups.get(source.tenant_id));
  if (!is_complete) context.skip(skipped, toBlindness(session));
  return { groups, subscriptions, is_complete };
}

// The item with the lists and objects of its properties replaced by equal ones.
function shareMembers(raw: JsonObject, share: (value: Json) => Json): JsonObject {
  const properties = Object.entries(jsonObjectSchema.parse(raw['properties']));
  const shared = properties.map(([name, value]) => [name, typeof value === 'object' ? share(value) : value]);
  return { ...raw, properties: Object.fromEntries(shared) };
}

// Whoever has rights further down is shown the groups on the way there, marked as beyond them, and nothing beside it. The
// root group's name is the tenant's id (https://learn.microsoft.com/azure/governance/management-groups/overview).
function isSeenFromRoot(root: Entity | undefined): boolean {
  return root !== undefined && root.permissions !== undefined && root.permissions !== 'noaccess';
}

function toBlindness({ source, principal }: AzureSession): ProviderError {
  const remedy = `the application ${principal ?? source.client_id} does not see the root group ${source.tenant_id}: assign it ${actions.GetEntities} there (see \`inventory permissions azure\`)`;
  return new ProviderError('access_denied', remedy);
}

function parseEntity(tenantId: string, raw: JsonObject, request: Request): { entity: Entity; is_group: boolean } {
  const parsed = entitySchema.safeParse(raw).data;
  const is_group = /managementgroups$/i.test(parsed?.type ?? '');
  if (parsed === undefined || (!is_group && !/subscriptions$/i.test(parsed.type))) {
    const what = `azure:GetEntities answered page ${request.page} with an item that is neither group nor subscription`;
    throw new ProviderError('malformed_answer', what);
  }
  const { displayName, permissions, parent, parentNameChain, parentDisplayNameChain } = parsed.properties;
  const ids = parentNameChain ?? [];
  const names = parentDisplayNameChain ?? [];
  // Only the root has no parent; everything else without one is shown without what is above it.
  const isPlaced = parent?.id ? ids.length > 0 && ids.length === names.length : parsed.name === tenantId;
  return {
    is_group,
    entity: {
      name: parsed.name,
      display_name: displayName ?? undefined,
      permissions: permissions ?? undefined,
      chain: isPlaced ? { ids, names } : undefined,
      raw,
      request,
    },
  };
}

/** Path fields of a record below these groups. */
export function toPlaceFields(tenantId: string, chain: Chain) {
  return {
    org_path: chain.names.join('/'),
    org_path_names: [...chain.names],
    org_path_ids: chain.ids.map((id) => toNodeId(tenantId, id)),
  };
}

/** A group's id, which carries the tenant's: its name is unique only inside one. */
export function toNodeId(tenantId: string, name: string): string {
  return `${tenantId}/${name}`;
}

/** A management group with what is known of it; where it hangs is left out when that is not shown. */
export function toNodeObservation({ source }: AzureSession, group: Entity): Observation {
  const { tenant_id: tenant } = source;
  const id = toNodeId(tenant, group.name);
  const name = group.display_name;
  const { chain } = group;
  const parent = chain?.ids.at(-1);
  const own = chain && { ids: [...chain.ids, group.name], names: [...chain.names, name ?? group.name] };
  return {
    kind: 'org_node',
    key: id,
    attributes: {
      provider: 'azure',
      org_id: tenant,
      id,
      kind: group.name === tenant ? 'tenant' : 'management_group',
      ...(name !== undefined && { name }),
      ...(chain && { parent_id: parent === undefined ? null : toNodeId(tenant, parent), depth: chain.ids.length }),
      ...(own && toPlaceFields(tenant, own)),
      status: null,
      lifecycle: 'active',
      // Groups cannot carry any.
      tags: {},
    },
    raw: group.raw,
    evidence: [group.request],
  };
}
