// One writer per scope: runs that meet at a scope's lease, on both databases.
import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProviderError } from '#core/errors.ts';
import { type Actor, account, lapseLease, newActor, openRun, scopeOf } from '#store/scenario.contract.ts';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { identify, ids, listAccounts, listAll, runScripts, type Script } from './scripted.contract.ts';

describe.for(databases)('on $dialect', ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  const runRow = async (id: string): Promise<Row | undefined> =>
    (await store.query(`select * from collector_runs where id = '${id}'`))[0];
  const scopeRow = async (id: string): Promise<Row | undefined> =>
    (await store.query(`select * from run_scopes where run_id = '${id}'`))[0];
  const lease = (actor: Actor): Promise<Row> => scopeOf(store, actor);

  /** Sees an account, says that it is at work, and goes on when it is told to. */
  function meeting(): { script: Script; atWork: Promise<void>; goOn: () => void } {
    const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const script: Script = async function* (context) {
      identify(context);
      yield account('1');
      begun.resolve();
      await released.promise;
      yield account('2');
      context.enumerated('account');
    };
    return { script, atWork: begun.promise, goOn: released.resolve };
  }

  test('of two runs at once one works; the other waits until it sees it alive, names it and is no failure', async () => {
    const actor = newActor();
    const { script, atWork, goOn } = meeting();
    const working = runScripts(store.writer, actor, script, { times: { renewMs: 20 } });
    await atWork;

    const second = await runScripts(store.writer, actor, () => expect.unreachable());
    goOn();
    const first = await working;

    expect(first).toMatchObject({ outcome: 'complete', exit_code: 0, counts: { seen: 2, inserted: 2 } });
    expect(second).toMatchObject({ outcome: 'skipped', exit_code: 0 });
    expect(second.scopes[0]).toMatchObject({ code: 'lease_held', reason: expect.stringContaining(first.run_id) });
    expect(await scopeRow(second.run_id)).toMatchObject({ outcome: 'skipped', finished_at: expect.any(String) });
    expect(await runRow(second.run_id)).toMatchObject({ outcome: 'skipped', error_code: null });
    expect(await lease(actor)).toMatchObject({ holder_run_id: null, last_complete_run_id: first.run_id });
  });

  test('a run that waits gets the scope as soon as the other one has given it back', async () => {
    const actor = newActor();
    const { script, atWork, goOn } = meeting();
    const working = runScripts(store.writer, actor, script);
    await atWork;
    let attempts = 0;
    const writer: typeof store.writer = {
      ...store.writer,
      async acquireLease(request) {
        attempts += 1;
        if (attempts === 2) {
          goOn();
          await working;
        }
        return store.writer.acquireLease(request);
      },
    };

    const second = await runScripts(writer, actor, listAccounts('1', '2'));

    expect(attempts).toBe(2);
    expect(second).toMatchObject({ outcome: 'complete', counts: { unchanged: 2, missing: 0 } });
  });

  test('a run that was taken for dead writes nothing more, and its successor is not disturbed', async () => {
    const actor = newActor();
    const { script, atWork, goOn } = meeting();
    const dying = runScripts(store.writer, actor, script);
    await atWork;
    await lapseLease(store, actor);

    const successor = await runScripts(store.writer, actor, listAccounts('3'));
    const before = await countWrites(store, actor.tenant);
    goOn();
    const dead = await dying;

    expect(successor).toMatchObject({ outcome: 'complete', counts: { inserted: 1 } });
    expect(dead).toMatchObject({ outcome: 'failed', exit_code: 1, scopes: [{ code: 'lease_lost' }] });
    expect(dead.counts).toMatchObject({ inserted: 0, missing: 0 });
    expect(await countWrites(store, actor.tenant)).toBe(before);
    expect(await scopeRow(dead.run_id)).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('lease') });
    expect(await lease(actor)).toMatchObject({ last_complete_run_id: successor.run_id });
  });

  test('a run that fails after it was taken for dead tells that it was, and asks the store no more', async () => {
    const actor = newActor();
    const { script, atWork, goOn } = meeting();
    const dying = runScripts(store.writer, actor, async function* (context) {
      yield* script(context);
      throw new ProviderError('access_denied', 'organizations:ListAccounts was refused');
    });
    await atWork;
    await lapseLease(store, actor);
    await runScripts(store.writer, actor, listAccounts('3'));
    goOn();

    const { scopes, log } = await dying;

    expect(scopes).toMatchObject([{ outcome: 'failed', code: 'lease_lost' }]);
    expect(log.map(({ event }) => event)).toEqual(['batch_not_written', 'run_finished']);
  });

  test('a run that is killed leaves its lease; the next one takes it over when it has lapsed', async () => {
    const actor = newActor();
    const killed = await openRun(store.writer, actor);
    await killed.upsert([account('1')]);
    await lapseLease(store, actor);

    const next = await runScripts(store.writer, actor, listAccounts('1', '2'));

    expect(next).toMatchObject({ outcome: 'complete', counts: { unchanged: 1, inserted: 1 } });
    expect(await runRow(killed.lease.run_id)).toMatchObject({ outcome: 'failed', error_code: 'lease_lapsed' });
  });

  test('scopes that are observed side by side keep a lease each, and share no listener of the run that stays', async () => {
    const actor = newActor();
    const { signal } = new AbortController();
    const scripts = Object.fromEntries(ids(20).map((id) => [`aws:${id}`, listAccounts(id)]));

    const ran = await runScripts(store.writer, actor, scripts, { signal, concurrency: 5, times: { renewMs: 5 } });

    expect(ran).toMatchObject({ outcome: 'complete', counts: { inserted: 20 } });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('absence, the guard and its confirmation come to the same', async () => {
    const actor = newActor();
    await runScripts(store.writer, actor, listAll(ids(10), ['ou-1', 'ou-2']));

    const missing = await runScripts(store.writer, actor, listAll(ids(9), []));
    const held = await runScripts(store.writer, actor, listAll(ids(9), []));
    const confirmed = await store.writer.confirmHeld({
      ...{ tenant_id: actor.tenant, scope: actor.scope, run_id: held.run_id },
    });

    expect(missing).toMatchObject({ outcome: 'complete', counts: { missing: 3, vanished: 0 } });
    expect(held).toMatchObject({ outcome: 'held', exit_code: 0, counts: { vanished: 1 } });
    expect(await scopeRow(held.run_id)).toMatchObject({ outcome: 'held', reason: expect.stringContaining('org_node') });
    expect(confirmed).toEqual({ vanished: 2 });
  });
});
