// Absence needs proof: misses, vanishing and returning, restricted kinds, the shrink guard and confirmation, on both databases.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Observation } from '#core/observation.ts';
import {
  type Actor,
  account,
  eventsOf,
  eventTypesOf,
  newActor,
  node,
  openRun,
  recordOf,
  run,
  scopeOf,
  skippedAccounts,
  versionsOf,
} from './scenario.contract.ts';
import { countWrites, databases, type TestStore } from './stores.contract.ts';

describe.for(databases)('on $dialect', ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  const enumeratedAt = async (actor: Actor) => (await scopeOf(store, actor))['enumerated_at'] as Record<string, string>;
  const missed = async (actor: Actor) => {
    const rows = await store.query(
      `select id from cloud_accounts where tenant_id = '${actor.tenant}' and missed_runs > 0 and vanished_at is null`,
    );
    return rows.length;
  };
  const vanished = async (actor: Actor, table = 'cloud_accounts') => {
    const rows = await store.query(
      `select id from ${table} where tenant_id = '${actor.tenant}' and vanished_at is not null order by id`,
    );
    return rows.map((row) => row['id']);
  };

  test('missing once is remembered in place: no version, no event, last seen when the kind was last enumerated', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    await run(store.writer, actor, accounts(10));
    const lastEnumerated = (await enumeratedAt(actor))['account'];
    const before = await recordOf(store, actor, '9');

    const result = await run(store.writer, actor, accounts(9));

    expect(result).toMatchObject({ outcome: 'complete', reason: null, missing: 1, vanished: 0 });
    expect(await recordOf(store, actor, '9')).toEqual({ ...before, missed_runs: 1, last_seen_at: lastEnumerated });
    expect(await versionsOf(store, actor, 'aws/9')).toEqual([]);
    expect(await eventTypesOf(store, actor)).not.toContain('account.vanished');
  });

  test('a record written after the last enumeration was last seen when it was written', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(9));
    await run(store.writer, actor, accounts(10), { outcome: 'failed' });
    const { valid_from } = await recordOf(store, actor, '9');

    await run(store.writer, actor, accounts(9));

    expect(await recordOf(store, actor, '9')).toMatchObject({ missed_runs: 1, last_seen_at: valid_from });
  });

  test('a record that is missed when its kind is listed for the first time was last seen when it was written', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10), { outcome: 'failed' });
    const { valid_from } = await recordOf(store, actor, '9');

    const result = await run(store.writer, actor, accounts(9));

    expect(result).toMatchObject({ outcome: 'complete', missing: 1, vanished: 0 });
    expect(await recordOf(store, actor, '9')).toMatchObject({ missed_runs: 1, last_seen_at: valid_from });
  });

  test('seen again after one miss it is as if nothing had happened', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    const before = await recordOf(store, actor, '9');
    await run(store.writer, actor, accounts(9));

    const back = await run(store.writer, actor, accounts(10));

    expect(back.upserted).toMatchObject({ changed: 0, unchanged: 10, resurrected: 0 });
    expect(await recordOf(store, actor, '9')).toEqual(before);
    await run(store.writer, actor, accounts(9));
    expect(await vanished(actor)).toEqual([]);
  });

  test('what a run that failed has seen is not missing any more: the next miss is its first', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    await run(store.writer, actor, accounts(9));

    await run(store.writer, actor, accounts(10), { outcome: 'failed' });

    expect(await recordOf(store, actor, '9')).toMatchObject({ missed_runs: 0, last_seen_at: null });
    expect(await run(store.writer, actor, accounts(9))).toMatchObject({ missing: 1, vanished: 0 });
  });

  test('missing twice in a row it vanishes, with a version and an event, and stays readable', async () => {
    const actor = newActor();
    const first = await run(store.writer, actor, accounts(10));
    const before = await recordOf(store, actor, '9');
    await run(store.writer, actor, accounts(9));
    const { last_seen_at } = await recordOf(store, actor, '9');
    // As if an older release had written it.
    await store.query(`update cloud_accounts set source = 'aws/0.9.0' where tenant_id = '${actor.tenant}'`);

    const second = await run(store.writer, actor, accounts(9));

    expect(second).toMatchObject({ outcome: 'complete', missing: 0, vanished: 1 });
    const row = await recordOf(store, actor, '9');
    expect(row).toMatchObject({
      ...{ vanished_reason: 'unknown', last_seen_at, missed_runs: 2, run_id: second.run_id, source: 'aws/1.0.0' },
      ...{ provenance: before['provenance'], content_hash: before['content_hash'], vanished_at: row['valid_from'] },
    });
    const [version, ...more] = await versionsOf(store, actor, 'aws/9');
    expect(more).toEqual([]);
    expect(version).toMatchObject({
      ...{ valid_from: before['valid_from'], valid_to: row['valid_from'], run_id: first.run_id },
      ...{ changed_fields: ['vanished_at', 'vanished_reason'] },
      content: { source: 'aws/0.9.0', vanished_at: null, vanished_reason: null },
    });
    expect((await eventsOf(store, actor)).at(-1)).toMatchObject({
      ...{ event_type: 'account.vanished', correlation_id: second.run_id, timestamp: row['valid_from'] },
      payload: { id: '9', reason: 'unknown', last_seen_at },
    });
    const writes = await countWrites(store, actor.tenant);
    await run(store.writer, actor, accounts(9));
    expect(await countWrites(store, actor.tenant)).toBe(writes);
  });

  test('a closing record that is gone has closed', async () => {
    const actor = newActor();
    const closing = account('c', { lifecycle: 'closing' });
    await run(store.writer, actor, [...accounts(9), closing]);
    await run(store.writer, actor, accounts(9));
    await run(store.writer, actor, accounts(9));

    expect(await recordOf(store, actor, 'c')).toMatchObject({ vanished_reason: 'closed' });
  });

  test('seen again it returns, with what changed meanwhile', async () => {
    const actor = newActor();
    const named = (name: string) => [...accounts(9), account('r', { name })];
    await run(store.writer, actor, named('old'));
    await run(store.writer, actor, accounts(9));
    await run(store.writer, actor, accounts(9));
    const gone = await recordOf(store, actor, 'r');

    const back = await run(store.writer, actor, named('new'));

    expect(back.upserted).toMatchObject({ inserted: 0, changed: 1, resurrected: 1, unchanged: 9 });
    expect(await recordOf(store, actor, 'r')).toMatchObject({
      ...{ vanished_at: null, vanished_reason: null, missed_runs: 0, last_seen_at: null, name: 'new' },
      discovered_at: gone['discovered_at'],
    });
    const versions = await versionsOf(store, actor, 'aws/r');
    expect(versions.map((version) => version['changed_fields'])).toEqual([
      ['vanished_at', 'vanished_reason'],
      ['name', 'vanished_at', 'vanished_reason'],
    ]);
    expect(versions[1]?.['content']).toMatchObject({ vanished_at: gone['vanished_at'], vanished_reason: 'unknown' });
    const last = (await eventsOf(store, actor)).at(-1);
    expect(last).toMatchObject({ event_type: 'account.returned', correlation_id: back.run_id });
    expect(last?.['payload']).toMatchObject({
      ...{ id: 'r', vanished_at: gone['vanished_at'], changed: [{ path: '/name', from: 'old', to: 'new' }] },
    });
  });

  test.for(['failed', 'skipped'] as const)('a scope that ended %s proves nothing', async (outcome) => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    const before = await enumeratedAt(actor);

    const result = await run(store.writer, actor, accounts(3), { outcome, reason: 'AccessDenied' });

    expect(result).toMatchObject({ outcome, reason: 'AccessDenied', missing: 0, vanished: 0 });
    expect(await missed(actor)).toBe(0);
    expect(await enumeratedAt(actor)).toEqual(before);
  });

  test('a kind that was not enumerated is neither seen nor missing', async () => {
    const actor = newActor();
    await run(store.writer, actor, [...accounts(2), node('ou-1')], { enumerated: ['account', 'org_node'] });
    const before = { account: '2026-01-01T00:00:00.000Z', org_node: '2026-01-01T00:00:00.000Z' };
    await store.query(
      `update scopes set enumerated_at = '${JSON.stringify(before)}' where tenant_id = '${actor.tenant}'`,
    );

    const result = await run(store.writer, actor, accounts(2));

    expect(result).toMatchObject({ outcome: 'complete', missing: 0 });
    expect(await recordOf(store, actor, 'o-1/ou-1')).toMatchObject({ missed_runs: 0 });
    const after = await enumeratedAt(actor);
    expect(after['org_node']).toBe(before.org_node);
    expect(after['account']).not.toBe(before.account);
  });

  test('of a restricted kind only closing and closed records are missing, and no time of enumeration is claimed', async () => {
    const actor = newActor();
    const ending = [account('c1', { lifecycle: 'closing' }), account('c2', { lifecycle: 'closed' })];
    await run(store.writer, actor, [...accounts(30), ...ending]);
    const before = { account: '2026-01-01T00:00:00.000Z' };
    await store.query(
      `update scopes set enumerated_at = '${JSON.stringify(before)}' where tenant_id = '${actor.tenant}'`,
    );
    const partly = { outcome: 'partial', restricted: true, skipped: skippedAccounts } as const;

    const once = await run(store.writer, actor, accounts(20), partly);
    const twice = await run(store.writer, actor, accounts(20), partly);

    expect([once, twice]).toMatchObject([
      { outcome: 'partial', missing: 2, vanished: 0 },
      { outcome: 'partial', missing: 0, vanished: 2 },
    ]);
    expect(await vanished(actor)).toEqual(['c1', 'c2']);
    expect(await missed(actor)).toBe(0);
    expect(await enumeratedAt(actor)).toEqual(before);
  });

  test('a group of fields that could not be read does not hinder absence', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    const skipped = [{ what: 'tags', kinds: [], cause: 'AccessDenied' }];
    const partial = { outcome: 'partial', skipped } as const;

    await run(store.writer, actor, accounts(9), partial);
    const second = await run(store.writer, actor, accounts(9), partial);

    expect(second).toMatchObject({ outcome: 'partial', vanished: 1 });
  });

  test('a record that was seen though its observation was refused is not missing, and its miss is cleared', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    await run(store.writer, actor, accounts(9));
    const open = await openRun(store.writer, actor);
    await open.upsert(accounts(9));

    const seen = new Set(accounts(10).map(({ key }) => key));
    await open.finish({ outcome: 'partial', enumerated: [{ kind: 'account', seen, inserted: 0, restricted: true }] });

    expect(await recordOf(store, actor, '9')).toMatchObject({ missed_runs: 0, last_seen_at: null });
  });

  test.for([
    { live: 100, gone: 20, outcome: 'complete', why: '20 % is not more than 20 %' },
    { live: 100, gone: 21, outcome: 'held', why: 'more than 20 % and more than 5' },
    { live: 10, gone: 5, outcome: 'complete', why: '5 is not more than 5' },
    { live: 10, gone: 6, outcome: 'held', why: '6 of 10' },
    { live: 2, gone: 2, outcome: 'held', why: 'all of them' },
    { live: 1, gone: 1, outcome: 'held', why: 'the only one' },
  ] as const)('$gone of $live gone: $outcome, for $why', async ({ live, gone, outcome }) => {
    const actor = newActor();
    await run(store.writer, actor, accounts(live));

    await run(store.writer, actor, accounts(live - gone));
    const second = await run(store.writer, actor, accounts(live - gone));

    const held = outcome === 'held';
    expect(second).toMatchObject({ outcome, missing: held ? gone : 0, vanished: held ? 0 : gone });
    expect(await vanished(actor)).toHaveLength(held ? 0 : gone);
    expect((await scopeOf(store, actor))['held']).toEqual(held ? { account: second.run_id } : {});
    expect(second.reason).toBe(held ? `held: ${gone} records of kind account would vanish` : null);
  });

  test('what this run inserted does not dilute the share that would vanish', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    await run(store.writer, actor, accounts(4));
    const fresh = Array.from({ length: 100 }, (_, index) => account(`new${index}`));

    const second = await run(store.writer, actor, [...accounts(4), ...fresh]);

    expect(second).toMatchObject({ outcome: 'held', vanished: 0 });
  });

  test('the same observation made again does not release a held kind, and a held run is not complete', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    await run(store.writer, actor, accounts(2));
    const before = await scopeOf(store, actor);

    const held: string[] = [];
    const writes: number[] = [];
    for (let again = 0; again < 3; again += 1) {
      const { outcome, run_id } = await run(store.writer, actor, accounts(2), { memo: { again } });
      expect(outcome).toBe('held');
      held.push(run_id);
      writes.push(await countWrites(store, actor.tenant));
    }

    expect(await vanished(actor)).toEqual([]);
    expect(writes).toEqual([writes[0], writes[0], writes[0]]);
    expect(await recordOf(store, actor, '1')).toMatchObject({ missed_runs: 0 });
    expect(await recordOf(store, actor, '9')).toMatchObject({ missed_runs: 2 });
    const scope = await scopeOf(store, actor);
    expect(scope).toMatchObject({ held: { account: held[2] }, memo: { again: 2 } });
    expect(scope['last_complete_run_id']).toBe(before['last_complete_run_id']);
  });

  test('while it is held nothing of the kind vanishes, until all of the held set was seen again', async () => {
    const actor = newActor();
    const without = (...gone: number[]) => accounts(20).filter((_, index) => !gone.includes(index));
    const most = [0, 1, 2, 3, 4, 5, 6];
    await run(store.writer, actor, accounts(20));
    await run(store.writer, actor, without(...most));
    expect(await run(store.writer, actor, without(...most))).toMatchObject({ outcome: 'held' });

    // All but one are back, and another one goes: alone it would be far below the guard.
    await run(store.writer, actor, without(0, 19));
    expect(await run(store.writer, actor, without(0, 19))).toMatchObject({ outcome: 'held', vanished: 0 });

    expect(await run(store.writer, actor, without(19))).toMatchObject({ outcome: 'held', vanished: 0 });
    expect(await run(store.writer, actor, accounts(20))).toMatchObject({ outcome: 'complete', vanished: 0 });
    expect((await scopeOf(store, actor))['held']).toEqual({});
    await run(store.writer, actor, without(19));
    expect(await run(store.writer, actor, without(19))).toMatchObject({ outcome: 'complete', vanished: 1 });
  });

  test('kinds are held apart: all nodes gone, accounts go on', async () => {
    const actor = newActor();
    const both = { enumerated: ['account', 'org_node'] } as const;
    await run(store.writer, actor, [...accounts(10), node('ou-1'), node('ou-2')], both);
    await run(store.writer, actor, accounts(9), both);

    const second = await run(store.writer, actor, accounts(9), both);

    expect(second).toMatchObject({ outcome: 'held', missing: 2, vanished: 1 });
    expect(await vanished(actor)).toEqual(['9']);
    expect(await vanished(actor, 'org_nodes')).toEqual([]);
    expect((await scopeOf(store, actor))['held']).toEqual({ org_node: second.run_id });
  });

  test('a run that does not enumerate a held kind leaves it held and is complete itself', async () => {
    const actor = newActor();
    const held = await holdAll(store, actor);

    const other = await run(store.writer, actor, [node('ou-1')], { enumerated: ['org_node'] });

    expect(other).toMatchObject({ outcome: 'complete' });
    expect((await scopeOf(store, actor))['held']).toEqual({ account: held.run_id });
  });

  test('held outranks partial, failed outranks held', async () => {
    const actor = newActor();
    await holdAll(store, actor);

    expect(await run(store.writer, actor, [], { outcome: 'partial', reason: 'tags' })).toMatchObject({
      outcome: 'held',
      reason: 'tags; held: 3 records of kind account would vanish',
    });
    expect(await run(store.writer, actor, [], { outcome: 'failed', reason: 'boom' })).toMatchObject({
      outcome: 'failed',
      reason: 'boom',
    });
  });

  test('a held run that could not list all says how many a confirmation would make vanish', async () => {
    const actor = newActor();
    await holdAll(store, actor);
    const how = { outcome: 'partial', restricted: true } as const;

    const held = await run(store.writer, actor, [account('0'), account('new')], how);

    expect(held).toMatchObject({ outcome: 'held', reason: 'held: 2 records of kind account would vanish' });
    expect(await store.writer.confirmHeld(confirmationOf(actor, held.run_id))).toEqual({ vanished: 2 });
  });

  test('confirming the latest held run vanishes what it held, in its name', async () => {
    const actor = newActor();
    const held = await holdAll(store, actor);
    const neighbour = newActor();
    const heldThere = await holdAll(store, neighbour);
    const before = await recordOf(store, actor, '0');

    const confirmed = await store.writer.confirmHeld(confirmationOf(actor, held.run_id));

    expect(confirmed).toEqual({ vanished: 3 });
    expect(await vanished(actor)).toEqual(['0', '1', '2']);
    expect((await scopeOf(store, actor))['held']).toEqual({});
    expect(await vanished(neighbour)).toEqual([]);
    expect((await scopeOf(store, neighbour))['held']).toEqual({ account: heldThere.run_id });
    expect(await recordOf(store, actor, '0')).toMatchObject({ run_id: held.run_id, provenance: before['provenance'] });
    const events = (await eventsOf(store, actor)).filter((event) => event['event_type'] === 'account.vanished');
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({ correlation_id: held.run_id, source: 'aws/1.0.0' });
    expect(await versionsOf(store, actor, 'aws/0')).toHaveLength(1);
    await expect(store.writer.confirmHeld(confirmationOf(actor, held.run_id))).rejects.toMatchObject(notHeld);
  });

  test('of more records than are looked at at once each vanishes once', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(501));
    await run(store.writer, actor, []);
    const held = await run(store.writer, actor, []);

    expect(await store.writer.confirmHeld(confirmationOf(actor, held.run_id))).toEqual({ vanished: 501 });

    expect(await vanished(actor)).toHaveLength(501);
    const types = await eventTypesOf(store, actor);
    expect(types.filter((type) => type === 'account.vanished')).toHaveLength(501);
    const versions = await store.query(`select key from record_versions where tenant_id = '${actor.tenant}'`);
    expect(versions).toHaveLength(501);
  });

  test('what two scopes of a tenant hold is confirmed of each by itself', async () => {
    const actor = newActor({ configured: ['aws:main', 'aws:other'] });
    const other = { ...actor, scope: 'aws:other' };
    const held = await holdAll(store, actor);
    await run(store.writer, other, [account('o')]);
    await run(store.writer, other, []);
    const heldThere = await run(store.writer, other, []);

    expect(await store.writer.confirmHeld(confirmationOf(other, heldThere.run_id))).toEqual({ vanished: 1 });

    expect(await vanished(actor)).toEqual(['o']);
    expect((await scopeOf(store, actor))['held']).toEqual({ account: held.run_id });
    expect(await store.writer.confirmHeld(confirmationOf(actor, held.run_id))).toEqual({ vanished: 3 });
  });

  test('only the latest held run can be confirmed', async () => {
    const actor = newActor();
    const older = await holdAll(store, actor);
    const latest = await run(store.writer, actor, []);

    for (const wrong of [older.run_id, randomUUID()]) {
      await expect(store.writer.confirmHeld(confirmationOf(actor, wrong))).rejects.toMatchObject({
        ...notHeld,
        message: `${wrong} is not the latest run that held ${actor.scope}: its records of kind account are held by ${latest.run_id}`,
      });
    }
    const nowhere = newActor();
    await run(store.writer, nowhere, []);
    await expect(store.writer.confirmHeld(confirmationOf(nowhere, latest.run_id))).rejects.toMatchObject({
      message: expect.stringMatching(/: nothing of it is held$/),
    });
    await expect(store.writer.confirmHeld(confirmationOf(newActor(), latest.run_id))).rejects.toMatchObject(notHeld);
    expect(await vanished(actor)).toEqual([]);
    expect(await store.writer.confirmHeld(confirmationOf(actor, latest.run_id))).toEqual({ vanished: 3 });
  });

  test('a confirmation waits for nobody: while a run has the scope it is refused', async () => {
    const actor = newActor();
    const held = await holdAll(store, actor);
    const open = await openRun(store.writer, actor);

    await expect(store.writer.confirmHeld(confirmationOf(actor, held.run_id))).rejects.toMatchObject({
      name: 'StoreError',
      code: 'lease_held',
      retryable: false,
    });

    await open.finish({ outcome: 'failed' });
    expect(await store.writer.confirmHeld(confirmationOf(actor, held.run_id))).toEqual({ vanished: 3 });
  });

  test('confirming vanishes the held set alone: what lives, and what was missed once meanwhile, stays', async () => {
    const actor = newActor();
    await run(store.writer, actor, accounts(10));
    await run(store.writer, actor, accounts(3));
    await run(store.writer, actor, accounts(3));
    const held = await run(store.writer, actor, accounts(2));

    expect(await store.writer.confirmHeld(confirmationOf(actor, held.run_id))).toEqual({ vanished: 7 });

    expect(await vanished(actor)).toEqual(['3', '4', '5', '6', '7', '8', '9']);
    expect(await recordOf(store, actor, '2')).toMatchObject({ missed_runs: 1, vanished_at: null });
    expect(await recordOf(store, actor, '1')).toMatchObject({ missed_runs: 0, vanished_at: null });
  });

  test('confirmation is per kind: what was missed of another one stays', async () => {
    const actor = newActor();
    const both = { enumerated: ['account', 'org_node'] } as const;
    const nodes = [node('ou-1'), node('ou-2'), node('ou-3')];
    await run(store.writer, actor, [...accounts(3), ...nodes], both);
    await run(store.writer, actor, nodes, both);
    const held = await run(store.writer, actor, nodes.slice(1), both);

    expect(await store.writer.confirmHeld(confirmationOf(actor, held.run_id))).toEqual({ vanished: 3 });

    expect(await vanished(actor, 'org_nodes')).toEqual([]);
    expect(await recordOf(store, actor, 'o-1/ou-1')).toMatchObject({ missed_runs: 1 });
  });

  test('how a scope ended is in its row of the run: counts, reason, skipped parts, times', async () => {
    const actor = newActor();
    const counts = { pages: 1, seen: 2, inserted: 3, changed: 4, unchanged: 5, resurrected: 6, rejected: 7 };

    const { run_id } = await run(store.writer, actor, accounts(1), {
      ...{ outcome: 'partial', reason: 'AccessDenied', counts, skipped: skippedAccounts, memo: { walked: 1 } },
    });

    const [row] = await store.query(`select * from run_scopes where run_id = '${run_id}'`);
    expect(row).toMatchObject({
      ...{ scope: actor.scope, outcome: 'partial', reason: 'AccessDenied', skipped: skippedAccounts },
      ...{ ...counts, missing: 0, vanished: 0, started_at: utcTime, finished_at: utcTime },
    });
    expect(await scopeOf(store, actor)).toMatchObject({
      ...{ memo: { walked: 1 }, last_complete_at: null, last_complete_run_id: null, org_id: null },
      ...{ holder_run_id: null, lease_expires_at: null, last_attempt_at: utcTime },
    });
  });
});

const notHeld = { name: 'RequestError', code: 'not_held', status: 409 };
const utcTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

function accounts(count: number): Observation[] {
  return Array.from({ length: count }, (_, index) => account(String(index), { lifecycle: 'active' }));
}

// Three accounts of which none is seen twice in a row.
async function holdAll(store: TestStore, actor: Actor): Promise<{ run_id: string }> {
  await run(store.writer, actor, accounts(3));
  await run(store.writer, actor, []);
  return await run(store.writer, actor, []);
}

function confirmationOf(actor: Actor, run_id: string) {
  return { tenant_id: actor.tenant, run_id, scope: actor.scope };
}
