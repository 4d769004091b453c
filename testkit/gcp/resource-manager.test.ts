// Tests of the fake's Resource Manager with the bare SDK: lists, searches, lookups, tokens, rights, quotas.
import type { FoldersClient, ProjectsClient } from '@google-cloud/resource-manager';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { documentedRates } from './behaviour.ts';
import { createOrganization } from './create-organization.ts';
import { addFolder, addProject, moveProject, renameProject, requestProjectDeletion } from './mutations.ts';
import { type GcpOrganization, listAncestry } from './organization.ts';
import { once, openClients, startFake, startOrganization, walk } from './sdk-for-tests.ts';

const listProjects = (client: ProjectsClient, parent: string, pageSize = 0, showDeleted = true) =>
  walk((pageToken) => client.listProjects({ parent, pageToken, pageSize, showDeleted }, once));
const listFolders = (client: FoldersClient, parent: string) =>
  walk((pageToken) => client.listFolders({ parent, pageToken, showDeleted: true }, once));
const searchProjects = (client: ProjectsClient, query = '') =>
  walk((pageToken) => client.searchProjects({ query, pageToken }, once));

const denied = { code: status.PERMISSION_DENIED, message: expect.stringContaining('does not have permission') };

function childrenOf(organization: GcpOrganization, parent: string) {
  return [...organization.projects.values()].filter((project) => project.parent === parent);
}

