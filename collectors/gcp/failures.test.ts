// What the GCP collector makes of refusals, storms, broken answers and organizations that change under its eyes.
import { describe, expect, test } from 'vitest';
import { addFolder, moveFolder, moveProject, purgeProject, requestProjectDeletion } from '#testkit/gcp/mutations.ts';
import type { GcpOrganization } from '#testkit/gcp/organization.ts';
import { listAncestry } from '#testkit/gcp/organization.ts';
import { observe, reader, sourceOf, startGcp } from './observe.contract.ts';

const denied = { kind: 'error', code: 'PERMISSION_DENIED' } as const;
const calm = { empty_page_ratio: 0, short_page_ratio: 0 };
const numberOf = (name: string) => name.slice(name.indexOf('/') + 1);
const size = (organization: GcpOrganization) => organization.projects.size;

/** A folder that holds a folder. */
function upperFolder(organization: GcpOrganization): string {
  const folders = [...organization.folders.values()];
  const upper = folders.find(({ name, display_name }) => {
    const children = folders.filter(({ parent }) => parent === name);
    return display_name !== 'system-gsuite' && children.length > 0;
  });
  return upper?.name ?? '';
}

describe('before anything is yielded', () => {
  test('a root that may not be read names who asked, and the permission to grant', async () => {
    const { fake, source } = await startGcp();
    fake.faults.plan({ operation: 'GetOrganization', effect: denied });

    const read = await observe({ source });

    expect(read.error).toMatchObject({
      name: 'ProviderError',
      code: 'access_denied',
      status: 403,
      message: expect.stringMatching(new RegExp(`GetOrganization.*${reader}.*resourcemanager.organizations.get`)),
    });
    expect(read.observations).toEqual([]);
    expect(read.memo).toBeNull();
    expect(read.requests).toMatchObject([{ attempts: 1, http_status: 403, items: 0, sha256: null }]);
  });

  test('an organization that is not there reads like one that may not be read', async () => {
    const { fake } = await startGcp();

    const read = await observe({ source: sourceOf(fake, 'organizations/999999999999') });

    expect(read.error).toMatchObject({ code: 'access_denied' });
  });

  test('an API that is not enabled in the quota project is told as that, and not as a lack of rights', async () => {
    const { source } = await startGcp({ behaviour: { api_enabled: false } });

    const read = await observe({ source });

    expect(read.error).toMatchObject({
      code: 'api_disabled',
      message: expect.stringContaining('gcloud services enable'),
    });
    expect(read.observations).toEqual([]);
  });

  test('an endpoint where nobody listens is asked again until the run is stopped, and is evidence all the same', async () => {
    const { source } = await startGcp();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('told to stop')), 2000);

    const read = await observe({ source: { ...source, endpoint: 'http://127.0.0.1:1' }, signal: controller.signal });

    expect(read.error).toBe(controller.signal.reason);
    expect(read.observations).toEqual([]);
    // How often depends on the machine.
    expect(read.requests).toMatchObject([{ http_status: null, sha256: null }]);
    expect(read.requests[0]?.attempts).toBeGreaterThan(0);
  });
});

