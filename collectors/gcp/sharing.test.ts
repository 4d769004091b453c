// An organization and a folder in it, each a scope of its own: whose record a project is that both see, through the runner into both databases.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { labelProject, moveProject } from '#testkit/gcp/mutations.ts';
import { listAncestry } from '#testkit/gcp/organization.ts';
import { anonymous } from '#testkit/gcp/world.ts';
import { runSources } from '../run.contract.ts';
import { collector } from './collector.ts';
import { sourceOf, startGcp } from './observe.contract.ts';

type Order = readonly ('gcp:main' | 'gcp:inner')[];
const outerFirst: Order = ['gcp:main', 'gcp:inner'];
const innerFirst: Order = ['gcp:inner', 'gcp:main'];

describe.for(databases)('projects and folders that two scopes see, on $dialect', ({ open }) => {
  let store: TestStore;
  let tenants = 0;

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  /** The organization is `gcp:main`, the folder `gcp:inner`; with `isNarrow` its credentials see nothing but the folder. */
  async function start({ isNarrow = false }: { readonly isNarrow?: boolean } = {}) {
    tenants += 1;
    const tenant = `tenant-${tenants}`;
    const behaviour = { empty_page_ratio: 0, short_page_ratio: 0 };
    const { fake, organization, source } = await startGcp({ behaviour });
    // Not right below the organization, which a folder names as its parent whatever the rights.
    const folder = [...organization.folders.values()].find(({ display_name }) => display_name === 'Retail');
    if (folder === undefined) throw new Error('there is no folder');
    const inner = { ...sourceOf(fake, folder.name), name: 'inner', tree_every: '0s' };
    const sources = [{ ...source, tree_every: '0s' }, inner];
    const isInside = (name: string) => name === folder.name || listAncestry(organization, name).includes(folder.name);
    const inside = [...organization.projects.keys(), ...organization.folders.keys()].filter(isInside);

    async function run(scope: string, configured: readonly unknown[] = sources) {
      if (isNarrow && scope === 'gcp:inner') fake.world.granted.set(anonymous, new Set([folder?.name ?? '']));
      const summary = await runSources(collector, configured, { writer: store.writer, tenant, scopes: [scope] });
      fake.world.granted.clear();
      return summary;
    }

    /** Rounds of a run of each; what they came to, with the rows written meanwhile. */
    async function alternate(rounds: number, order = outerFirst) {
      const before = await countWrites(store, tenant);
      const summaries = [];
      for (let round = 0; round < rounds; round += 1) for (const scope of order) summaries.push(await run(scope));
      return { summaries, written: (await countWrites(store, tenant)) - before };
    }

    const selectInside = async (): Promise<Row[]> => {
      const names = inside.map((name) => `'${name.replace('projects/', '')}'`).join(', ');
      const columns = 'scope, id, org_id, org_path, name, missed_runs, vanished_at';
      const from = (table: string) =>
        `select ${columns} from ${table} where tenant_id = '${tenant}' and id in (${names})`;
      return store.query(`${from('cloud_accounts')} union all ${from('org_nodes')}`);
    };
    const endings = () =>
      store.query(
        `select event_type from events where tenant_id = '${tenant}' and (event_type like '%vanished' or event_type like '%returned')`,
      );
    return { fake, organization, folder, sources, inside, isInside, run, alternate, selectInside, endings };
  }

  const scopesOf = (rows: readonly Row[]) => [...new Set(rows.map(({ scope }) => scope))];

  test.for([
    ['alike', outerFirst, false],
    ['alike, the folder first', innerFirst, false],
    ['with other rights', outerFirst, true],
    ['with other rights, the folder first', innerFirst, true],
  ] as const)('seen %s: they are of the organization, and nothing is rewritten by turns', async ([
    ,
    order,
    isNarrow,
  ]) => {
    const { alternate, selectInside, inside, endings } = await start({ isNarrow });
    await alternate(2, order);

    const { summaries, written } = await alternate(4, order);

    expect(written).toBe(0);
    for (const { outcome, counts } of summaries)
      expect([outcome, counts.changed, counts.missing]).toEqual(['complete', 0, 0]);
    const rows = await selectInside();
    expect(rows).toHaveLength(inside.length);
    expect(inside.length).toBeGreaterThan(5);
    expect(scopesOf(rows)).toEqual(['gcp:main']);
    expect(await endings()).toEqual([]);
  });

  test.for([
    ['alike', false],
    ['with other rights', true],
  ] as const)('seen %s: what the organization no longer sees is handed over and back, and never vanishes', async ([
    ,
    isNarrow,
  ]) => {
    const { fake, folder, isInside, alternate, run, selectInside, endings } = await start({ isNarrow });
    await alternate(2);
    const hide = () => {
      const without = (member: string) => (body: Record<string, unknown>) => {
        const items = z.array(z.looseObject({ name: z.string() })).parse(body[member] ?? []);
        return { ...body, [member]: items.filter(({ name }) => !isInside(name)) };
      };
      for (const operation of ['ListFolders', 'SearchFolders'])
        fake.faults.plan({ operation, effect: { kind: 'alter', alter: without('folders') } });
      fake.faults.plan({ operation: 'SearchProjects', effect: { kind: 'alter', alter: without('projects') } });
    };
    const runs = [];
    for (let round = 0; round < 4; round += 1) {
      hide();
      runs.push(await run('gcp:main'));
      fake.faults.clear();
      runs.push(await run('gcp:inner'));
    }
    const away = await selectInside();
    await alternate(1);
    const { written } = await alternate(3);

    expect(runs.map(({ outcome }) => outcome)).toEqual(Array(8).fill('complete'));
    expect(runs.map(({ counts }) => counts.missing).slice(1)).toEqual(Array(7).fill(0));
    expect(runs[0]?.counts.missing).toBe(away.length);
    expect(scopesOf(away)).toEqual(['gcp:inner']);
    expect(away.find(({ id }) => String(id).endsWith(folder.name))).toMatchObject({ vanished_at: null });
    expect(scopesOf(await selectInside())).toEqual(['gcp:main']);
    expect(written).toBe(0);
    expect(await endings()).toEqual([]);
  });

  test('a project that leaves the folder is the organization’s as before, and missed by nobody', async () => {
    const { organization, isInside, alternate, selectInside, endings } = await start();
    await alternate(2);
    const [moving] = [...organization.projects.values()].filter(
      ({ name, state }) => isInside(name) && state === 'ACTIVE',
    );
    moveProject(organization, moving?.name ?? '', organization.name);

    const { summaries } = await alternate(3);

    expect(summaries.map(({ counts }) => [counts.missing, counts.vanished])).toEqual(Array(6).fill([0, 0]));
    expect(scopesOf(await selectInside())).toEqual(['gcp:main']);
    expect(await endings()).toEqual([]);
  });

  test('an organization that is no longer configured hands over, and takes back what it finds when it is again', async () => {
    const { organization, sources, inside, run, alternate, selectInside, endings } = await start({ isNarrow: true });
    await alternate(2);
    const alone = sources.slice(1);
    for (let count = 0; count < 3; count += 1) await run('gcp:inner', alone);
    const handedOver = await selectInside();
    const labelled = inside.find((name) => name.startsWith('projects/')) ?? '';
    labelProject(organization, labelled, { env: 'changed' });
    const followed = await run('gcp:inner', alone);
    await alternate(1);
    const { written } = await alternate(3);

    expect(scopesOf(handedOver)).toEqual(['gcp:inner']);
    for (const { vanished_at } of handedOver) expect(vanished_at).toBeNull();
    // A project's home stays known, though the folder's credentials do not see so far up.
    const projects = handedOver.filter(({ id }) => !String(id).startsWith('folders/'));
    expect([...new Set(projects.map(({ org_id }) => org_id))]).toEqual([organization.id]);
    expect(followed.counts.changed).toBe(1);
    expect(scopesOf(await selectInside())).toEqual(['gcp:main']);
    expect(written).toBe(0);
    expect(await endings()).toEqual([]);
  });
});
