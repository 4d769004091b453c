// Azure under the contract of every provider, and what becomes of a run under each fault and switch of its fake.
import type { AzureBehaviour } from '#testkit/azure/behaviour.ts';
import { createTenant } from '#testkit/azure/create-tenant.ts';
import type { FaultEffect, FaultPlan } from '#testkit/azure/faults.ts';
import {
  addSubscription,
  delegateSubscription,
  moveSubscription,
  removeSubscription,
  renameGroup,
  renameSubscription,
  tagSubscription,
} from '#testkit/azure/mutations.ts';
import type { AzureTenant } from '#testkit/azure/tenant.ts';
import { type Cloud, commonFaults, describeProvider, type KnobCase } from '../provider.contract.ts';
import { collector } from './collector.ts';
import { type Started, startAzure, tenantId } from './observe.contract.ts';

type AzureCloud = Cloud & Started;

/** With one subscription of another tenant, projected by Lighthouse. */
async function start(): Promise<AzureCloud> {
  const tenant = createTenant({ id: tenantId, subscriptions: 45, management_groups: 12 });
  const customer = createTenant({ id: '99999999-aaaa-4bbb-8ccc-0123456789ab', subscriptions: 2 });
  const [projected = ''] = customer.subscriptions.keys();
  delegateSubscription(customer, projected, tenant.id);
  const started = await startAzure({ tenants: [tenant, customer], behaviour: { empty_page_ratio: 0 } });
  const { access, fake } = started;
  return {
    ...started,
    listAccountIds: () => [...tenant.subscriptions.keys(), projected],
    nodeCount: tenant.groups.size,
    shuffle: () => void Object.assign(fake.behaviour, { shuffle_seed: 7, empty_page_ratio: 0.3 }),
    happenings: createHappenings(tenant),
    refusePart: () => {
      access.hierarchy = 'denied';
    },
    refuse: (message) => void fake.faults.plan({ operation: 'ListSubscriptions', effect: { ...denied, message } }),
    storm: () =>
      void fake.faults.plan({
        operation: 'ListSubscriptions',
        page: 2,
        times: 2,
        effect: { kind: 'throttle', retry_after_seconds: 1 },
      }),
  };
}

const denied = { kind: 'error', code: 'AuthorizationFailed', status: 403 } as const;

function createHappenings(tenant: AzureTenant): Cloud['happenings'] {
  const toSubscription = (change: (id: string) => void) => {
    const living = [...tenant.subscriptions.values()].filter(
      ({ parent_name, state }) => parent_name !== tenant.root_name && state === 'Enabled',
    );
    const id = living.at(-1)?.id ?? '';
    change(id);
    return id;
  };
  return {
    renameAccount: () => toSubscription((id) => renameSubscription(tenant, id, 'renamed')),
    moveAccount: () => toSubscription((id) => moveSubscription(tenant, id, tenant.root_name)),
    tagAccount: () =>
      toSubscription((id) => {
        const { tags } = tenant.subscriptions.get(id) ?? {};
        tagSubscription(tenant, id, { ...tags, reviewed: 'yes' });
      }),
    addAccount: () => {
      const id = 'abcdefab-cdef-4abc-8def-abcdefabcdef';
      addSubscription(tenant, { id, display_name: 'new' });
      return id;
    },
    removeAccount: () => toSubscription((id) => removeSubscription(tenant, id)),
    renameNode: () => {
      const upper = findUpperGroup(tenant);
      renameGroup(tenant, upper, 'Renamed');
      return `${tenant.id}/${upper}`;
    },
  };
}

/** A group below the root that holds groups and subscriptions. */
function findUpperGroup({ groups, root_name }: AzureTenant): string {
  const below = [...groups.values()].filter(({ name }) => name !== root_name);
  return below.find(({ name }) => below.some(({ parent_name }) => parent_name === name))?.name ?? '';
}

function plan(fault: FaultPlan): KnobCase<AzureCloud>['turn'] {
  return ({ fake }) => void fake.faults.plan(fault);
}

/** On the second page of the subscriptions. */
function onPage(effect: FaultEffect, times?: number): KnobCase<AzureCloud>['turn'] {
  return plan({ operation: 'ListSubscriptions', page: 2, effect, ...(times !== undefined && { times }) });
}

function set(behaviour: Partial<AzureBehaviour>): KnobCase<AzureCloud>['turn'] {
  return ({ fake }) => void Object.assign(fake.behaviour, behaviour);
}

const html = '<html>not from here</html>';

