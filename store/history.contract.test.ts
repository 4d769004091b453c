// What the writers keep of the past is what the readers show of it: intervals without gaps, across vanish and return, on both databases.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountRecordSchema, orgNodeRecordSchema } from '#core/records.ts';
import { type Actor, account, newActor, node, recordOf, run, versionsOf } from './scenario.contract.ts';
import { databases, type TestStore } from './stores.contract.ts';

describe.for(databases)('on $dialect', ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  const accountAt = async (actor: Actor, id: string, as_of?: string) => {
    const json = await store.reader.getAccount({ tenant_id: actor.tenant, provider: 'aws', id, as_of });
    return json === null ? null : JSON.parse(json);
  };
  const idsAt = async (actor: Actor, vanished: 'exclude' | 'only', as_of?: string) => {
    const page = await store.reader.listAccounts({
      ...{ tenant_id: actor.tenant, limit: 100, sort: { field: 'id', descending: false }, tags: [], vanished, as_of },
    });
    return JSON.parse(page.json).map(({ id }: { id: string }) => id);
  };
  // The moments at which a record's content began, oldest first; the last is the present content's.
  const beginnings = async (actor: Actor, id: string) => {
    const versions = await versionsOf(store, actor, `aws/${id}`);
    return [
      ...versions.map((version) => String(version['valid_from'])),
      String((await recordOf(store, actor, id))['valid_from']),
    ];
  };

  test('a record is read as it was at every moment of its life, gone and back again', async () => {
    const actor = newActor();
    const others = [account('2'), account('3')];
    const named = (name: string) => [account('1', { name, tags: { n: name } }), ...others];
    await run(store.writer, actor, named('first'));
    await run(store.writer, actor, named('second'));
    await run(store.writer, actor, others);
    await run(store.writer, actor, others);
    await run(store.writer, actor, named('third'));

    const [discovered = '', changed = '', vanished = '', returned = ''] = await beginnings(actor, '1');
    const states = await Promise.all([discovered, changed, vanished, returned].map((at) => accountAt(actor, '1', at)));
    expect(states).toMatchObject([
      { name: 'first', vanished_at: null, valid_from: discovered, tags: { n: 'first' } },
      { name: 'second', vanished_at: null, valid_from: changed },
      { name: 'second', vanished_at: vanished, vanished_reason: 'unknown', valid_from: vanished },
      { name: 'third', vanished_at: null, vanished_reason: null, valid_from: returned },
    ]);
    expect(await accountAt(actor, '1', momentBefore(discovered))).toBeNull();
    // Half-open: the moment before a change still shows what was replaced.
    const justBefore = await Promise.all(
      [changed, vanished, returned].map((at) => accountAt(actor, '1', momentBefore(at))),
    );
    expect(justBefore.map(({ valid_from }) => valid_from)).toEqual([discovered, changed, vanished]);
    expect(await idsAt(actor, 'exclude', changed)).toEqual(['1', '2', '3']);
    expect(await idsAt(actor, 'exclude', vanished)).toEqual(['2', '3']);
    expect(await idsAt(actor, 'only', vanished)).toEqual(['1']);
    expect(await idsAt(actor, 'exclude', returned)).toEqual(['1', '2', '3']);
  });

  test('the present is the open interval: read at its own beginning it is what is stored', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'a' })]);
    await run(store.writer, actor, [account('1', { name: 'b' })]);
    const present = await accountAt(actor, '1');

    expect(accountRecordSchema.safeParse(present).error).toBeUndefined();
    const { last_seen_at: _seen, monitored_by: _joined, ...now } = present;
    const {
      last_seen_at: _pastSeen,
      monitored_by: _pastJoined,
      ...then
    } = await accountAt(actor, '1', present.valid_from);
    expect(then).toEqual(now);
  });

  test('intervals meet without gap or overlap, whatever follows on what', async () => {
    const actor = newActor();
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await run(store.writer, actor, [account('1', { name }), account('2')]);
    await run(store.writer, actor, [account('2')]);
    await run(store.writer, actor, [account('2')]);
    await run(store.writer, actor, [account('1', { name: 'f' }), account('2')]);

    const versions = await versionsOf(store, actor, 'aws/1');
    const starts = await beginnings(actor, '1');
    expect(versions.map((version) => version['valid_to'])).toEqual(starts.slice(1));
    expect(starts).toEqual([...new Set(starts)].sort());
  });

  test('what was filled in place is part of the version that was open then', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'a' })]);
    const { valid_from } = await recordOf(store, actor, '1');
    await run(store.writer, actor, [account('1', { name: 'a', tags: { late: 'yes' } })]);
    await run(store.writer, actor, [account('1', { name: 'b' })]);

    expect(await accountAt(actor, '1', String(valid_from))).toMatchObject({ name: 'a', tags: { late: 'yes' } });
  });

  test('history lists the present first, and each replaced content with what changed after it', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'a' })]);
    await run(store.writer, actor, [account('1', { name: 'b' })]);

    const page = await store.reader.listHistory({ tenant_id: actor.tenant, limit: 10, kind: 'account', key: 'aws/1' });

    const [present, replaced, ...more] = JSON.parse(page?.json ?? '[]');
    expect(more).toEqual([]);
    const { valid_from } = await recordOf(store, actor, '1');
    expect(present).toMatchObject({ valid_from, valid_to: null });
    expect(replaced).toMatchObject({ valid_to: valid_from, changed_fields: ['name'] });
  });

  test('nodes have a past too', async () => {
    const actor = newActor();
    const seen = (name: string) =>
      run(store.writer, actor, [node('ou-1', { name, depth: 1 })], { enumerated: ['org_node'] });
    await seen('a');
    const { valid_from } = await recordOf(store, actor, 'o-1/ou-1');
    await seen('b');

    const key = { tenant_id: actor.tenant, id: 'o-1/ou-1' };
    const then = JSON.parse((await store.reader.getOrgNode({ ...key, as_of: String(valid_from) })) ?? 'null');
    expect(then).toMatchObject({ name: 'a', depth: 1, kind: 'ou' });
    const now = JSON.parse((await store.reader.getOrgNode(key)) ?? 'null');
    expect(orgNodeRecordSchema.safeParse(now).error).toBeUndefined();
  });

  test("another tenant's past is not there", async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'a' })]);
    const { valid_from } = await recordOf(store, actor, '1');
    await run(store.writer, actor, [account('1', { name: 'b' })]);

    expect(await accountAt(newActor(), '1', String(valid_from))).toBeNull();
  });
});

function momentBefore(time: string): string {
  return new Date(Date.parse(time) - 1).toISOString();
}