describe('lists', () => {
  test('without a parent, or with one that can have no children, the call is invalid', async () => {
    const { projects } = await startOrganization();

    for (const parent of ['', 'projects/1', 'organizations/x']) {
      await expect(projects.listProjects({ parent }, once)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    }
  });

  test('direct children only, sorted by display name', async () => {
    const { projects, folders, organization } = await startOrganization();

    const listed = await listProjects(projects, organization.name);
    const nodes = await listFolders(folders, organization.name);

    const children = childrenOf(organization, organization.name).sort((one, other) =>
      one.display_name < other.display_name ? -1 : 1,
    );
    expect(children.length).toBeGreaterThan(3);
    expect(listed.names).toEqual(children.map((project) => project.name));
    expect(nodes.names.length).toBeLessThan(organization.folders.size);
  });

  test('a walk through every node finds all folders and all projects but the parentless', async () => {
    const { projects, folders, organization } = await startOrganization({}, { depth: 10, folders: 30 });
    const found: string[] = [];
    const open = [organization.name];
    for (let node = open.shift(); node !== undefined; node = open.shift()) {
      found.push(...(await listProjects(projects, node)).names);
      open.push(...(await listFolders(folders, node)).names);
    }

    const all = [...organization.projects.values()];
    expect(new Set(found)).toEqual(new Set(all.filter(({ parent }) => parent !== '').map(({ name }) => name)));
    const depths = [...organization.folders.keys()].map((name) => listAncestry(organization, name).length - 1);
    expect(Math.max(...depths)).toBe(10);
  });

  test('what is to be deleted is shown on demand only', async () => {
    const { projects, organization } = await startOrganization();
    const [first] = childrenOf(organization, organization.name);
    requestProjectDeletion(organization, first?.name ?? '', new Date('2026-01-02T03:04:05.678Z'));

    const shown = await listProjects(projects, organization.name);
    const hidden = await listProjects(projects, organization.name, 0, false);
    const [project] = await projects.getProject({ name: first?.name ?? null }, once);

    expect(shown.names).toContain(first?.name);
    expect(hidden.names).not.toContain(first?.name);
    expect(project).toMatchObject({
      state: 'DELETE_REQUESTED',
      deleteTime: { seconds: '1767323045', nanos: 678_000_000 },
    });
  });

  test('a page is as large as asked for, up to the server’s limit, and its choice without a wish', async () => {
    const { projects, fake, organization } = await startOrganization(
      { default_page_size: 5, largest_page_size: 6 },
      { folders: 0, projects: 13, parentless: 0, apps_script: 0 },
    );

    const asked = await listProjects(projects, organization.name, 4);
    const tooMany = await listProjects(projects, organization.name, 1000);
    const unsaid = await listProjects(projects, organization.name);

    expect([asked.sizes, tooMany.sizes, unsaid.sizes]).toEqual([
      [4, 4, 4, 1],
      [6, 6, 1],
      [5, 5, 3],
    ]);
    expect(fake.requests.map(({ page, page_size }) => [page, page_size])).toContainEqual([4, 4]);
    const negative = projects.listProjects({ parent: organization.name, pageSize: -1 }, once);
    await expect(negative).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test('short and empty pages lose nothing for those who follow the token', async () => {
    const { projects, organization } = await startOrganization(
      { empty_page_ratio: 0.5, short_page_ratio: 0.5, default_page_size: 5 },
      { folders: 0, projects: 60, parentless: 0 },
    );

    const { names, sizes } = await listProjects(projects, organization.name);

    expect(names.toSorted()).toEqual([...organization.projects.keys()].sort());
    expect(sizes).toContain(0);
    expect(sizes.some((size) => size > 0 && size < 5)).toBe(true);
  });

  test('twelve empty pages in a row end the SDK’s own iteration in silence', async () => {
    const { projects, organization } = await startOrganization(
      { empty_run: 12, default_page_size: 10 },
      { folders: 0, projects: 25, parentless: 0 },
    );
    const request = { parent: organization.name, showDeleted: true };

    const byIterator = await Array.fromAsync(projects.listProjectsAsync(request, { timeout: 5_000 }));
    const byToken = await listProjects(projects, organization.name);

    expect(byIterator).toHaveLength(10);
    expect(byToken.names).toHaveLength(25);
    expect(byToken.sizes).toEqual([10, ...Array.from({ length: 12 }, () => 0), 10, 5]);
  });

  test('an empty folder answers with nothing, in one page', async () => {
    const { projects, organization, fake } = await startOrganization({ empty_page_ratio: 1 });
    addFolder(organization, { name: 'folders/77', parent: organization.name, display_name: 'Empty' });

    const { sizes } = await listProjects(projects, 'folders/77');

    expect(sizes).toEqual([0]);
    expect(fake.requests).toMatchObject([{ operation: 'ListProjects', parent: 'folders/77', code: 'OK', page: 1 }]);
  });
});

describe('page tokens', () => {
  const paged = { default_page_size: 5 };
  const flat = { folders: 0, projects: 20, parentless: 0 };

  test('a token of another listing, or of none, is refused', async () => {
    const { projects, organization } = await startOrganization(paged, flat);
    const [, , page] = await projects.listProjects({ parent: organization.name }, once);
    const pageToken = page.nextPageToken ?? '';

    const otherArguments = projects.listProjects({ parent: organization.name, showDeleted: true, pageToken }, once);
    const otherOperation = projects.searchProjects({ pageToken }, once);
    const invented = projects.searchProjects({ pageToken: 'invented' }, once);

    for (const call of [otherArguments, otherOperation, invented]) {
      await expect(call).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    }
  });

  test('a token is good for its time, and more than once', async () => {
    let now = new Date();
    const organization = createOrganization({ id: '1', ...flat });
    const behaviour = { ...paged, empty_page_ratio: 0, short_page_ratio: 0, page_token_lifetime_ms: 60_000 };
    const fake = await startFake({ organizations: [organization], behaviour, now: () => now });
    const { projects } = openClients(fake);
    const [, , { nextPageToken }] = await projects.listProjects({ parent: organization.name }, once);
    const request = { parent: organization.name, pageToken: nextPageToken ?? null };

    const [second] = await projects.listProjects(request, once);
    const [again] = await projects.listProjects(request, once);
    now = new Date(now.getTime() + 61_000);

    expect(again).toEqual(second);
    await expect(projects.listProjects(request, once)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test('a list is cut as it is now: a project renamed to the front in mid-walk is missed', async () => {
    const { projects, organization, fake } = await startOrganization(paged, flat);
    const last = childrenOf(organization, organization.name)
      .filter((project) => project.state === 'ACTIVE')
      .toSorted((one, other) => (one.display_name < other.display_name ? 1 : -1))[0];
    fake.faults.plan({
      page: 2,
      effect: { kind: 'mutate', mutate: () => renameProject(organization, last?.name ?? '', '!') },
    });

    const { names } = await listProjects(projects, organization.name);

    expect(names).not.toContain(last?.name);
    expect(new Set(names).size).toBe(names.length - 1);
  });
});

describe('searches', () => {
  test('find parentless and Apps Script projects, in an order of their own', async () => {
    const { projects, organization } = await startOrganization();

    const { names } = await searchProjects(projects);

    expect(names.toSorted()).toEqual([...organization.projects.keys()].sort());
    expect(names).not.toEqual([...organization.projects.keys()]);
    const all = [...organization.projects.values()];
    expect(all.filter((project) => project.parent === '')).toHaveLength(1);
    expect(all.filter((project) => project.project_id.startsWith('sys-'))).toHaveLength(2);
  });

  test('the terms of a query are alternatives for projects and conditions for folders', async () => {
    const { projects, folders, organization } = await startOrganization();
    const all = [...organization.projects.values()];

    const either = await searchProjects(projects, `state:DELETE_REQUESTED parent:${organization.name}`);
    const [both] = await folders.searchFolders({ query: `state=ACTIVE AND parent=${organization.name}` }, once);
    const [named] = await folders.searchFolders({ query: 'displayName=apps*' }, once);

    const expected = all.filter(({ state, parent }) => state === 'DELETE_REQUESTED' || parent === organization.name);
    expect(either.names.toSorted()).toEqual(expected.map(({ name }) => name).sort());
    expect(both.length).toBeGreaterThan(0);
    expect(both.every((folder) => folder.parent === organization.name && folder.state === 'ACTIVE')).toBe(true);
    expect(named).toMatchObject([{ displayName: 'apps-script' }]);
  });

  test('a query that the fake does not understand is refused', async () => {
    const { projects } = await startOrganization();

    const call = projects.searchProjects({ query: 'labels.env:prod' }, once);

    await expect(call).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test('answer from the past when they lag, while lists and lookups do not', async () => {
    const { projects, organization, fake } = await startOrganization({ search_lags: true });
    addProject(organization, { name: 'projects/555', project_id: 'just-made' });

    const lagging = await searchProjects(projects);
    const listed = await listProjects(projects, organization.name);
    fake.refreshSearch();
    const refreshed = await searchProjects(projects);

    expect(lagging.names).not.toContain('projects/555');
    expect(listed.names).toContain('projects/555');
    expect(refreshed.names).toContain('projects/555');
  });

  test('organizations are found by domain and by customer', async () => {
    const [one, other] = [createOrganization({ id: '11', domain: 'one.example' }), createOrganization({ id: '12' })];
    const { organizations } = openClients(await startFake({ organizations: [one, other] }));
    const find = (query: string) => walk((pageToken) => organizations.searchOrganizations({ query, pageToken }, once));

    expect((await find('')).names).toEqual([one.name, other.name]);
    expect((await find('domain:one.example')).names).toEqual([one.name]);
    expect((await find(`directoryCustomerId:${other.directory_customer_id}`)).names).toEqual([other.name]);
  });
});

describe('lookups', () => {
  test('a project is found by number and by id, with all that is known of it', async () => {
    const { projects, organization } = await startOrganization({}, { labelled: 1, unnamed: 1 });
    const [kept] = organization.projects.values();
    if (kept === undefined) throw new Error('there is no project');

    const [byNumber] = await projects.getProject({ name: kept.name }, once);
    const [byId] = await projects.getProject({ name: `projects/${kept.project_id}` }, once);

    expect(byNumber).toMatchObject({
      name: kept.name,
      projectId: kept.project_id,
      parent: kept.parent,
      displayName: '',
      state: 'ACTIVE',
      labels: kept.labels,
      deleteTime: null,
    });
    expect(Number(byNumber.createTime?.seconds) * 1000).toBeLessThanOrEqual(kept.create_time.getTime());
    expect(byId).toEqual(byNumber);
  });

  test('an etag is another one after a change', async () => {
    const { projects, organization } = await startOrganization();
    const [name = ''] = organization.projects.keys();
    const etagOf = async () => (await projects.getProject({ name }, once))[0].etag;
    const before = await etagOf();

    expect(await etagOf()).toBe(before);
    renameProject(organization, name, 'Other');

    expect(await etagOf()).not.toBe(before);
  });

  test('an organization and a folder are found by name; what never was is as unreadable as what is not ours', async () => {
    const { organizations, folders, projects, organization } = await startOrganization();
    const [folder] = organization.folders.values();

    const [found] = await organizations.getOrganization({ name: organization.name }, once);
    const [node] = await folders.getFolder({ name: folder?.name ?? null }, once);

    expect(found).toMatchObject({ displayName: organization.domain, state: 'ACTIVE', owner: 'directoryCustomerId' });
    expect(node).toMatchObject({ displayName: folder?.display_name, parent: folder?.parent });
    await expect(organizations.getOrganization({ name: 'organizations/9' }, once)).rejects.toMatchObject(denied);
    await expect(folders.getFolder({ name: 'folders/9' }, once)).rejects.toMatchObject(denied);
    await expect(projects.getProject({ name: 'projects/9' }, once)).rejects.toMatchObject(denied);
  });
});

describe('rights', () => {
  test('a denied folder closes its subtree to lists, lookups and, silently, searches', async () => {
    const { projects, folders, organization, fake } = await startOrganization();
    const closed = [...organization.folders.values()].find(({ display_name: name }) => name === 'system-gsuite');
    const inner = [...organization.folders.values()].find(({ display_name: name }) => name === 'apps-script');
    fake.world.denied.add(closed?.name ?? '');

    const { names } = await searchProjects(projects);
    const siblings = await listFolders(folders, organization.name);

    expect(names).toHaveLength(43);
    expect(siblings.names).toContain(closed?.name);
    await expect(listProjects(projects, inner?.name ?? '')).rejects.toMatchObject(denied);
    await expect(folders.getFolder({ name: inner?.name ?? null }, once)).rejects.toMatchObject(denied);
  });

  test('who may read one folder sees nothing above it', async () => {
    const { projects, organizations, organization, fake } = await startOrganization();
    const folder =
      [...organization.projects.values()].find(({ parent }) => parent.startsWith('folders/'))?.parent ?? '';
    fake.world.granted.set('anonymous', new Set([folder]));

    const { names } = await searchProjects(projects);

    const below = [...organization.projects.keys()].filter((name) => listAncestry(organization, name).includes(folder));
    expect(names.toSorted()).toEqual(below.sort());
    await expect(organizations.getOrganization({ name: organization.name }, once)).rejects.toMatchObject(denied);
    await expect(listProjects(projects, organization.name)).rejects.toMatchObject(denied);
  });

  test('where the API is not enabled every call says so', async () => {
    const { organizations, organization } = await startOrganization({ api_enabled: false });

    const call = organizations.getOrganization({ name: organization.name }, once);

    await expect(call).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      reason: 'SERVICE_DISABLED',
      domain: 'googleapis.com',
      errorInfoMetadata: { service: 'cloudresourcemanager.googleapis.com', consumer: 'projects/600000000001' },
    });
  });
});

describe('quotas', () => {
  test('the eleventh list at once is refused, with the time to wait, and other methods are not', async () => {
    const organization = createOrganization({ id: '1' });
    const standing = new Date();
    const behaviour = { rates: documentedRates };
    const fake = await startFake({ organizations: [organization], behaviour, now: () => standing });
    const { projects, folders } = openClients(fake);
    const request = { parent: organization.name };

    const calls = Array.from({ length: 12 }, () => projects.listProjects(request, once));
    const results = await Promise.allSettled(calls);

    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(failures).toHaveLength(2);
    expect(failures[0]).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'RATE_LIMIT_EXCEEDED' });
    expect(failures[0]).toHaveProperty('statusDetails[1].retryDelay.nanos', 100_000_000);
    await folders.listFolders(request, once);
    expect(fake.requests.at(-1)).toMatchObject({ operation: 'ListFolders', code: 'OK' });
  });
});

describe('the world', () => {
  test('projects may have the numbers of AWS accounts', async () => {
    const { projects } = await startOrganization({}, { project_numbers: ['012345678901', '210987654321'] });

    const { names } = await searchProjects(projects);

    expect(names).toEqual(expect.arrayContaining(['projects/012345678901', 'projects/210987654321']));
  });

  test('the log tells who asked for what, how often, and what it was answered', async () => {
    const { projects, organization, fake } = await startOrganization();
    fake.faults.plan({ nth: 1, effect: { kind: 'error', code: 'UNAVAILABLE' } });
    const request = { parent: organization.name, showDeleted: true, pageSize: 50 };

    await expect(projects.listProjects(request, once)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    const [items] = await projects.listProjects(request, once);
    await projects.listProjects(request, once);

    const asked = { operation: 'ListProjects', parent: organization.name, page_size: 50, page_token_in: null };
    expect(fake.requests).toMatchObject([
      { ...asked, attempt: 1, code: 'UNAVAILABLE', faults: ['error'], subjects: [organization.name] },
      { ...asked, attempt: 2, code: 'OK', principal: 'anonymous', page_token_out: null },
      { ...asked, attempt: 1, code: 'OK' },
    ]);
    expect(fake.requests[1]?.subjects).toEqual([organization.name, ...items.map(({ name }) => name ?? '').sort()]);
  });

  test('an operation that the fake does not have is refused and remembered', async () => {
    const { projects, organization, fake } = await startOrganization();
    const [name = ''] = organization.projects.keys();

    const call = projects.getIamPolicy({ resource: name }, once);

    await expect(call).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    expect(() => fake.assertNoUnexpected()).toThrow('Projects/GetIamPolicy');
  });

  test('the same seed gives the same pages, another seed others', async () => {
    const pagesOf = async (seed: number) => {
      const organization = createOrganization({ id: '5', projects: 60, folders: 0 });
      const behaviour = { empty_page_ratio: 0.5, default_page_size: 5 };
      const fake = await startFake({ organizations: [organization], seed, behaviour });
      const { names, sizes } = await searchProjects(openClients(fake).projects);
      return [names, sizes, fake.requests.map((request) => request.page_token_out)];
    };

    const [first, again, other] = [await pagesOf(1), await pagesOf(1), await pagesOf(2)];

    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('10,000 projects in 500 folders are found in the calls of their pages', async () => {
    const { projects, fake, organization } = await startOrganization({}, { projects: 10_000, folders: 500 });

    const { names } = await walk((pageToken) => projects.searchProjects({ pageToken, pageSize: 500 }, once));

    expect(new Set(names).size).toBe(10_000);
    expect(fake.requests).toHaveLength(20);
    expect(organization.folders.size).toBe(500);
  });

  test('a project moved out of a folder is in its new place at once', async () => {
    const { projects, organization } = await startOrganization();
    const moved = [...organization.projects.values()].find(({ parent }) => parent.startsWith('folders/'));
    moveProject(organization, moved?.name ?? '', organization.name);

    const from = await listProjects(projects, moved?.parent ?? '');
    const to = await listProjects(projects, organization.name);

    expect(from.names).not.toContain(moved?.name);
    expect(to.names).toContain(moved?.name);
  });
});
