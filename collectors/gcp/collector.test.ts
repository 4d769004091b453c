// What the GCP collector reads from an organization in good order: records, paths, evidence, and when it walks.
import { describe, expect, test } from 'vitest';
import { createOrganization } from '#testkit/gcp/create-organization.ts';
import {
  addProject,
  labelProject,
  moveProject,
  purgeProject,
  renameFolder,
  requestFolderDeletion,
  requestProjectDeletion,
} from '#testkit/gcp/mutations.ts';
import { type GcpOrganization, listAncestry } from '#testkit/gcp/organization.ts';
import { anonymous } from '#testkit/gcp/world.ts';
import { observe, reader, sourceOf, startGcp } from './observe.contract.ts';

const numberOf = (name: string) => name.slice(name.indexOf('/') + 1);
const numbers = (organization: GcpOrganization) => [...organization.projects.keys()].map(numberOf).sort();
const nodeIds = (organization: GcpOrganization) => [organization.name, ...organization.folders.keys()].sort();
const projectsWhere = (organization: GcpOrganization, wanted: (parent: string) => boolean) =>
  [...organization.projects.values()].filter(({ parent }) => wanted(parent));

describe('a first reading', () => {
  test('yields every project and folder, those being deleted and those of nobody included, and proves that these are all', async () => {
    const { organization, source } = await startGcp();

    const read = await observe({ source });

    expect(read.error).toBeUndefined();
    expect([...read.accounts.keys()].sort()).toEqual(numbers(organization));
    expect([...read.nodes.keys()].sort()).toEqual(nodeIds(organization));
    expect(read.enumerated).toEqual(['org_node', 'account']);
    expect(read.skipped).toEqual([]);
    expect(read.identified).toEqual([{ root: organization.id, principal: reader }]);
  });

  test('tells of a project what Google tells', async () => {
    const { organization, source } = await startGcp({ plan: { depth: 4 } });
    const living = [...organization.projects.values()].filter(({ state }) => state === 'ACTIVE');
    const deepest = living.toSorted(
      (one, other) => listAncestry(organization, other.name).length - listAncestry(organization, one.name).length,
    )[0];
    if (deepest === undefined) throw new Error('no project');
    labelProject(organization, deepest.name, { env: 'prod' }, new Date('2026-02-03T04:05:06.789Z'));

    const read = await observe({ source });

    const ids = listAncestry(organization, deepest.name).slice(1).toReversed();
    const names = ids.map((id) => organization.folders.get(id)?.display_name ?? organization.domain);
    expect(ids.length).toBeGreaterThan(3);
    expect(read.accounts.get(numberOf(deepest.name))).toEqual({
      provider: 'gcp',
      id: numberOf(deepest.name),
      partition: 'googleapis.com',
      org_id: organization.id,
      project_id: deepest.project_id,
      name: deepest.display_name || null,
      status: 'ACTIVE',
      lifecycle: 'active',
      status_changed_at: null,
      parent_id: deepest.parent,
      org_path: names.join('/'),
      org_path_ids: ids,
      org_path_names: names,
      tags: { env: 'prod' },
      region_residency: 'global',
      details: {
        region_residency_source: 'universe',
        system: false,
        created_at: deepest.create_time.toISOString(),
        deleted_at: null,
        purge_at: null,
      },
    });
    const observation = read.observations.find(({ key }) => key === `gcp/${numberOf(deepest.name)}`);
    expect(observation).toMatchObject({
      provider_updated_at: '2026-02-03T04:05:06.789Z',
      raw: { name: deepest.name, updateTime: '2026-02-03T04:05:06.789Z', labels: { env: 'prod' }, state: 'ACTIVE' },
    });
  });

  test('tells of a folder its place, and of the organization that it is the top', async () => {
    const { organization, source } = await startGcp();

    const { nodes } = await observe({ source });

    expect(nodes.get(organization.name)).toMatchObject({
      ...{ kind: 'organization', name: organization.domain, parent_id: null, depth: 0, org_id: organization.id },
      org_path_ids: [organization.name],
    });
    for (const folder of organization.folders.values()) {
      const ids = listAncestry(organization, folder.name).toReversed();
      expect(nodes.get(folder.name)).toMatchObject({
        ...{ kind: 'folder', name: folder.display_name, parent_id: folder.parent, depth: ids.length - 1 },
        ...{ org_path_ids: ids, status: folder.state },
      });
    }
  });

  test('shows when what is being deleted will be purged', async () => {
    const { organization, source } = await startGcp();
    const [project] = [...organization.projects.keys()];
    requestProjectDeletion(organization, project ?? '', new Date('2026-02-10T12:00:00Z'));

    const { accounts } = await observe({ source });

    expect(accounts.get(numberOf(project ?? ''))).toMatchObject({
      status: 'DELETE_REQUESTED',
      lifecycle: 'closing',
      status_changed_at: '2026-02-10T12:00:00.000Z',
      details: { deleted_at: '2026-02-10T12:00:00.000Z', purge_at: '2026-03-12T12:00:00.000Z' },
    });
  });

  test('keeps projects of Apps Script, marked, and projects of no organization, without a place', async () => {
    const { organization, source } = await startGcp();

    const { accounts } = await observe({ source });

    const scripts = [...accounts.values()].filter(({ project_id }) => project_id?.startsWith('sys-'));
    expect(scripts).toHaveLength(2);
    for (const { details } of scripts) expect(details).toMatchObject({ system: true });
    const [free] = projectsWhere(organization, (parent) => parent === '');
    expect(accounts.get(numberOf(free?.name ?? ''))).toMatchObject({
      ...{ org_id: null, parent_id: null, org_path: null, org_path_ids: [], org_path_names: [] },
    });
  });

  test('asks two lists of each node, a search of each kind, and is evidence of each request', async () => {
    const behaviour = { empty_page_ratio: 0, short_page_ratio: 0 };
    const { fake, organization, source } = await startGcp({ behaviour });

    const read = await observe({ source });

    const asked = Object.groupBy(read.requests, ({ operation }) => operation.split(':')[1] ?? '');
    const lists = organization.folders.size + 1;
    expect(Object.entries(asked).map(([method, requests]) => [method, requests?.length])).toEqual([
      ['GetOrganization', 1],
      ['ListFolders', lists],
      ['ListProjects', lists],
      ['SearchFolders', 1],
      ['SearchProjects', 1],
    ]);
    const used = new Set(read.observations.flatMap(({ evidence }) => evidence));
    for (const request of used) expect(read.requests).toContainEqual(request);
    for (const request of read.requests) {
      expect(request).toMatchObject({
        endpoint: fake.url,
        http_status: 200,
        attempts: 1,
        principal: reader,
      });
      expect(request.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});

describe('between walks', () => {
  test('Search alone is asked, proves nothing, and shows what is new', async () => {
    const { fake, organization, source } = await startGcp();
    const first = await observe({ source });
    const [project] = projectsWhere(organization, (parent) => parent !== '').filter(({ state }) => state === 'ACTIVE');
    labelProject(organization, project?.name ?? '', { env: 'new' });
    const before = fake.requests.length;

    const second = await observe({ source, memo: first.memo });

    const operations = new Set(fake.requests.slice(before).map(({ operation }) => operation));
    expect(operations).toEqual(new Set(['GetOrganization', 'SearchFolders', 'SearchProjects']));
    expect(second.enumerated).toEqual([]);
    expect(second.accounts.get(numberOf(project?.name ?? ''))?.tags).toEqual({ env: 'new' });
    expect(second.accounts.get(numberOf(project?.name ?? ''))).toMatchObject({ org_path_ids: expect.any(Array) });
  });

  test('a walk is made when its time has come', async () => {
    const { source } = await startGcp();
    const first = await observe({ source, now: () => new Date('2026-01-01T00:00:00Z') });

    const early = await observe({ source, memo: first.memo, now: () => new Date('2026-01-01T05:59:59Z') });
    const late = await observe({ source, memo: early.memo, now: () => new Date('2026-01-01T06:00:00Z') });
    const setBack = await observe({ source, memo: late.memo, now: () => new Date('2025-01-01T00:00:00Z') });

    expect([early, late, setBack].map(({ enumerated }) => enumerated.length)).toEqual([0, 2, 2]);
  });

  test('a walk is made when Search counts something else, and none when it has seen less all along', async () => {
    const { organization, source } = await startGcp();
    const first = await observe({ source });
    addProject(organization, { name: 'projects/777777777777', project_id: 'brand-new' });

    const second = await observe({ source, memo: first.memo });
    const third = await observe({ source, memo: second.memo });

    expect(second.enumerated).toEqual(['org_node', 'account']);
    expect(second.accounts.has('777777777777')).toBe(true);
    expect(third.enumerated).toEqual([]);
  });

  test('a search that lags behind the walk starts no other one, nor does it when it has caught up', async () => {
    const { fake, organization, source } = await startGcp({ behaviour: { search_lags: true } });
    addProject(organization, { name: 'projects/777777777777', project_id: 'brand-new' });
    const first = await observe({ source });

    const second = await observe({ source, memo: first.memo });
    fake.refreshSearch();
    const third = await observe({ source, memo: second.memo });

    expect(first.accounts.has('777777777777')).toBe(true);
    expect([second, third].map(({ enumerated }) => enumerated.length)).toEqual([0, 0]);
    expect(third.accounts.has('777777777777')).toBe(true);
  });

  test('a renamed folder reaches the paths below it', async () => {
    const { organization, source } = await startGcp();
    const first = await observe({ source });
    const upper = [...organization.folders.values()].find(({ name }) =>
      [...organization.folders.values()].some(({ parent }) => parent === name),
    );
    renameFolder(organization, upper?.name ?? '', 'Renamed');

    const { nodes, accounts } = await observe({ source, memo: first.memo });

    const below = [...nodes.values(), ...accounts.values()].filter(({ org_path_ids }) =>
      org_path_ids?.includes(upper?.name ?? ''),
    );
    expect(below.length).toBeGreaterThan(2);
    for (const { org_path_names } of below) expect(org_path_names).toContain('Renamed');
  });

  test('another root forgets what was remembered of the first', async () => {
    const { fake, organization, source } = await startGcp();
    const first = await observe({ source });
    const [folder] = [...organization.folders.keys()];

    const second = await observe({ source: sourceOf(fake, folder ?? ''), memo: first.memo });

    expect(second.enumerated).toEqual(['org_node', 'account']);
  });
});

describe('a folder as root', () => {
  test('yields what is below it with the whole path, and nothing of its neighbours', async () => {
    const { fake, organization } = await startGcp();
    const folder = [...organization.folders.values()].find(({ display_name }) => display_name === 'Production');

    const { accounts, nodes, identified } = await observe({ source: sourceOf(fake, folder?.name ?? '') });

    const inside = (name: string) => listAncestry(organization, name).includes(folder?.name ?? '');
    const free = projectsWhere(organization, (parent) => parent === '').map(({ name }) => name);
    expect([...nodes.keys()].sort()).toEqual([...organization.folders.keys()].filter(inside).sort());
    expect([...accounts.keys()].sort()).toEqual(
      [...organization.projects.keys()]
        .filter((name) => inside(name) || free.includes(name))
        .map(numberOf)
        .sort(),
    );
    expect(identified[0]?.root).toBe(folder?.name);
    expect(nodes.get(folder?.name ?? '')).toMatchObject({
      ...{ org_id: organization.id, org_path: `${organization.domain}/Production`, depth: 1 },
    });
  });

  test('whose organization may not be read begins the path itself, and still knows where it belongs', async () => {
    const { fake, organization } = await startGcp();
    const folder = [...organization.folders.values()].find(({ display_name }) => display_name === 'Production');
    fake.faults.plan({ operation: 'GetOrganization', effect: { kind: 'error', code: 'PERMISSION_DENIED' } });

    const { nodes, error } = await observe({ source: sourceOf(fake, folder?.name ?? '') });

    expect(error).toBeUndefined();
    expect(nodes.get(folder?.name ?? '')).toMatchObject({ org_id: organization.id, org_path: 'Production', depth: 0 });
  });

  test('deeper down, above which nothing may be read, belongs to what it names above itself', async () => {
    const { fake, organization } = await startGcp();
    const folder = [...organization.folders.values()].find(({ display_name }) => display_name === 'Retail');
    const above = folder?.parent ?? '';
    fake.world.granted.set(anonymous, new Set([folder?.name ?? '']));

    const { accounts, nodes, error } = await observe({ source: sourceOf(fake, folder?.name ?? '') });

    expect(error).toBeUndefined();
    expect(above).toMatch(/^folders\//);
    for (const { org_id } of nodes.values()) expect(org_id).toBe(above);
    expect(accounts.size).toBeGreaterThan(0);
    for (const account of accounts.values()) expect(account.org_id ?? null).toBeNull();
  });
});

describe('projects of no organization', () => {
  test('that Search no longer shows are asked for by number and stay', async () => {
    const { fake, organization, source } = await startGcp({ behaviour: { search_lags: true } });
    const first = await observe({ source: { ...source, tree_every: '0s' } });
    const [free] = projectsWhere(organization, (parent) => parent === '');
    fake.faults.plan({
      operation: 'SearchProjects',
      effect: {
        kind: 'alter',
        alter: (body) => ({
          ...body,
          projects: [body['projects']].flat().filter((project) => Object(project).parent !== ''),
        }),
      },
    });

    const asked = await observe({ source: { ...source, tree_every: '0s' }, memo: first.memo });
    fake.faults.plan({ operation: 'GetProject', effect: { kind: 'error', code: 'PERMISSION_DENIED' } });
    const refused = await observe({ source: { ...source, tree_every: '0s' }, memo: asked.memo });

    for (const { accounts, enumerated } of [asked, refused]) {
      expect(enumerated).toContain('account');
      expect(accounts.get(numberOf(free?.name ?? ''))).toEqual(first.accounts.get(numberOf(free?.name ?? '')));
    }
  });

  test('are let go when they were being deleted and cannot be read any more', async () => {
    const { organization, source } = await startGcp();
    const [free] = projectsWhere(organization, (parent) => parent === '');
    requestProjectDeletion(organization, free?.name ?? '');
    const first = await observe({ source: { ...source, tree_every: '0s' } });
    purgeProject(organization, free?.name ?? '');

    const second = await observe({ source: { ...source, tree_every: '0s' }, memo: first.memo });

    expect(first.accounts.has(numberOf(free?.name ?? ''))).toBe(true);
    expect(second.accounts.has(numberOf(free?.name ?? ''))).toBe(false);
    expect(second.enumerated).toContain('account');
  });

  test('that come into the organization are found where they are, and are free no more', async () => {
    const { organization, source } = await startGcp();
    const first = await observe({ source });
    const [free] = projectsWhere(organization, (parent) => parent === '');
    moveProject(organization, free?.name ?? '', organization.name);

    const second = await observe({ source: { ...source, tree_every: '0s' }, memo: first.memo });

    expect(second.accounts.get(numberOf(free?.name ?? ''))).toMatchObject({ parent_id: organization.name });
    expect(second.memo).toMatchObject({ parentless: [] });
  });
});

test('an empty folder that is being deleted is still a node', async () => {
  const { organization, source } = await startGcp({ plan: { projects: 2, folders: 2 } });
  const empty = [...organization.folders.values()].find(
    ({ name }) => ![...organization.projects.values(), ...organization.folders.values()].some((x) => x.parent === name),
  );
  const target = empty ?? [...organization.folders.values()].at(-1);
  for (const { name, parent } of organization.projects.values()) {
    if (parent === target?.name) moveProject(organization, name, organization.name);
  }
  requestFolderDeletion(organization, target?.name ?? '');

  const { nodes } = await observe({ source });

  expect(nodes.get(target?.name ?? '')).toMatchObject({ status: 'DELETE_REQUESTED', lifecycle: 'closing' });
});

test('what another organization holds, and the credentials may see too, is left to it', async () => {
  const organizations = ['123456789012', '210987654321'].map((id) =>
    createOrganization({ id, projects: 12, folders: 5 }),
  );
  const [own, other] = organizations;
  if (own === undefined || other === undefined) throw new Error('two organizations');
  const { source } = await startGcp({ organizations });

  const first = await observe({ source });
  const second = await observe({ source, memo: first.memo });

  for (const { accounts, nodes } of [first, second]) {
    const foreign = projectsWhere(other, (parent) => parent !== '').filter(({ name }) => accounts.has(numberOf(name)));
    expect(foreign).toEqual([]);
    expect([...other.folders.keys()].filter((name) => nodes.has(name))).toEqual([]);
  }
  expect(second.enumerated).toEqual([]);
  expect(JSON.stringify(second.memo)).not.toContain([...other.folders.keys()][0]);
});
