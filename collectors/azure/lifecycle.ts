// What a subscription's state means on the scale that all providers share.
import type { Lifecycle } from '#core/observation.ts';

// https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states
const lifecycles: Readonly<Record<string, Lifecycle>> = {
  Enabled: 'active',
  Warned: 'active',
  PastDue: 'active',
  Disabled: 'suspended',
  Deleted: 'closed',
};

/** The lifecycle of a `Subscription.state`; a word that Azure has added since is `unknown`. */
export function toLifecycle(state: string): Lifecycle {
  return Object.hasOwn(lifecycles, state) ? (lifecycles[state] ?? 'unknown') : 'unknown';
}
