// Google Cloud under the contract of every provider, and what becomes of a run under each fault and switch of its fake.
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { GcpBehaviour } from '#testkit/gcp/behaviour.ts';
import { createOrganization } from '#testkit/gcp/create-organization.ts';
import { openGcpFake } from '#testkit/gcp/fake.ts';
import type { FaultEffect, FaultPlan } from '#testkit/gcp/faults.ts';
import {
  addProject,
  labelProject,
  moveProject,
  purgeProject,
  renameFolder,
  renameProject,
  requestProjectDeletion,
} from '#testkit/gcp/mutations.ts';
import type { GcpOrganization } from '#testkit/gcp/organization.ts';
import { type OidcIssuer, openOidcIssuer } from '#testkit/oidc/issuer.ts';
import { type Cloud, commonFaults, describeProvider, type KnobCase } from '../provider.contract.ts';
import { collector } from './collector.ts';
import { reader, type Started, writeFile } from './observe.contract.ts';

type GcpCloud = Cloud & Started;

const subject = 'system:serviceaccount:inventory:collector';
const calm = { empty_page_ratio: 0, short_page_ratio: 0, largest_page_size: 10 };

// The cluster's, one for all organizations: it costs an RSA key, and all that it keeps is what it issued.
let issuer: OidcIssuer;
beforeAll(async () => {
  issuer = await openOidcIssuer();
});
afterAll(() => issuer.close());

/** Read as a cluster's service account that impersonates one of Google's. */
async function start(): Promise<GcpCloud> {
  const organization = createOrganization({ id: '123456789012', projects: 45, folders: 12 });
  const fake = await openGcpFake({ organizations: [organization], requires_token: true, behaviour: calm });
  onTestFinished(() => fake.close());
  const token = await issuer.issue({ subject, audience: fake.trustIssuer(issuer) });
  const pool = 'principal://iam.googleapis.com/projects/600000000001/locations/global/workloadIdentityPools/inventory';
  fake.addServiceAccount(reader, [`${pool}/subject/${subject}`]);
  const credentials_file = writeFile(fake.toExternalAccount({ token_file: writeFile(token), service_account: reader }));
  return {
    fake,
    organization,
    source: { name: 'main', root: organization.name, credentials_file, endpoint: fake.url, tree_every: '0s' },
    listAccountIds: () => [...organization.projects.keys()].map(numberOf),
    nodeCount: organization.folders.size + 1,
    shuffle: () => void Object.assign(fake.behaviour, { empty_page_ratio: 0.4, short_page_ratio: 0.8 }),
    happenings: createHappenings(organization),
    refusePart: () => void fake.world.denied.add(findUpperFolder(organization)),
    refuse: (message) => void fake.faults.plan({ operation: 'GetOrganization', effect: { ...denied, message } }),
    storm: () =>
      void fake.faults.plan({
        operation: 'SearchProjects',
        page: 2,
        times: 2,
        effect: { kind: 'throttle', retry_after_seconds: 0.02 },
      }),
  };
}

const denied = { kind: 'error', code: 'PERMISSION_DENIED' } as const;
const numberOf = (name: string) => name.slice(name.indexOf('/') + 1);

function createHappenings(organization: GcpOrganization): Cloud['happenings'] {
  const toProject = (change: (name: string) => void) => {
    const living = organization.projects
      .values()
      .find(({ parent, state }) => parent.startsWith('folders/') && state === 'ACTIVE');
    const name = living?.name ?? '';
    change(name);
    return numberOf(name);
  };
  return {
    renameAccount: () => toProject((name) => renameProject(organization, name, 'Renamed')),
    moveAccount: () => toProject((name) => moveProject(organization, name, organization.name)),
    tagAccount: () =>
      toProject((name) => {
        const { labels } = organization.projects.get(name) ?? {};
        labelProject(organization, name, { ...labels, reviewed: 'yes' });
      }),
    addAccount: () => {
      addProject(organization, { name: 'projects/999999999999', project_id: 'new-project', display_name: 'New' });
      return '999999999999';
    },
    removeAccount: () =>
      toProject((name) => {
        requestProjectDeletion(organization, name);
        purgeProject(organization, name);
      }),
    renameNode: () => {
      const upper = findUpperFolder(organization);
      renameFolder(organization, upper, 'Renamed');
      return upper;
    },
  };
}

/** A folder that holds folders and projects. */
function findUpperFolder({ folders }: GcpOrganization): string {
  const ordinary = [...folders.values()].filter(({ display_name }) => display_name !== 'system-gsuite');
  return ordinary.find(({ name }) => ordinary.some(({ parent }) => parent === name))?.name ?? '';
}

function plan(fault: FaultPlan): KnobCase<GcpCloud>['turn'] {
  return ({ fake }) => void fake.faults.plan(fault);
}

