// The Azure collector: the subscriptions and management groups of tenants.
import { defineCollector, type ObserveContext } from '#core/collector.ts';
import { ProviderError } from '#core/errors.ts';
import { accountKey, type Observation } from '#core/observation.ts';
import { type AzureConfig, azureConfigFromEnvironment, azureConfigSchema, toScope } from './config.ts';
import { type Hierarchy, readHierarchy, toNodeObservation } from './hierarchy.ts';
import { subscriptionListing } from './list-subscriptions.ts';
import { listPages } from './paging.ts';
import { actions } from './permissions.ts';
import { type Projected, recallProjected, toDoubt, toMemo, toProjected } from './projected.ts';
import { type AzureSession, openSession } from './session.ts';
import {
  type ListedSubscription,
  parseSubscription,
  toObservation,
  toUnreadableObservation,
  withoutTags,
} from './subscription.ts';

/** Scopes are the configured tenants, `azure:<name>`. */
export const collector = defineCollector({
  name: 'azure',
  config: azureConfigSchema,
  fromEnvironment: azureConfigFromEnvironment,
  scopes: (config) => config.sources.map(toScope),
  observe,
});

async function* observe(context: ObserveContext<AzureConfig>): AsyncGenerator<Observation, void, undefined> {
  const session = await openSession(context);
  const hierarchy = await readHierarchy(session);
  for (const group of hierarchy.groups.values()) yield toNodeObservation(session, group);
  if (hierarchy.is_complete) context.enumerated('org_node');
  const projected = recallProjected(session);
  const listed = yield* observeListed(session, hierarchy, projected);
  yield* observeUnlisted(session, hierarchy, projected);
  keepDoubtful(session, projected, listed);
  // The list alone proves nothing: losing the rights to a subscription looks exactly like its deletion.
  if (hierarchy.is_complete) context.enumerated('account');
  context.remember(toMemo(projected));
}

// Takes out of the hierarchy what it meets, so that not both are held to the end.
async function* observeListed(
  session: AzureSession,
  hierarchy: Hierarchy,
  projected: Map<string, Projected>,
): AsyncGenerator<Observation, Set<string>, undefined> {
  const listed = new Set<string>();
  for await (const { items, request } of listPages(session, subscriptionListing(session))) {
    for (const raw of items) {
      const subscription = parseSubscription(session.source.tags ? raw : withoutTags(raw), request);
      const { id } = subscription;
      if (listed.has(id)) continue;
      listed.add(id);
      const entity = hierarchy.subscriptions.get(id);
      if (hierarchy.subscriptions.delete(id)) projected.delete(id);
      const isProjected = entity === undefined && (hierarchy.is_complete || isForeign(session, subscription));
      if (isProjected) projected.set(id, toProjected(session, subscription));
      yield toObservation(session, subscription, { entity, isProjected });
    }
  }
  return listed;
}

// What is left in the hierarchy: not missing, only not readable.
function* observeUnlisted(
  session: AzureSession,
  hierarchy: Hierarchy,
  projected: Map<string, Projected>,
): Generator<Observation, void, undefined> {
  for (const entity of hierarchy.subscriptions.values()) {
    projected.delete(entity.name);
    const remedy = `the application may not read it: allow the action ${actions.ListSubscriptions} (see \`inventory permissions azure\`)`;
    session.context.skip({ what: `subscription ${entity.name}` }, new ProviderError('access_denied', remedy));
    yield toUnreadableObservation(session, entity);
  }
}

// Not yielded as it was: that would take it over from its home tenant, when that has just found it gone.
function keepDoubtful({ context }: AzureSession, projected: Map<string, Projected>, listed: ReadonlySet<string>): void {
  for (const [id, subscription] of projected) {
    if (listed.has(id)) continue;
    // It was on its way out when it was last seen.
    if (subscription.state === 'Deleted') {
      projected.delete(id);
      continue;
    }
    context.skip({ what: `subscription ${id}` }, toDoubt(subscription));
    context.keep({ kind: 'account', key: accountKey({ provider: 'azure', id }) });
  }
}

function isForeign({ source }: AzureSession, { fields }: ListedSubscription): boolean {
  const isManaged = fields.managedByTenants?.some(({ tenantId }) => tenantId === source.tenant_id) ?? false;
  return isManaged || (fields.tenantId != null && fields.tenantId !== source.tenant_id);
}
