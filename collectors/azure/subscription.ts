// One subscription as the list shows it, or as little as the hierarchy does, as an account record.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { type JsonObject, textsSchema } from '#core/json.ts';
import { accountKey, type Observation } from '#core/observation.ts';
import type { Request } from '#core/provenance.ts';
import { type Entity, toNodeId, toPlaceFields } from './hierarchy.ts';
import { toLifecycle } from './lifecycle.ts';
import { readResidency } from './residency.ts';
import type { AzureSession } from './session.ts';

const guidSchema = z.guid().toLowerCase();

const fieldsSchema = z.object({
  subscriptionId: guidSchema,
  displayName: z.string().nullish(),
  state: z.string().min(1).nullish(),
  tenantId: guidSchema.nullish(),
  tags: textsSchema.nullish(),
  authorizationSource: z.string().nullish(),
  managedByTenants: z.array(z.object({ tenantId: guidSchema })).nullish(),
  subscriptionPolicies: z
    .object({
      quotaId: z.string().nullish(),
      spendingLimit: z.string().nullish(),
      locationPlacementId: z.string().nullish(),
    })
    .nullish(),
});

/** A subscription of the list. */
export interface ListedSubscription {
  readonly id: string;
  readonly fields: z.output<typeof fieldsSchema>;
  readonly raw: JsonObject;
  readonly request: Request;
}

/** The subscription in one item of a page; an item without an id makes the page malformed. */
export function parseSubscription(raw: JsonObject, request: Request): ListedSubscription {
  const fields = fieldsSchema.safeParse(raw).data;
  if (fields === undefined) {
    const what = `azure:ListSubscriptions answered page ${request.page} with an item that is no subscription`;
    throw new ProviderError('malformed_answer', what);
  }
  return { id: fields.subscriptionId, fields, raw, request };
}

/**
 * The tenant a subscription belongs to, as far as the list tells it: of one that Lighthouse projects it may name the managing
 * tenant, this one (https://github.com/MicrosoftDocs/azure-docs/issues/55975). Both would call it theirs, run by run.
 */
export function toHome(
  { source }: AzureSession,
  { tenantId }: ListedSubscription['fields'],
  isProjected: boolean,
): string | undefined {
  return isProjected && tenantId === source.tenant_id ? undefined : (tenantId ?? undefined);
}

/** The subscription with its place in the hierarchy, if it has one there; one that is projected from elsewhere has none. */
export function toObservation(
  session: AzureSession,
  { id, fields, raw, request }: ListedSubscription,
  { entity, isProjected }: { readonly entity: Entity | undefined; readonly isProjected: boolean },
): Observation {
  const { source } = session;
  const { displayName, state } = fields;
  const home = toHome(session, fields, isProjected);
  const attributes = {
    ...toCommon(session, id, entity),
    ...(home !== undefined && { org_id: home }),
    ...(displayName != null && { name: displayName }),
    ...(state != null && { status: state, lifecycle: toLifecycle(state) }),
    // Azure leaves the member out where there are none.
    ...(source.tags && { tags: fields.tags ?? {} }),
    details: toDetails(fields, { home, residencySource: readResidency(source, id, entity?.chain?.ids)?.source }),
  };
  return {
    kind: 'account',
    key: accountKey(attributes),
    attributes,
    raw,
    evidence: entity === undefined ? [request] : [request, entity.request],
  };
}

/** A subscription that the hierarchy shows and the application may not read: it is there, and the rest stays as it was. */
export function toUnreadableObservation(session: AzureSession, entity: Entity): Observation {
  const attributes = {
    ...toCommon(session, entity.name, entity),
    org_id: session.source.tenant_id,
    ...(entity.display_name !== undefined && { name: entity.display_name }),
  };
  return {
    kind: 'account',
    key: accountKey(attributes),
    attributes,
    raw: entity.raw,
    evidence: [entity.request],
  };
}

function toCommon({ source }: AzureSession, id: string, entity: Entity | undefined) {
  const chain = entity?.chain;
  const parent = chain?.ids.at(-1);
  const residency = readResidency(source, id, chain?.ids);
  return {
    provider: 'azure',
    id,
    partition: source.cloud,
    ...(parent !== undefined && { parent_id: toNodeId(source.tenant_id, parent) }),
    ...(chain && toPlaceFields(source.tenant_id, chain)),
    ...(residency && { region_residency: residency.value }),
  } as const;
}

function toDetails(
  fields: ListedSubscription['fields'],
  { home, residencySource }: { readonly home: string | undefined; readonly residencySource: string | undefined },
): JsonObject {
  const { authorizationSource, managedByTenants, subscriptionPolicies: policies } = fields;
  return {
    ...(home !== undefined && { home_tenant: home }),
    managed_by_tenants: (managedByTenants ?? []).map((tenant) => tenant.tenantId).sort(),
    ...(authorizationSource != null && { authorization_source: authorizationSource }),
    ...(policies?.quotaId != null && { quota_id: policies.quotaId }),
    ...(policies?.spendingLimit != null && { spending_limit: policies.spendingLimit }),
    ...(policies?.locationPlacementId != null && { location_placement_id: policies.locationPlacementId }),
    ...(residencySource !== undefined && { region_residency_source: residencySource }),
  };
}

/** The item without its tags, for sources that do not want them. */
export function withoutTags({ tags: _removed, ...rest }: JsonObject): JsonObject {
  return rest;
}
