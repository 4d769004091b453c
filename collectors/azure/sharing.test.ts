// Two tenants of Azure that see one subscription, as Lighthouse projects it: whose record it is, through the runner into both databases.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { createTenant } from '#testkit/azure/create-tenant.ts';
import {
  delegateSubscription,
  grantReader,
  hideEntity,
  removeSubscription,
  renameSubscription,
  revokeReader,
  showEntity,
  undelegateSubscription,
} from '#testkit/azure/mutations.ts';
import { runSources } from '../run.contract.ts';
import { collector } from './collector.ts';
import { accessOf, secretSource, startAzure, tenantId } from './observe.contract.ts';

const homeId = '99999999-aaaa-4bbb-8ccc-0123456789ab';
const both = ['azure:main', 'azure:home'];

describe.for(databases)('a subscription that two tenants see, on $dialect', ({ open }) => {
  let store: TestStore;
  let tenants = 0;

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  /** The managing tenant is `azure:main`, the home tenant `azure:home`; one subscription of it is delegated. */
  async function start(lighthouse_tenant: 'home' | 'managing' = 'home') {
    tenants += 1;
    const tenant = `tenant-${tenants}`;
    const home = createTenant({ id: homeId, subscriptions: 12 });
    const managing = createTenant({ id: tenantId, subscriptions: 12 });
    const [shared = ''] = home.subscriptions.keys();
    delegateSubscription(home, shared, managing.id);
    const options = { tenants: [managing, home], behaviour: { lighthouse_tenant, empty_page_ratio: 0 } };
    const { fake, application, source } = await startAzure(options);
    const sources = [source, { ...(await secretSource(fake, application, homeId)), name: 'home' }];
    const select = async (): Promise<Row | undefined> =>
      (await store.query(`select * from cloud_accounts where tenant_id = '${tenant}' and id = '${shared}'`))[0];
    const eventTypes = async () =>
      (
        await store.query(
          `select event_type from events where tenant_id = '${tenant}' and correlation_id is not null order by position`,
        )
      ).map(({ event_type }) => event_type);
    return {
      ...{ home, shared, select, eventTypes },
      access: accessOf(application, home),
      writes: () => countWrites(store, tenant),
      run: (scopes: readonly string[] = both, configured = sources) =>
        runSources(collector, configured, { writer: store.writer, tenant, scopes }),
      sources,
    };
  }

  test.for([
    ['its home tenant', 'home', both],
    ['the managing tenant', 'managing', both],
    ['its home tenant, and is first seen there', 'home', both.toReversed()],
    ['the managing tenant, and is first seen at home', 'managing', both.toReversed()],
  ] as const)('names %s: it is of its home tenant, and neither run rewrites it', async ([, named, order]) => {
    const { run, writes, select } = await start(named);
    for (const scope of [...order, ...order]) await run([scope]);
    const before = await writes();

    for (let round = 0; round < 6; round += 1) {
      for (const scope of order) {
        const { outcome, counts } = await run([scope]);
        expect([outcome, counts.changed, counts.missing, counts.vanished]).toEqual(['complete', 0, 0, 0]);
      }
    }

    expect(await writes()).toBe(before);
    expect(await select()).toMatchObject({ org_id: homeId, scope: 'azure:home', vanished_at: null });
  });

  /** Rounds of a run of each; what they came to, with the rows written meanwhile. */
  async function alternate({ run, writes }: Awaited<ReturnType<typeof start>>, rounds: number) {
    const before = await writes();
    const summaries = [];
    for (let round = 0; round < rounds; round += 1) for (const scope of both) summaries.push(await run([scope]));
    return { summaries, written: (await writes()) - before };
  }

  test('that is no longer delegated is still of its home tenant, and nothing is written', async () => {
    const started = await start();
    await alternate(started, 2);
    undelegateSubscription(started.home, started.shared);
    await alternate(started, 1);
    const { written } = await alternate(started, 4);

    expect(written).toBe(0);
    expect(await started.select()).toMatchObject({ scope: 'azure:home', vanished_at: null, missed_runs: 0 });
  });

  test.for([
    ['is deleted', []],
    ['is no longer delegated and then deleted', [undelegateSubscription]],
  ] as const)('that %s vanishes once and for all, though the managing tenant remembers it', async ([, before]) => {
    const started = await start();
    await alternate(started, 2);
    for (const change of before) {
      change(started.home, started.shared);
      await alternate(started, 1);
    }
    removeSubscription(started.home, started.shared);
    await alternate(started, 3);
    const { written } = await alternate(started, 2);

    expect(await started.select()).toMatchObject({ scope: 'azure:home', vanished_at: expect.any(String) });
    const types = (await started.eventTypes()).filter((type) => /vanished|returned/.test(String(type)));
    expect(types).toEqual(['account.vanished']);
    expect(written).toBe(0);
  });

  test('that its home tenant no longer sees is handed over, comes home again, and never vanishes', async () => {
    const started = await start();
    await alternate(started, 2);
    hideEntity(started.access, started.shared);
    revokeReader(started.access, started.shared);
    await alternate(started, 2);
    const away = await alternate(started, 4);
    const whileAway = await started.select();
    showEntity(started.access, started.shared);
    grantReader(started.access, started.shared);
    await alternate(started, 1);
    const home = await alternate(started, 4);

    expect(whileAway).toMatchObject({ scope: 'azure:main', org_id: homeId, vanished_at: null, missed_runs: 0 });
    expect(await started.select()).toMatchObject({ scope: 'azure:home', org_id: homeId, vanished_at: null });
    expect([away.written, home.written]).toEqual([0, 0]);
    expect(await started.eventTypes()).not.toContain('account.vanished');
  });

  test('whose home tenant is no longer configured is handed over, with what was read of it, and followed', async () => {
    const started = await start();
    await alternate(started, 2);
    const before = await started.select();
    const alone = started.sources.slice(0, 1);
    await started.run(['azure:main'], alone);
    const writes = await started.writes();
    for (let count = 0; count < 4; count += 1) await started.run(['azure:main'], alone);

    const { org_id, parent_id, org_path, name, tags, valid_from } = before ?? {};
    const kept = { org_id, parent_id, org_path, name, tags, valid_from };
    expect(await started.select()).toMatchObject({ ...kept, scope: 'azure:main', vanished_at: null });
    expect(await started.writes()).toBe(writes);
    renameSubscription(started.home, started.shared, 'renamed');
    await started.run(['azure:main'], alone);
    expect(await started.select()).toMatchObject({ name: 'renamed', scope: 'azure:main' });
  });
});
