// A record belongs to the scope that first wrote it: who else may take it over, and which root a scope pins, on both databases.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Actor,
  account,
  eventTypesOf,
  newActor,
  node,
  openRun,
  recordOf,
  run,
  scopeOf,
  versionsOf,
} from './scenario.contract.ts';
import { countWrites, databases, type TestStore } from './stores.contract.ts';

describe.for(databases)('on $dialect', ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  test('another scope that sees a record changes nothing, whatever it reads', async () => {
    const { owner, other } = twoScopes();
    await run(store.writer, owner, [account('1', { name: 'owner' })]);
    const before = await recordOf(store, owner, '1');
    const writes = await countWrites(store, owner.tenant);

    const seen = await run(store.writer, other, [account('1', { name: 'other', tags: {} }, { raw: 'other' })]);

    expect(seen.upserted).toMatchObject({ inserted: 0, changed: 0, unchanged: 1 });
    expect(seen).toMatchObject({ missing: 0, vanished: 0 });
    expect(await recordOf(store, owner, '1')).toEqual(before);
    expect(await countWrites(store, owner.tenant)).toBe(writes);
  });

  test("a record whose home is the seeing scope's root, and not the owner's, is handed over in place", async () => {
    const { owner, other } = twoScopes({ root: 'o-2' });
    await run(store.writer, owner, [account('1', { org_id: 'o-2', name: 'one' })]);
    const before = await recordOf(store, owner, '1');

    const taken = await run(store.writer, other, [account('1', { org_id: 'o-2', name: 'one' })]);

    expect(taken.upserted).toMatchObject({ changed: 0, unchanged: 1 });
    const after = await recordOf(store, owner, '1');
    expect(after).toMatchObject({ scope: other.scope, run_id: taken.run_id, valid_from: before['valid_from'] });
    expect(after['provenance']).toMatchObject({ scope: other.scope, run_id: taken.run_id });
    expect(await versionsOf(store, owner, 'aws/1')).toEqual([]);
    expect(await eventTypesOf(store, owner)).toEqual(['account.discovered']);
    const again = await run(store.writer, owner, [account('1', { org_id: 'o-2', name: 'one' })]);
    expect(again).toMatchObject({ missing: 0, upserted: { changed: 0, unchanged: 1 } });
    expect(await recordOf(store, owner, '1')).toEqual(after);
  });

  test('a change that comes with the hand-over is a change as ever', async () => {
    const { owner, other } = twoScopes({ root: 'o-2' });
    await run(store.writer, owner, [account('1', { name: 'one', tags: { env: 'prod' } })]);

    const taken = await run(store.writer, other, [account('1', { org_id: 'o-2', name: 'two' })]);

    expect(taken.upserted).toMatchObject({ changed: 1, unchanged: 0 });
    expect(await recordOf(store, owner, '1')).toMatchObject({
      ...{ scope: other.scope, org_id: 'o-2', name: 'two' },
      tags: { env: 'prod' },
    });
    expect((await versionsOf(store, owner, 'aws/1'))[0]).toMatchObject({
      ...{ changed_fields: ['name', 'org_id'], content: { scope: owner.scope } },
    });
    expect(await eventTypesOf(store, owner)).toEqual(['account.discovered', 'account.moved']);
  });

  test('an answer that the provider dates before the stored one takes nothing over', async () => {
    const { owner, other } = twoScopes({ root: 'o-2' });
    const at = (second: number) => ({ provider_updated_at: `2026-01-01T00:00:0${second}.000Z` });
    await run(store.writer, owner, [account('1', { org_id: 'o-2' }, at(5))]);
    const before = await recordOf(store, owner, '1');

    await run(store.writer, other, [account('1', { org_id: 'o-2' }, at(4))]);
    expect(await recordOf(store, owner, '1')).toEqual(before);

    await run(store.writer, other, [account('1', { org_id: 'o-2' }, at(5))]);
    expect(await recordOf(store, owner, '1')).toMatchObject({ scope: other.scope });
  });

  test('two scopes of one organization do not take records from each other, even before either has a pinned root', async () => {
    const { owner, other } = twoScopes({ root: 'o-1' });
    const partial = { outcome: 'partial' } as const;
    await run(store.writer, owner, [account('1')], partial);

    await run(store.writer, other, [account('1')], partial);
    expect(await recordOf(store, owner, '1')).toMatchObject({ scope: owner.scope });
    await run(store.writer, other, [account('1')]);
    await run(store.writer, other, [account('1')]);
    expect(await recordOf(store, owner, '1')).toMatchObject({ scope: other.scope });
    await run(store.writer, owner, [account('1')]);
    await run(store.writer, owner, [account('1')]);

    expect(await recordOf(store, owner, '1')).toMatchObject({ scope: other.scope });
  });

  test("what another tenant's scope of the owner's name has pinned means nothing", async () => {
    const { owner, other } = twoScopes({ root: 'o-1' });
    await run(store.writer, newActor({ scope: owner.scope, root: 'o-9' }), [account('1', { org_id: 'o-9' })]);
    await run(store.writer, owner, [account('1')]);

    await run(store.writer, other, [account('1')]);

    expect(await recordOf(store, owner, '1')).toMatchObject({ scope: owner.scope });
  });

  test('a record that its owner has missed is handed over', async () => {
    const { owner, other } = twoScopes();
    await run(store.writer, owner, [account('1', { name: 'one' }), account('2')]);
    await run(store.writer, owner, [account('2')]);

    const taken = await run(store.writer, other, [account('1', { name: 'one' })]);

    expect(taken.upserted).toMatchObject({ changed: 0, unchanged: 1 });
    expect(await recordOf(store, owner, '1')).toMatchObject({ scope: other.scope, missed_runs: 0, last_seen_at: null });
    expect(await run(store.writer, owner, [account('2')])).toMatchObject({ missing: 0, vanished: 0 });
    expect(await versionsOf(store, owner, 'aws/1')).toEqual([]);
  });

  test('a vanished record that another scope sees returns as its own', async () => {
    const { owner, other } = twoScopes();
    await run(store.writer, owner, [account('1'), account('2')]);
    await run(store.writer, owner, [account('2')]);
    await run(store.writer, owner, [account('2')]);

    const taken = await run(store.writer, other, [account('1')]);

    expect(taken.upserted).toMatchObject({ changed: 1, resurrected: 1 });
    expect(await recordOf(store, owner, '1')).toMatchObject({ scope: other.scope, vanished_at: null });
    expect((await eventTypesOf(store, owner)).at(-1)).toBe('account.returned');
  });

  test('a record whose owner is no longer configured is handed over', async () => {
    const { owner, other } = twoScopes();
    await run(store.writer, owner, [account('1')]);

    await run(store.writer, { ...other, configured: [other.scope] }, [account('1')]);

    expect(await recordOf(store, owner, '1')).toMatchObject({ scope: other.scope });
  });

  test('nodes are handed over alike', async () => {
    const { owner, other } = twoScopes({ root: 'o-2' });
    const nodes = { enumerated: ['org_node'] } as const;
    await run(store.writer, owner, [node('ou-1', { org_id: 'o-2' })], nodes);

    await run(store.writer, other, [node('ou-1', { org_id: 'o-2' })], nodes);

    expect(await recordOf(store, owner, 'o-1/ou-1')).toMatchObject({ scope: other.scope });
  });

  test('the first complete run pins the root, and the next run is told of it', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1')], { outcome: 'partial' });
    expect(await scopeOf(store, actor)).toMatchObject({ org_id: null });

    const complete = await run(store.writer, actor, [account('1')], { memo: { seen: ['a'] } });

    expect(await scopeOf(store, actor)).toMatchObject({ org_id: 'o-1', last_complete_run_id: complete.run_id });
    const next = await openRun(store.writer, actor);
    expect(next).toMatchObject({ org_id: 'o-1', memo: { seen: ['a'] } });
    await next.finish({ root: 'o-9', outcome: 'failed', memo: { seen: ['b'] } });
    expect(await scopeOf(store, actor)).toMatchObject({ org_id: 'o-1', memo: { seen: ['a'] } });
  });

  test('a complete run of another root, which the configuration must have named, pins that one', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1')]);

    await run(store.writer, { ...actor, root: 'o-2' }, [account('1')]);

    expect(await scopeOf(store, actor)).toMatchObject({ org_id: 'o-2' });
  });

  test('two scopes that write the same new record at once end with one record, one owner and one discovery', async () => {
    const { owner, other } = twoScopes();
    const [one, two] = [await openRun(store.writer, owner), await openRun(store.writer, other)];
    const observations = Array.from({ length: 50 }, (_, index) => account(String(index), { name: 'same' }));

    const results = await Promise.all([one.upsert(observations), two.upsert([...observations].reverse())]);

    expect(results.map(({ inserted }) => inserted).sort()).toEqual([0, 50]);
    expect(results.map(({ unchanged }) => unchanged).sort()).toEqual([0, 50]);
    expect(await eventTypesOf(store, owner)).toHaveLength(50);
  });

  test('two scopes that change the same records at once lose no version', async () => {
    const { owner, other } = twoScopes();
    const both = { ...other, configured: [other.scope] };
    const observations = (name: string) => Array.from({ length: 50 }, (_, index) => account(String(index), { name }));
    await run(store.writer, owner, observations('old'));
    const [one, two] = [await openRun(store.writer, owner), await openRun(store.writer, both)];

    const results = await Promise.all([one.upsert(observations('one')), two.upsert(observations('two').reverse())]);

    // Whoever comes second changes what the first one wrote, or may not write it any more.
    const changed = results.reduce((sum, result) => sum + result.changed, 0);
    const versions = await store.query(`select key from record_versions where tenant_id = '${owner.tenant}'`);
    expect(versions).toHaveLength(changed);
    expect(changed).toBeGreaterThanOrEqual(50);
    const { scope, name } = await recordOf(store, owner, '7');
    expect(name).toBe(scope === other.scope ? 'two' : 'one');
  });

  test('many scopes that change the same records at once all get through, one after the other', async () => {
    const { owner } = twoScopes();
    const scopes = ['aws:1', 'aws:2', 'aws:3', 'aws:4', 'aws:5', 'aws:6'];
    const runs = await Promise.all(
      scopes.map((scope) => openRun(store.writer, { ...owner, scope, configured: [scope] })),
    );
    const observations = (name: string) => Array.from({ length: 50 }, (_, index) => account(String(index), { name }));

    const results = await Promise.all(runs.map((open, index) => open.upsert(observations(`name ${index}`))));

    expect(results.map(({ inserted }) => inserted).sort()).toEqual([0, 0, 0, 0, 0, 50]);
    expect(results.map(({ changed }) => changed).sort()).toEqual([0, 50, 50, 50, 50, 50]);
  });
});

// Two configured scopes of one tenant; the owner answers for o-1.
function twoScopes({ root = 'o-9' }: { root?: string } = {}): { owner: Actor; other: Actor } {
  const configured = ['aws:main', 'aws:other'];
  const owner = newActor({ configured });
  return { owner, other: { ...owner, scope: 'aws:other', root } };
}