/** On the second page of the search for projects. */
function onPage(effect: FaultEffect, times?: number): KnobCase<GcpCloud>['turn'] {
  return plan({ operation: 'SearchProjects', page: 2, effect, ...(times !== undefined && { times }) });
}

function set(behaviour: Partial<GcpBehaviour>): KnobCase<GcpCloud>['turn'] {
  return ({ fake }) => void Object.assign(fake.behaviour, behaviour);
}

describeProvider<GcpCloud, FaultEffect['kind'], keyof GcpBehaviour>({
  collector,
  start,
  faults: {
    ...commonFaults(onPage),
    mutate: [
      {
        what: 'of a project before it is listed',
        turn: ({ fake, happenings }) =>
          void fake.faults.plan({
            operation: 'ListFolders',
            nth: 1,
            effect: { kind: 'mutate', mutate: () => void happenings.renameAccount() },
          }),
        outcome: 'complete',
        changes: true,
      },
    ],
    throttle: [
      { what: 'once', turn: onPage({ kind: 'throttle', retry_after_seconds: 0.02 }, 1), outcome: 'complete' },
      {
        what: 'for longer than a run may wait',
        turn: onPage({ kind: 'throttle', retry_after_seconds: 3600 }),
        outcome: 'failed',
        code: 'throttled',
      },
    ],
    malformed: [{ what: 'every time', turn: onPage({ kind: 'malformed' }), outcome: 'failed', code: 'google_error' }],
    omit: [
      {
        what: 'of the projects of the root, which is no refusal',
        turn: plan({
          operation: 'ListProjects',
          when: ({ parent }) => parent?.startsWith('organizations/') === true,
          effect: { kind: 'omit', member: 'projects' },
        }),
        outcome: 'complete',
        missing: 5,
      },
    ],
    alter: [
      {
        what: 'into something that is no project',
        turn: onPage({ kind: 'alter', alter: (body) => ({ ...body, projects: [{ name: 'organizations/1' }] }) }),
        outcome: 'failed',
        code: 'malformed_answer',
      },
    ],
    reset: [{ what: 'once', turn: onPage({ kind: 'reset' }, 1), outcome: 'complete' }],
    error: [
      {
        what: 'of rights to the root',
        turn: plan({ operation: 'GetOrganization', effect: denied }),
        outcome: 'failed',
        code: 'access_denied',
      },
      {
        what: 'of rights to the lists of a folder',
        turn: ({ fake, organization }) => {
          const upper = findUpperFolder(organization);
          fake.faults.plan({ when: ({ parent }) => parent === upper, effect: denied });
        },
        outcome: 'partial',
      },
      { what: 'of the service, once', turn: onPage({ kind: 'error', code: 'UNAVAILABLE' }, 1), outcome: 'complete' },
      {
        what: 'of the service, every time',
        turn: onPage({ kind: 'error', code: 'INTERNAL' }),
        outcome: 'failed',
        code: 'google_error',
      },
    ],
    expired_credentials: [
      { what: 'of a token', turn: onPage({ kind: 'expired_credentials' }, 1), outcome: 'complete' },
      {
        what: 'of every token',
        turn: onPage({ kind: 'expired_credentials' }),
        outcome: 'failed',
        code: 'invalid_credentials',
      },
    ],
    repeat_token: [
      { what: 'on a page', turn: onPage({ kind: 'repeat_token' }), outcome: 'failed', code: 'repeated_page_token' },
    ],
  },
  switches: {
    empty_page_ratio: [{ what: 'of a half', turn: set({ empty_page_ratio: 0.5 }), outcome: 'complete' }],
    short_page_ratio: [{ what: 'of nearly all', turn: set({ short_page_ratio: 0.9 }), outcome: 'complete' }],
    empty_run: [{ what: 'of twelve', turn: set({ empty_run: 12 }), outcome: 'complete' }],
    default_page_size: [{ what: 'of one', turn: set({ default_page_size: 1 }), outcome: 'complete' }],
    largest_page_size: [{ what: 'of three', turn: set({ largest_page_size: 3 }), outcome: 'complete' }],
    page_token_lifetime_ms: [
      {
        what: 'too short for a second page',
        turn: set({ page_token_lifetime_ms: -1 }),
        outcome: 'failed',
        code: 'invalid_page_token',
      },
    ],
    search_lags: [
      {
        what: 'behind a new project, which the walk finds',
        turn: ({ fake, happenings }) => {
          fake.behaviour.search_lags = true;
          happenings.addAccount();
        },
        outcome: 'complete',
        changes: true,
      },
    ],
    rates: [
      {
        what: 'far below demand',
        turn: set({ rates: { default: { per_second: 50, burst: 5 } } }),
        outcome: 'complete',
      },
    ],
    api_enabled: [{ what: 'no longer', turn: set({ api_enabled: false }), outcome: 'failed', code: 'api_disabled' }],
    access_token_seconds: [{ what: 'two', turn: set({ access_token_seconds: 2 }), outcome: 'complete' }],
  },
});
