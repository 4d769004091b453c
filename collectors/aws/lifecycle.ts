// What an AWS account's state means on the scale that all providers share.
import type { Lifecycle } from '#core/observation.ts';

// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
const lifecycles: Readonly<Record<string, Lifecycle>> = {
  PENDING_ACTIVATION: 'pending',
  ACTIVE: 'active',
  SUSPENDED: 'suspended',
  PENDING_CLOSURE: 'closing',
  CLOSED: 'closed',
};

/** The lifecycle of an `Account.State` (or the retired `Status`); a word that AWS has added since is `unknown`. */
export function toLifecycle(state: string): Lifecycle {
  return Object.hasOwn(lifecycles, state) ? (lifecycles[state] ?? 'unknown') : 'unknown';
}