describeProvider<AzureCloud, FaultEffect['kind'], keyof AzureBehaviour>({
  collector,
  start,
  faults: {
    ...commonFaults(onPage),
    mutate: [
      {
        what: 'of a subscription on a later page',
        turn: ({ fake, happenings }) =>
          void fake.faults.plan({
            operation: 'ListSubscriptions',
            page: 1,
            effect: { kind: 'mutate', mutate: () => void happenings.renameAccount() },
          }),
        outcome: 'complete',
        changes: true,
      },
    ],
    throttle: [
      { what: 'once', turn: onPage({ kind: 'throttle' }, 1), outcome: 'complete' },
      { what: 'every time', turn: onPage({ kind: 'throttle' }), outcome: 'failed', code: 'throttled' },
      {
        what: 'for longer than a run may wait',
        turn: onPage({ kind: 'throttle', retry_after_seconds: 3600 }),
        timeoutMs: 5000,
        outcome: 'failed',
        code: 'throttled',
      },
    ],
    malformed: [
      { what: 'every time', turn: onPage({ kind: 'malformed' }), outcome: 'failed', code: 'malformed_answer' },
    ],
    stall: [
      { what: 'on a page', turn: onPage({ kind: 'stall' }), timeoutMs: 1500, outcome: 'failed', code: 'timeout' },
    ],
    omit: [
      {
        what: 'of the list',
        turn: onPage({ kind: 'omit', member: 'value' }),
        outcome: 'failed',
        code: 'malformed_answer',
      },
    ],
    alter: [
      {
        what: 'into a subscription without an id',
        turn: onPage({ kind: 'alter', alter: (body) => ({ ...body, value: [{ displayName: 'nobody' }] }) }),
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
        what: 'of 502 for the hierarchy, once',
        turn: plan({ operation: 'GetEntities', times: 1, effect: { kind: 'raw', status: 502, body: html } }),
        outcome: 'complete',
      },
      {
        what: 'of 502 for the hierarchy, every time',
        turn: plan({ operation: 'GetEntities', effect: { kind: 'raw', status: 502, body: html } }),
        outcome: 'failed',
        code: 'azure_error',
      },
      {
        what: 'of 403',
        turn: onPage({ kind: 'raw', status: 403, body: html }),
        outcome: 'failed',
        code: 'access_denied',
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
        what: 'of rights to the hierarchy',
        turn: plan({ operation: 'GetEntities', effect: denied }),
        outcome: 'partial',
      },
      {
        what: 'of the login endpoint',
        turn: plan({ operation: 'Token', effect: { kind: 'error', code: 'AADSTS7000222', status: 401 } }),
        outcome: 'failed',
        code: 'credentials_refused',
      },
      {
        what: 'of the service, once',
        turn: onPage({ kind: 'error', code: 'InternalServerError', status: 500 }, 1),
        outcome: 'complete',
      },
    ],
    expired_token: [{ what: 'once', turn: onPage({ kind: 'expired_token' }, 1), outcome: 'complete' }],
    repeat_link: [
      { what: 'on a page', turn: onPage({ kind: 'repeat_link' }), outcome: 'failed', code: 'repeated_page_token' },
    ],
    foreign_link: [
      { what: 'on a page', turn: onPage({ kind: 'foreign_link' }), outcome: 'failed', code: 'foreign_link' },
    ],
  },
  switches: {
    page_size: [{ what: 'of seven', turn: set({ page_size: 7 }), outcome: 'complete' }],
    empty_page_ratio: [{ what: 'of a half', turn: set({ empty_page_ratio: 0.5 }), outcome: 'complete' }],
    page_token_lifetime_ms: [
      {
        what: 'too short for a second page',
        turn: set({ page_token_lifetime_ms: -1 }),
        outcome: 'failed',
        code: 'invalid_page_token',
      },
    ],
    reads: [{ what: 'far below demand', turn: set({ reads: { burst: 3, per_second: 2 } }), outcome: 'complete' }],
    id_case: [{ what: 'upper', turn: set({ id_case: 'upper' }), outcome: 'complete' }],
    lighthouse_tenant: [
      { what: 'the managing one', turn: set({ lighthouse_tenant: 'managing' }), outcome: 'complete', changes: true },
    ],
    token_seconds: [{ what: 'a minute', turn: set({ token_seconds: 60 }), outcome: 'complete' }],
    expired_token: [
      {
        what: 'without a challenge, when one expires',
        turn: ({ fake }) => {
          fake.behaviour.expired_token = 'plain';
          fake.faults.plan({ operation: 'ListSubscriptions', page: 2, times: 1, effect: { kind: 'expired_token' } });
        },
        outcome: 'failed',
        code: 'invalid_credentials',
      },
    ],
    shuffle_seed: [{ what: 'another', turn: set({ shuffle_seed: 9 }), outcome: 'complete' }],
  },
});