describe('in the middle', () => {
  test('a folder that may not be listed is skipped by name, and everything else is read', async () => {
    const { fake, organization, source } = await startGcp();
    const folder = upperFolder(organization);
    fake.faults.plan({ when: ({ parent }) => parent === folder, effect: denied });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(read.skipped).toEqual([
      { what: `everything below ${folder}`, kinds: ['account', 'org_node'] },
      { what: `projects in ${folder}`, kinds: ['account'] },
    ]);
    expect(read.enumerated).toEqual(['org_node', 'account']);
    // Search still shows what is in there.
    expect(read.accounts.size).toBe(size(organization));
    expect(read.nodes.size).toBe(organization.folders.size + 1);
  });

  test('a subtree that cannot be read at all hides what is in it, and nothing else', async () => {
    const { fake, organization, source } = await startGcp();
    const folder = upperFolder(organization);
    fake.world.denied.add(folder);

    const read = await observe({ source });

    const hidden = [...organization.projects.keys()].filter((name) =>
      listAncestry(organization, name).includes(folder),
    );
    expect(hidden.length).toBeGreaterThan(0);
    expect(read.accounts.size).toBe(size(organization) - hidden.length);
  });

  test('a root whose projects may not be listed proves nothing about projects', async () => {
    const { fake, organization, source } = await startGcp();
    fake.faults.plan({ operation: 'ListProjects', when: ({ parent }) => parent === organization.name, effect: denied });

    const read = await observe({ source });

    expect(read.enumerated).toEqual(['org_node']);
    expect(read.skipped).toEqual([{ what: `projects in ${organization.name}`, kinds: ['account'] }]);
  });

  test('an API that is switched off during the walk is no folder without rights', async () => {
    const { fake, source } = await startGcp();
    const details = [{ kind: 'error_info', reason: 'SERVICE_DISABLED' }] as const;
    fake.faults.plan({ operation: 'ListProjects', nth: 3, effect: { ...denied, details } });

    const read = await observe({ source });

    expect(read.error).toMatchObject({ code: 'api_disabled' });
    expect(read.skipped).toEqual([]);
    expect(read.enumerated).toEqual([]);
  });

  test.for([
    ['exhausted', { kind: 'throttle', retry_after_seconds: 0.02 }, 429],
    ['unavailable', { kind: 'error', code: 'UNAVAILABLE' }, 503],
    ['internally wrong', { kind: 'error', code: 'INTERNAL' }, 500],
    ['cut off', { kind: 'reset' }, null],
  ] as const)('a list that is %s once is asked again and misses nothing', async ([, effect]) => {
    const { fake, organization, source } = await startGcp();
    const fault = fake.faults.plan({ operation: 'ListProjects', nth: 2, effect });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(fault.hits()).toBe(1);
    expect(read.accounts.size).toBe(size(organization));
    const [again] = read.requests.filter(({ attempts }) => attempts === 2);
    expect(again).toMatchObject({ operation: 'cloudresourcemanager:ListProjects', http_status: 200 });
    expect(again?.retry_delay_ms).toBeGreaterThan(0);
  });

  test('searches are asked again alike, although the SDK never would', async () => {
    const { fake, organization, source } = await startGcp();
    for (const operation of ['SearchProjects', 'SearchFolders']) {
      fake.faults.plan({ operation, nth: 1, effect: { kind: 'error', code: 'UNAVAILABLE' } });
    }

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(size(organization));
  });

  test("Google's rate of lists is waited out", async () => {
    // Far below what even a busy machine asks for.
    const rates = { ListProjects: { per_second: 8, burst: 1 } };
    const { organization, source } = await startGcp({ behaviour: { ...calm, rates } });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(size(organization));
    expect(read.requests.some(({ attempts }) => attempts > 1)).toBe(true);
  });

  test('a failure that stays ends the scope with its cause', async () => {
    const { fake, source } = await startGcp();
    fake.faults.plan({ operation: 'ListFolders', page: 1, effect: { kind: 'error', code: 'INTERNAL' } });

    const read = await observe({ source });

    expect(read.error).toMatchObject({ name: 'ProviderError', code: 'google_error', status: 500 });
    expect(read.requests.at(-1)).toMatchObject({ attempts: 3, http_status: 500, items: 0 });
    expect(read.enumerated).toEqual([]);
    expect(read.memo).toBeNull();
  });

  test('an access token that ends before its time is renewed once', async () => {
    const { fake, organization, source } = await startGcp();
    fake.faults.plan({ operation: 'ListProjects', nth: 3, effect: { kind: 'expired_credentials' } });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(size(organization));
  });

  test('a token that stays refused ends the scope', async () => {
    const { fake, source } = await startGcp();
    fake.faults.plan({ operation: 'ListProjects', effect: { kind: 'expired_credentials' } });

    const read = await observe({ source });

    expect(read.error).toMatchObject({ code: 'invalid_credentials', status: 401 });
  });

  test('a slow answer is an answer', async () => {
    const { fake, organization, source } = await startGcp();
    fake.faults.plan({ operation: 'SearchProjects', nth: 1, effect: { kind: 'delay', ms: 60 } });

    const read = await observe({ source });

    expect(read.accounts.size).toBe(size(organization));
  });

  test('a stop ends a call that hangs at once', async () => {
    const { fake, source } = await startGcp();
    const controller = new AbortController();
    const reason = new Error('told to stop');
    fake.faults.plan({
      operation: 'ListProjects',
      nth: 2,
      effect: { kind: 'mutate', mutate: () => void setTimeout(() => controller.abort(reason), 10) },
    });
    fake.faults.plan({ operation: 'ListProjects', nth: 2, effect: { kind: 'hang' } });

    const read = await observe({ source, signal: controller.signal });

    expect(read.error).toBe(reason);
    expect(read.observations.length).toBeGreaterThan(0);
    expect(read.enumerated).toEqual([]);
  });
});

describe('pages', () => {
  test('that are short, and twelve empty ones in a row, are no end', async () => {
    const behaviour = { empty_page_ratio: 0.3, short_page_ratio: 0.5, empty_run: 12, largest_page_size: 3 };
    const { fake, organization, source } = await startGcp({ behaviour });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(size(organization));
    expect(read.nodes.size).toBe(organization.folders.size + 1);
    expect(fake.requests.some(({ page }) => page > 12)).toBe(true);
  });

  test('whose token has died start again once', async () => {
    const { fake, organization, source } = await startGcp({ behaviour: { ...calm, largest_page_size: 5 } });
    fake.faults.plan({ operation: 'SearchProjects', page: 3, times: 1, effect: { kind: 'expired_page_token' } });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(size(organization));
    expect(read.log).toContain('the listing starts again');
  });

  test('whose token dies again fail the scope', async () => {
    const { fake, source } = await startGcp({ behaviour: { ...calm, largest_page_size: 5 } });
    fake.faults.plan({ operation: 'SearchProjects', page: 3, effect: { kind: 'expired_page_token' } });

    const read = await observe({ source });

    expect(read.error).toMatchObject({ code: 'invalid_page_token' });
    expect(read.enumerated).toEqual([]);
  });

  test('whose token repeats itself are stopped, for such a list has no end', async () => {
    const { fake, source } = await startGcp();
    fake.faults.plan({ operation: 'SearchProjects', effect: { kind: 'repeat_token' } });

    const read = await observe({ source });

    expect(read.error).toMatchObject({ code: 'repeated_page_token' });
    expect(read.enumerated).toEqual([]);
  });
});

