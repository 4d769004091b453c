// How the Organizations API writes accounts, units and delegations in JSON.
import type { WireObject } from './answer.ts';
import type { AwsBehaviour } from './behaviour.ts';
import type { AccountState, AwsAccount, AwsDelegation, AwsOrganization, AwsUnit } from './organization.ts';
import { toArn, toPath } from './organization.ts';

// `Status` knew three words; the two younger states were shown as suspended (inferred from the API's history).
const statusOf: Readonly<Record<AccountState, string>> = {
  ACTIVE: 'ACTIVE',
  SUSPENDED: 'SUSPENDED',
  PENDING_ACTIVATION: 'SUSPENDED',
  PENDING_CLOSURE: 'PENDING_CLOSURE',
  CLOSED: 'SUSPENDED',
};

/** JSON 1.1 writes times as seconds since the epoch. */
export function toEpochSeconds(date: Date): number {
  return date.getTime() / 1000;
}

/** An `Account`. */
export function toWireAccount(organization: AwsOrganization, account: AwsAccount, behaviour: AwsBehaviour): WireObject {
  const path = behaviour.paths ? toPath(organization, account.id) : undefined;
  return {
    Id: account.id,
    Arn: toArn(organization, account.id),
    Email: account.email,
    Name: account.name,
    ...toWireState(account.state, behaviour),
    JoinedMethod: account.joined_method,
    JoinedTimestamp: toEpochSeconds(account.joined_at),
    ...(path === undefined ? {} : { Paths: [path] }),
  };
}

/** An `OrganizationalUnit`. */
export function toWireUnit(organization: AwsOrganization, unit: AwsUnit, behaviour: AwsBehaviour): WireObject {
  const path = behaviour.paths ? toPath(organization, unit.id) : undefined;
  return {
    Id: unit.id,
    Arn: toArn(organization, unit.id),
    Name: unit.name,
    ...(path === undefined ? {} : { Path: path }),
  };
}

/** A `DelegatedAdministrator`, which never carries paths. */
export function toWireAdministrator(
  organization: AwsOrganization,
  account: AwsAccount,
  delegation: AwsDelegation,
  behaviour: AwsBehaviour,
): WireObject {
  const wire = toWireAccount(organization, account, { ...behaviour, paths: false });
  return { ...wire, DelegationEnabledDate: toEpochSeconds(delegation.enabled_at) };
}

function toWireState(state: AccountState, behaviour: AwsBehaviour): WireObject {
  const fields = behaviour.account_state;
  return {
    ...(fields === 'state' || fields === 'both' ? { State: state } : {}),
    ...(fields === 'status' || fields === 'both' ? { Status: statusOf[state] } : {}),
  };
}
