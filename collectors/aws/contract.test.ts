// AWS under the contract of every provider, and what becomes of a run under each fault and switch of its fake.
import type { AwsBehaviour } from '#testkit/aws/behaviour.ts';
import type { FaultEffect, FaultPlan } from '#testkit/aws/faults.ts';
import {
  addAccount,
  moveAccount,
  removeAccount,
  renameAccount,
  renameUnit,
  tagResource,
} from '#testkit/aws/mutations.ts';
import type { AwsOrganization } from '#testkit/aws/organization.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { type Cloud, commonFaults, describeProvider, type KnobCase } from '../provider.contract.ts';
import { collector } from './collector.ts';
import { type Started, startAws } from './observe.contract.ts';

type AwsCloud = Cloud & Started;

const external_id = `${secretMarker}external`;

/** Read through a role, as most organizations are. */
async function start(): Promise<AwsCloud> {
  const started = await startAws({ behaviour: { empty_page_ratio: 0 } });
  const { fake, organization } = started;
  const role_arn = `arn:aws:iam::${organization.management_account_id}:role/audit`;
  fake.addRole({ arn: role_arn, trusts: [organization.management_account_id], external_id });
  return {
    ...started,
    source: { name: 'main', role_chain: [{ role_arn, external_id }], tree_every: '0s' },
    listAccountIds: () => [...organization.accounts.keys()],
    nodeCount: organization.units.size + 1,
    shuffle: () => {
      fake.behaviour.shuffle_seed = 7;
      fake.behaviour.empty_page_ratio = 0.3;
    },
    happenings: createHappenings(organization),
    refusePart: () => {
      const upper = findUpperUnit(organization);
      fake.faults.plan({ when: ({ input }) => input['ParentId'] === upper, effect: denied });
      fake.faults.plan({ operation: 'DescribeOrganizationalUnit', effect: denied });
    },
    refuse: (message) => void fake.faults.plan({ operation: 'ListAccounts', effect: { ...denied, message } }),
    storm: () => void fake.faults.plan({ operation: 'ListAccounts', page: 2, times: 2, effect: { kind: 'throttle' } }),
  };
}

const denied = { kind: 'error', code: 'AccessDeniedException' } as const;

function createHappenings(organization: AwsOrganization): Cloud['happenings'] {
  const findMember = () => [...organization.accounts.keys()].at(-1) ?? '';
  const toMember = (change: (id: string) => void) => {
    const id = findMember();
    change(id);
    return id;
  };
  return {
    renameAccount: () => toMember((id) => renameAccount(organization, id, 'renamed')),
    moveAccount: () => toMember((id) => moveAccount(organization, id, organization.root.id)),
    tagAccount: () => toMember((id) => tagResource(organization, id, { reviewed: 'yes' })),
    addAccount: () => {
      addAccount(organization, { id: '999999999999', name: 'new', parent_id: organization.root.id });
      return '999999999999';
    },
    removeAccount: () => toMember((id) => void removeAccount(organization, id)),
    renameNode: () => {
      const upper = findUpperUnit(organization);
      renameUnit(organization, upper, 'Renamed');
      return `${organization.id}/${upper}`;
    },
  };
}

/** A unit that holds units and accounts. */
function findUpperUnit({ units }: AwsOrganization): string {
  const upper = [...units.values()].find(({ id }) => [...units.values()].some(({ parent_id }) => parent_id === id));
  return upper?.id ?? '';
}

function plan(fault: FaultPlan): KnobCase<AwsCloud>['turn'] {
  return ({ fake }) => void fake.faults.plan(fault);
}

/** On the second page of the accounts. */
function onPage(effect: FaultEffect, times?: number): KnobCase<AwsCloud>['turn'] {
  return plan({ operation: 'ListAccounts', page: 2, effect, ...(times !== undefined && { times }) });
}

function set(behaviour: Partial<AwsBehaviour>): KnobCase<AwsCloud>['turn'] {
  return ({ fake }) => void Object.assign(fake.behaviour, behaviour);
}

const html = '<html>not from here</html>';