describe('answers', () => {
  test('that cannot be read fail the scope', async () => {
    const { fake, source } = await startGcp();
    fake.faults.plan({ operation: 'ListFolders', effect: { kind: 'malformed' } });

    const read = await observe({ source });

    expect(read.error).toMatchObject({ name: 'ProviderError' });
    expect(read.enumerated).toEqual([]);
  });

  test('with an item that is no project fail the scope', async () => {
    const { fake, source } = await startGcp();
    const alter = (body: Record<string, unknown>) => ({ ...body, projects: [{ name: 'organizations/1' }] });
    fake.faults.plan({ operation: 'ListProjects', effect: { kind: 'alter', alter } });

    const read = await observe({ source });

    expect(read.error).toMatchObject({ code: 'malformed_answer', message: expect.stringContaining('no project') });
  });

  test('without their items are empty pages, as the protocol has it, and only the guard of the store helps', async () => {
    const { fake, organization, source } = await startGcp({ behaviour: calm });
    fake.faults.plan({ operation: 'ListProjects', nth: 1, effect: { kind: 'omit', member: 'projects' } });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBeLessThan(size(organization));
  });
});

describe('an organization that changes during the walk', () => {
  test('a project that moves is read once or twice, and with its place of then', async () => {
    const { fake, organization, source } = await startGcp({ behaviour: calm });
    const [project] = [...organization.projects.values()].filter(({ parent }) => parent === organization.name);
    const last = [...organization.folders.values()].filter(({ state }) => state === 'ACTIVE').at(-1)?.name ?? '';
    fake.faults.plan({
      operation: 'ListFolders',
      nth: 3,
      effect: { kind: 'mutate', mutate: () => moveProject(organization, project?.name ?? '', last) },
    });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(read.accounts.get(numberOf(project?.name ?? ''))).toMatchObject({ parent_id: last });
  });

  test('a folder that moves in a circle of sightings is walked once', async () => {
    const { fake, organization, source } = await startGcp({ behaviour: calm });
    addFolder(organization, { name: 'folders/1000', parent: organization.name, display_name: 'Moving' });
    const target =
      [...organization.folders.values()].find(({ display_name }) => display_name === 'Production')?.name ?? '';
    fake.faults.plan({
      operation: 'ListProjects',
      nth: 1,
      effect: { kind: 'mutate', mutate: () => moveFolder(organization, 'folders/1000', target) },
    });

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect(
      fake.requests.filter(({ parent, operation }) => parent === 'folders/1000' && operation === 'ListFolders'),
    ).toHaveLength(1);
  });

  test('a project that is purged after it was listed is only gone the next time', async () => {
    const { fake, organization, source } = await startGcp({ behaviour: calm });
    const [project] = [...organization.projects.values()].filter(({ parent }) => parent === organization.name);
    requestProjectDeletion(organization, project?.name ?? '');
    fake.faults.plan({
      operation: 'SearchProjects',
      effect: {
        kind: 'mutate',
        mutate: () =>
          void (organization.projects.has(project?.name ?? '') && purgeProject(organization, project?.name ?? '')),
      },
    });

    const first = await observe({ source: { ...source, tree_every: '0s' } });
    const second = await observe({ source: { ...source, tree_every: '0s' }, memo: first.memo });

    expect([first, second].map(({ accounts }) => accounts.has(numberOf(project?.name ?? '')))).toEqual([true, false]);
  });
});

test('a state that has no name yet is unknown, and kept as Google says it', async () => {
  const { fake, source } = await startGcp({ behaviour: calm });
  const alter = (body: Record<string, unknown>) => ({
    ...body,
    projects: [body['projects']].flat().map((project) => ({ ...Object(project), state: 99 })),
  });
  fake.faults.plan({ operation: 'ListProjects', nth: 1, effect: { kind: 'alter', alter } });

  const read = await observe({ source });

  expect(read.error).toBeUndefined();
  expect(
    [...read.accounts.values()].filter(({ status, lifecycle }) => status === '99' && lifecycle === 'unknown'),
  ).not.toEqual([]);
});

test('no token and no key appears in anything that is yielded, logged or remembered', async () => {
  const { fake, source } = await startGcp();
  fake.faults.plan({ operation: 'ListProjects', nth: 2, effect: { kind: 'error', code: 'UNAVAILABLE' } });

  const { error, ...read } = await observe({ source });

  expect(error).toBeUndefined();
  const said = JSON.stringify({ ...read, accounts: [], nodes: [] });
  expect(said).not.toMatch(/eyJ|PRIVATE KEY|[Bb]earer/);
  for (const secret of fake.secrets()) expect(said).not.toContain(secret);
});
