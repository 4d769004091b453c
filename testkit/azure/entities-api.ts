// POST …/Microsoft.Management/getEntities: the hierarchy of management groups and subscriptions as the caller sees it.
import { type Answer, AzureRefusal, type WireObject } from './answer.ts';
import type { ApiContext, ArmCall } from './context.ts';
import { type AzureGroup, type AzureSubscription, listChain } from './tenant.ts';
import { writeGuid } from './wire-ids.ts';

interface Entity {
  readonly name: string;
  readonly group?: AzureGroup;
  readonly subscription?: AzureSubscription;
}

const groupPath = '/providers/Microsoft.Management/managementGroups';

/** A page of groups and subscriptions. Subscriptions that Lighthouse brings from other tenants are not among them. */
export function getEntities(context: ApiContext, call: ArmCall): Answer {
  const { tenant, access, application } = call;
  if (access.hierarchy === 'denied') throw refuseHierarchy(call);
  const page = context.page({
    items: listEntities(context, call),
    token: call.skip_token,
    binding: `${call.operation}/${tenant.id}/${application.client_id}`,
    nameOf: ({ name }) => name,
  });
  return {
    body: { value: page.items.map((entity) => toWireEntity(context, call, entity)), count: page.items.length },
    subjects: page.items.map(({ name }) => name),
    next_token: page.next_token,
  };
}

function refuseHierarchy({ tenant, access }: ArmCall): AzureRefusal {
  const message =
    `The client '${access.object_id}' with object id '${access.object_id}' does not have authorization to perform ` +
    `action 'Microsoft.Management/managementGroups/read' over scope '${groupPath}/${tenant.root_name}' or the scope ` +
    'is invalid. If access was recently granted, please refresh your credentials.';
  return new AzureRefusal('AuthorizationFailed', message, { status: 403 });
}

function listEntities({ indexOf }: ApiContext, { tenant, access }: ArmCall): readonly Entity[] {
  const isFiltered = access.hierarchy === 'filtered';
  const groups = isFiltered ? [] : [...tenant.groups.values()].map((group) => ({ name: group.name, group }));
  const subscriptions = indexOf(tenant)
    .subscriptions.filter(({ id }) => !isFiltered || !access.unreadable.has(id))
    .map((subscription) => ({ name: subscription.id, subscription }));
  return [...groups, ...subscriptions].filter(({ name }) => !access.unseen.has(name));
}

function toWireEntity(context: ApiContext, call: ArmCall, { group, subscription }: Entity): WireObject {
  if (group !== undefined) {
    const counts = context.indexOf(call.tenant).countsOf.get(group.name);
    return {
      id: `${groupPath}/${group.name}`,
      type: 'Microsoft.Management/managementGroups',
      name: group.name,
      properties: {
        ...toWirePlace(context, call, group),
        permissions: 'view',
        numberOfDescendants: counts?.descendants,
        numberOfChildren: counts?.children,
        numberOfChildGroups: counts?.child_groups,
      },
    };
  }
  if (subscription === undefined) throw new TypeError('an entity is a group or a subscription');
  const id = writeGuid(context.behaviour, call.operation, subscription.id);
  return {
    id: `/subscriptions/${id}`,
    type: '/subscriptions',
    name: id,
    properties: {
      ...toWirePlace(context, call, subscription),
      permissions: call.access.unreadable.has(subscription.id) ? 'noaccess' : 'view',
      numberOfDescendants: 0,
      numberOfChildren: 0,
      numberOfChildGroups: 0,
    },
  };
}

function toWirePlace(
  { behaviour }: ApiContext,
  { operation, tenant, access }: ArmCall,
  place: Pick<AzureGroup, 'display_name' | 'parent_name'>,
): WireObject {
  // Whoever may see no group learns of none.
  const parent = access.hierarchy === 'filtered' ? null : place.parent_name;
  const chain = parent === null ? [] : listChain(tenant, parent);
  return {
    tenantId: writeGuid(behaviour, operation, tenant.id),
    displayName: place.display_name,
    parent: { id: parent === null ? null : `${groupPath}/${parent}` },
    inheritedPermissions: access.hierarchy === 'filtered' ? 'noaccess' : 'view',
    parentDisplayNameChain: chain.map((group) => group.display_name),
    parentNameChain: chain.map((group) => group.name),
  };
}