describeProvider<AwsCloud, FaultEffect['kind'], keyof AwsBehaviour>({
  collector,
  start,
  faults: {
    ...commonFaults(onPage),
    mutate: [
      {
        what: 'of an account on a later page',
        turn: ({ fake, happenings }) =>
          void fake.faults.plan({
            operation: 'ListAccounts',
            page: 1,
            effect: { kind: 'mutate', mutate: () => void happenings.renameAccount() },
          }),
        outcome: 'complete',
        changes: true,
      },
    ],
    throttle: [{ what: 'once', turn: onPage({ kind: 'throttle' }, 1), outcome: 'complete' }],
    malformed: [
      { what: 'every time', turn: onPage({ kind: 'malformed' }), outcome: 'failed', code: 'malformed_answer' },
    ],
    stall: [
      { what: 'on a page', turn: onPage({ kind: 'stall' }), timeoutMs: 1500, outcome: 'failed', code: 'timeout' },
    ],
    omit: [
      {
        what: 'of the list',
        turn: onPage({ kind: 'omit', member: 'Accounts' }),
        outcome: 'failed',
        code: 'malformed_answer',
      },
    ],
    alter: [
      {
        what: 'into an account without an id',
        turn: onPage({ kind: 'alter', alter: (body) => ({ ...body, Accounts: [{ Name: 'nobody' }] }) }),
        outcome: 'failed',
        code: 'malformed_answer',
      },
    ],
    reset: [
      { what: 'before an answer, once', turn: onPage({ kind: 'reset' }, 1), outcome: 'complete' },
      {
        what: 'in the middle of an answer, once',
        turn: onPage({ kind: 'reset', after_headers: true }, 1),
        outcome: 'complete',
      },
    ],
    raw: [
      { what: 'of 502, once', turn: onPage({ kind: 'raw', status: 502, body: html }, 1), outcome: 'complete' },
      {
        what: 'of 403',
        turn: onPage({ kind: 'raw', status: 403, body: html }),
        outcome: 'failed',
        code: 'malformed_answer',
      },
      {
        what: 'of 200',
        turn: onPage({ kind: 'raw', status: 200, body: html }),
        outcome: 'failed',
        code: 'malformed_answer',
      },
    ],
    error: [
      { what: 'of rights to the list', turn: onPage(denied), outcome: 'failed', code: 'access_denied' },
      {
        what: 'of rights to tags',
        turn: ({ fake }) => {
          for (const operation of ['ListTagsForResource', 'GetResources'])
            fake.faults.plan({ operation, effect: denied });
        },
        outcome: 'partial',
      },
      {
        what: 'of rights to delegations',
        turn: plan({ operation: 'ListDelegatedAdministrators', effect: denied }),
        outcome: 'partial',
      },
      {
        what: 'of the service, once',
        turn: onPage({ kind: 'error', code: 'ServiceException', status: 500 }, 1),
        outcome: 'complete',
      },
    ],
    expired_credentials: [
      {
        what: 'of a session',
        turn: onPage({ kind: 'expired_credentials' }, 1),
        outcome: 'complete',
      },
    ],
    repeat_token: [
      { what: 'on a page', turn: onPage({ kind: 'repeat_token' }), outcome: 'failed', code: 'repeated_page_token' },
    ],
  },
  switches: {
    empty_page_ratio: [{ what: 'of a half', turn: set({ empty_page_ratio: 0.5 }), outcome: 'complete' }],
    page_token_lifetime_ms: [
      {
        what: 'too short for a second page',
        turn: set({ page_token_lifetime_ms: -1 }),
        outcome: 'failed',
        code: 'invalid_page_token',
      },
    ],
    rates: [
      {
        what: 'far below demand',
        turn: set({ rates: { ListOrganizationalUnitsForParent: { per_second: 20, burst: 8 } } }),
        outcome: 'complete',
      },
    ],
    account_state: [
      { what: 'in both members', turn: set({ account_state: 'both' }), outcome: 'complete' },
      { what: 'in none', turn: set({ account_state: 'neither' }), outcome: 'partial' },
    ],
    paths: [{ what: 'left out', turn: set({ paths: false }), outcome: 'complete' }],
    tagging: [{ what: 'always empty', turn: set({ tagging: 'always-empty' }), outcome: 'complete' }],
    tagging_shows_departed: [
      {
        what: 'of an account that left',
        turn: ({ fake, happenings }) => {
          fake.behaviour.tagging_shows_departed = true;
          happenings.removeAccount();
        },
        outcome: 'complete',
        missing: 1,
        changes: true,
      },
    ],
    tags_per_page: [{ what: 'one', turn: set({ tags_per_page: 1, tagging: 'always-empty' }), outcome: 'complete' }],
    session_seconds: [{ what: 'two', turn: set({ session_seconds: 2 }), outcome: 'complete' }],
    shuffle_seed: [{ what: 'another', turn: set({ shuffle_seed: 9 }), outcome: 'complete' }],
  },
});
