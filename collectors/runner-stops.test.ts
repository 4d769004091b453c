// Runs that do not get to their end: stopped, out of time, without the lease, without the database.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ProviderError, StoreError } from '#core/errors.ts';
import { type Actor, account, lapseLease, newActor, openRun, recordOf, scopeOf } from '#store/scenario.contract.ts';
import type { Writer } from '#store/store.ts';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { batchSize } from './batch.ts';
import { fetchPage, forever, identify, ids, listAccounts, runScripts, type Script } from './scripted.contract.ts';

let store: TestStore;
beforeAll(async () => {
  store = await databases[0].open();
});
afterAll(() => store.close());
afterEach(() => void vi.useRealTimers());

const liveIds = async (actor: Actor): Promise<unknown[]> =>
  (await store.query(`select id from cloud_accounts where tenant_id = '${actor.tenant}' order by id`)).map(
    (row) => row['id'],
  );
const runRow = async (id: string): Promise<Row | undefined> =>
  (await store.query(`select * from collector_runs where id = '${id}'`))[0];
const scopeRows = (id: string): Promise<Row[]> =>
  store.query(`select * from run_scopes where run_id = '${id}' order by scope`);
const terminated = () => new ProviderError('terminated', 'stopped by SIGTERM');
const gone = () => new StoreError('ECONNREFUSED', 'cannot reach the database', { retryable: true });

/** The store's writer with some methods of its own. */
const writerWith = (methods: Partial<Writer>): Writer => ({ ...store.writer, ...methods });

/** Sees these accounts, does something, and then hangs in an await that nothing ends. */
function hangAfter(seen: readonly string[], then: () => unknown = () => undefined): Script {
  return async function* (context) {
    identify(context);
    context.remember('lost');
    for (const id of seen) yield account(id);
    context.enumerated('account');
    await then();
    await forever();
  };
}

describe('SIGTERM', () => {
  test('what was seen is kept, nothing is missing, scopes not begun are skipped, and the run ends with 1', async () => {
    const actor = newActor();
    const stop = new AbortController();
    await runScripts(store.writer, actor, { 'aws:a': listAccounts('1', '2') });

    const ran = await runScripts(
      store.writer,
      actor,
      { 'aws:a': hangAfter(['1', 'new'], () => stop.abort(terminated())), 'aws:b': listAccounts('b') },
      { signal: stop.signal },
    );

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { missing: 0 } });
    expect(ran.scopes).toMatchObject([
      { scope: 'aws:a', outcome: 'failed', code: 'terminated', reason: 'terminated: stopped by SIGTERM' },
      { scope: 'aws:b', outcome: 'skipped', code: 'stopped' },
    ]);
    expect(await liveIds(actor)).toEqual(['1', '2', 'new']);
    expect(await scopeRows(ran.run_id)).toMatchObject([
      { outcome: 'failed', seen: 2, inserted: 1, finished_at: expect.any(String) },
      { outcome: 'skipped', reason: expect.stringContaining('stopped before') },
    ]);
    expect(await runRow(ran.run_id)).toMatchObject({ outcome: 'failed', error_code: 'terminated' });
    expect(await scopeOf(store, { ...actor, scope: 'aws:a' })).toMatchObject({ holder_run_id: null, memo: null });
  });

  test('before the first scope: all are skipped, and that is a failure', async () => {
    const actor = newActor();

    const ran = await runScripts(store.writer, actor, listAccounts('1'), { signal: AbortSignal.abort() });

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, scopes: [{ outcome: 'skipped', code: 'stopped' }] });
    expect(await runRow(ran.run_id)).toMatchObject({ outcome: 'failed', error_code: 'stopped' });
    expect(await liveIds(actor)).toEqual([]);
  });

  test('between two scopes: the run has failed, though the scope before it is complete', async () => {
    const actor = newActor();
    const stop = new AbortController();
    const writer = writerWith({
      async finishScope(...parameters) {
        const result = await store.writer.finishScope(...parameters);
        stop.abort(terminated());
        return result;
      },
    });

    const scripts = { 'aws:a': listAccounts('1'), 'aws:b': listAccounts('2') };
    const ran = await runScripts(writer, actor, scripts, { signal: stop.signal });

    expect(ran.scopes).toMatchObject([{ outcome: 'complete' }, { outcome: 'skipped', code: 'stopped' }]);
    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1 });
    expect(await runRow(ran.run_id)).toMatchObject({ outcome: 'failed', error_code: 'stopped' });
  });

  test('while it waits for a lease: the scope was not attempted', async () => {
    const actor = newActor();
    const stop = new AbortController();
    await openRun(store.writer, actor);
    const writer = writerWith({
      acquireLease(request) {
        stop.abort(terminated());
        return store.writer.acquireLease(request);
      },
    });

    const ran = await runScripts(writer, actor, listAccounts('1'), { signal: stop.signal, times: { pollMs: 60_000 } });

    expect(ran).toMatchObject({ exit_code: 1, scopes: [{ outcome: 'skipped', code: 'stopped' }] });
    expect(await scopeRows(ran.run_id)).toMatchObject([{ outcome: 'skipped', finished_at: expect.any(String) }]);
  });

  test('a lease that is taken at that moment is given back', async () => {
    const actor = newActor();
    const stop = new AbortController();
    const writer = writerWith({
      async acquireLease(request) {
        const answer = await store.writer.acquireLease(request);
        stop.abort(terminated());
        return answer;
      },
    });

    let isAsked = false;
    const script: Script = async function* (context) {
      isAsked = true;
      yield* listAccounts('1')(context);
    };
    const ran = await runScripts(writer, actor, script, { signal: stop.signal });

    expect(ran.scopes).toMatchObject([{ outcome: 'failed', code: 'terminated' }]);
    expect(isAsked).toBe(false);
    expect(await scopeOf(store, actor)).toMatchObject({ holder_run_id: null });
  });

  test('a batch that is just being written is awaited and counted', async () => {
    const actor = newActor();
    const stop = new AbortController();
    const writer = writerWith({
      upsert(lease, batch) {
        stop.abort(terminated());
        return store.writer.upsert(lease, batch);
      },
    });

    const ran = await runScripts(writer, actor, listAccounts(...ids(batchSize + 1)), { signal: stop.signal });

    expect(ran).toMatchObject({ outcome: 'failed', counts: { seen: batchSize, inserted: batchSize } });
    expect(await liveIds(actor)).toHaveLength(batchSize);
  });

  test('what a collector tells once its scope is settled is counted nowhere', async () => {
    const actor = newActor();
    const stop = new AbortController();
    let tellLate: () => void = () => undefined;
    const writer = writerWith({
      async finishScope(...ending) {
        const result = await store.writer.finishScope(...ending);
        tellLate();
        return result;
      },
    });
    const script: Script = async function* (context) {
      tellLate = () => fetchPage(context, 2);
      fetchPage(context);
      yield* hangAfter(['1'], () => stop.abort(terminated()))(context);
    };

    const ran = await runScripts(writer, actor, script, { signal: stop.signal });

    expect(ran.counts.pages).toBe(1);
    expect(await scopeRows(ran.run_id)).toMatchObject([{ pages: 1 }]);
    expect(await runRow(ran.run_id)).toMatchObject({ pages: 1 });
  });

  test('what must be written then is given its time, and no timer stays behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const actor = newActor();
    const stop = new AbortController();
    const writer = writerWith({
      async upsert(lease, batch) {
        await vi.advanceTimersByTimeAsync(14_000);
        return store.writer.upsert(lease, batch);
      },
    });

    const ran = await runScripts(
      writer,
      actor,
      hangAfter(['1'], () => stop.abort(terminated())),
      { signal: stop.signal, times: { endingMs: 15_000 } },
    );

    expect(ran.scopes).toMatchObject([{ code: 'terminated' }]);
    expect(ran.log.map((line) => line['event'])).toEqual(['run_finished']);
    expect(await liveIds(actor)).toEqual(['1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a database that hangs meanwhile cannot keep the process from ending', async () => {
    const actor = newActor();
    const stop = new AbortController();
    const writer = writerWith({ upsert: forever, finishScope: forever, finishRun: forever, skipScope: forever });

    const ran = await runScripts(
      writer,
      actor,
      { 'aws:a': hangAfter(['1'], () => stop.abort(terminated())), 'aws:b': listAccounts() },
      { signal: stop.signal, times: { endingMs: 20 } },
    );

    expect(ran).toMatchObject({ exit_code: 1, scopes: [{ code: 'terminated' }, { code: 'stopped' }] });
    expect(ran.log.map((line) => line['event'])).toEqual([
      ...['batch_not_written', 'scope_not_finished', 'scope_not_finished', 'run_not_finished', 'run_finished'],
    ]);
    expect(ran.log[0]).toMatchObject({ code: 'store_timeout' });
  });
});

test('a collector stuck in an await runs out of time; what it yielded is kept', async () => {
  const actor = newActor();
  await runScripts(store.writer, actor, listAccounts('1', '2'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

  const ran = await runScripts(
    store.writer,
    actor,
    hangAfter(['1', '3'], () => vi.advanceTimersByTime(5_000)),
    {
      timeoutMs: 5_000,
    },
  );

  expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { missing: 0 } });
  expect(ran.scopes).toMatchObject([{ code: 'timeout', reason: 'timeout: the run was not done within 5 s' }]);
  expect(ran.log.map((line) => line['event'])).toEqual(['run_finished']);
  expect(await liveIds(actor)).toEqual(['1', '2', '3']);
});

describe('lease', () => {
  test('a scope whose run is alive is skipped, names the holder and is no failure', async () => {
    const actor = newActor();
    const holder = await openRun(store.writer, actor);
    let attempts = 0;
    const writer = writerWith({
      async acquireLease(request) {
        attempts += 1;
        if (attempts > 1) await store.writer.renewLease(holder.lease);
        return store.writer.acquireLease(request);
      },
    });

    const ran = await runScripts(writer, actor, listAccounts('1'));

    const reason = `the run ${holder.lease.run_id} is working on it`;
    expect(ran).toMatchObject({ outcome: 'skipped', exit_code: 0, scopes: [{ code: 'lease_held', reason }] });
    expect(await scopeRows(ran.run_id)).toMatchObject([{ outcome: 'skipped', reason }]);
    expect(await liveIds(actor)).toEqual([]);
    expect(await holder.finish()).toMatchObject({ outcome: 'complete' });
  });

  test('a scope whose run is dead is taken over when its lease lapses, and the dead run is marked failed', async () => {
    const actor = newActor();
    const dead = await openRun(store.writer, actor);
    let attempts = 0;
    const writer = writerWith({
      async acquireLease(request) {
        attempts += 1;
        if (attempts === 3) await lapseLease(store, actor);
        return store.writer.acquireLease(request);
      },
    });

    const ran = await runScripts(writer, actor, listAccounts('1'));

    expect(ran).toMatchObject({ outcome: 'complete', exit_code: 0, counts: { inserted: 1 } });
    expect(attempts).toBe(3);
    expect(await runRow(dead.lease.run_id)).toMatchObject({ outcome: 'failed', error_code: 'lease_lapsed' });
  });

  test('a run whose scope was taken over meanwhile fails and writes nothing more', async () => {
    const actor = newActor();
    const calls: string[] = [];
    const writer = writerWith({
      upsert(lease, batch) {
        calls.push('upsert');
        return store.writer.upsert(lease, batch);
      },
      finishScope(...parameters) {
        calls.push('finishScope');
        return store.writer.finishScope(...parameters);
      },
    });

    const ran = await runScripts(writer, actor, async function* (context) {
      identify(context);
      yield account('1');
      await lapseLease(store, actor);
      await openRun(store.writer, actor);
    });

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, scopes: [{ code: 'lease_lost' }] });
    expect(calls).toEqual(['upsert']);
    expect(await countWrites(store, actor.tenant)).toBe(0);
  });

  test('the lease is renewed while the collector waits; its loss ends the wait', async () => {
    const actor = newActor();
    const renewals: string[] = [];
    const writer = writerWith({
      async renewLease(lease) {
        renewals.push(lease.scope);
        if (renewals.length === 1) throw gone();
        if (renewals.length === 3) {
          await lapseLease(store, actor);
          await openRun(store.writer, actor);
        }
        return store.writer.renewLease(lease);
      },
    });

    const ran = await runScripts(writer, actor, hangAfter(['1']), { times: { renewMs: 2 } });

    expect(ran.scopes).toMatchObject([{ outcome: 'failed', code: 'lease_lost' }]);
    expect(renewals).toEqual(Array(3).fill('aws:main'));
    expect(await countWrites(store, actor.tenant)).toBe(0);
  });

  test('no renewal is left behind when the run has ended', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });

    await runScripts(store.writer, newActor(), listAccounts('1'));

    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('database', () => {
  /** Fails from its nth batch on, for so many calls. */
  function failingUpsert(nth: number, times = Number.POSITIVE_INFINITY): Pick<Writer, 'upsert'> {
    let calls = 0;
    return {
      upsert: async (lease, batch) => {
        calls += 1;
        if (calls >= nth && calls < nth + times) throw gone();
        return store.writer.upsert(lease, batch);
      },
    };
  }

  test('goes away in the middle: the batches before are kept and the scope fails', async () => {
    const actor = newActor();

    const ran = await runScripts(writerWith(failingUpsert(2)), actor, listAccounts(...ids(batchSize + 7)));

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, scopes: [{ code: 'ECONNREFUSED' }] });
    expect(ran.counts).toMatchObject({ inserted: batchSize });
    expect(await liveIds(actor)).toHaveLength(batchSize);
    expect(await scopeRows(ran.run_id)).toMatchObject([{ outcome: 'failed', inserted: batchSize }]);
  });

  test('comes back before the end: the batch that failed is written after all, once', async () => {
    const actor = newActor();

    const ran = await runScripts(writerWith(failingUpsert(1, 1)), actor, listAccounts('1', '2'));

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, counts: { inserted: 2 } });
    expect(await liveIds(actor)).toEqual(['1', '2']);
  });

  test('fails after the provider did: the provider is the reason that is told', async () => {
    const ran = await runScripts(writerWith(failingUpsert(1)), newActor(), async function* (context) {
      identify(context);
      yield account('1');
      throw new ProviderError('throttled', 'too many requests');
    });

    expect(ran.scopes).toMatchObject([{ outcome: 'failed', code: 'throttled' }]);
    expect(ran.log[0]).toMatchObject({ event: 'batch_not_written', code: 'ECONNREFUSED' });
  });

  test('never answers a batch: the scope fails instead of waiting for ever', async () => {
    const ran = await runScripts(writerWith({ upsert: forever }), newActor(), listAccounts('1'), {
      times: { storeMs: 20 },
    });

    expect(ran.scopes).toMatchObject([{ outcome: 'failed', code: 'store_timeout' }]);
  });

  test('is gone for good: the run ends with 1, a clear line, and nothing hangs', async () => {
    const actor = newActor();
    const refuse = async () => {
      throw gone();
    };
    const writer = writerWith({ upsert: refuse, finishScope: refuse, finishRun: refuse });

    const ran = await runScripts(writer, actor, listAccounts('1'));

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, scopes: [{ code: 'ECONNREFUSED' }] });
    expect(ran.log.map((line) => [line['event'], line['code'] ?? line['exit_code']])).toEqual([
      ['batch_not_written', 'ECONNREFUSED'],
      ['scope_not_finished', 'ECONNREFUSED'],
      ['run_not_finished', 'ECONNREFUSED'],
      ['run_finished', 1],
    ]);
    expect(ran.log.at(-1)).toMatchObject({
      level: 'error',
      scopes: [{ reason: expect.stringContaining('cannot reach') }],
    });
  });

  test('goes away at the very end: the records are there, but a run that nobody finished has failed', async () => {
    const actor = newActor();

    const ran = await runScripts(writerWith({ finishRun: () => Promise.reject(gone()) }), actor, listAccounts('1'));

    expect(ran).toMatchObject({ outcome: 'complete', exit_code: 1 });
    expect(ran.log.map((line) => line['event'])).toEqual(['run_not_finished', 'run_finished']);
    expect(await liveIds(actor)).toEqual(['1']);
  });

  test('is gone before the run begins: that is told at once, and the collector is not asked', async () => {
    const script: Script = () => expect.unreachable();
    const writer = writerWith({ beginRun: () => Promise.reject(gone()) });

    await expect(runScripts(writer, newActor(), script)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('cannot give one scope its lease: the others still run', async () => {
    const actor = newActor();
    const writer = writerWith({
      acquireLease: async (request) => {
        if (request.scope === 'aws:a') throw gone();
        return store.writer.acquireLease(request);
      },
    });

    const ran = await runScripts(writer, actor, { 'aws:a': listAccounts('1'), 'aws:b': listAccounts('2') });

    expect(ran.scopes).toMatchObject([{ outcome: 'failed', code: 'ECONNREFUSED' }, { outcome: 'complete' }]);
    expect(ran.exit_code).toBe(1);
    expect(await scopeRows(ran.run_id)).toMatchObject([
      {
        scope: 'aws:a',
        outcome: 'failed',
        reason: expect.stringContaining('ECONNREFUSED'),
        finished_at: expect.any(String),
      },
      { scope: 'aws:b', outcome: 'complete' },
    ]);
  });

  test('cannot take how a scope ended, and is back before the run ends: then it is told after all', async () => {
    const actor = newActor();
    const writer = writerWith({
      finishScope: async (lease, ...rest) => {
        if (lease.scope === 'aws:a') throw gone();
        return store.writer.finishScope(lease, ...rest);
      },
      skipScope: async () => {
        throw gone();
      },
    });
    await openRun(store.writer, { ...actor, scope: 'aws:held' });
    const renewing = {
      ...writer,
      async acquireLease(request: Parameters<Writer['acquireLease']>[0]) {
        const answer = await store.writer.acquireLease(request);
        return answer.acquired ? answer : { ...answer, lease_expires_at: `${performance.now()}` };
      },
    };

    const scripts = { 'aws:a': listAccounts('1', '2'), 'aws:held': listAccounts('3') };
    const ran = await runScripts(renewing, actor, scripts);

    expect(ran.log.map((line) => line['event'])).toEqual(['scope_not_finished', 'scope_not_finished', 'run_finished']);
    expect(await scopeRows(ran.run_id)).toMatchObject([
      { scope: 'aws:a', outcome: 'failed', reason: expect.stringContaining('ECONNREFUSED'), seen: 2, inserted: 2 },
      { scope: 'aws:held', outcome: 'skipped', reason: expect.stringContaining('is working on it') },
    ]);
    expect(await runRow(ran.run_id)).toMatchObject({ outcome: 'failed', error_code: 'ECONNREFUSED' });
    expect(ran.log.at(-1)).not.toHaveProperty('scopes.0.isWritten');
  });

  test('took how a scope ended, though its answer was lost: what is told stays true', async () => {
    const actor = newActor();
    const writer = writerWith({
      finishScope: async (...parameters) => {
        await store.writer.finishScope(...parameters);
        throw gone();
      },
    });

    const ran = await runScripts(writer, actor, listAccounts('1'));

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1 });
    expect(await scopeRows(ran.run_id)).toMatchObject([{ outcome: 'complete', reason: null }]);
  });
});

test('secrets in what providers say appear in no row, no log line and no summary', async () => {
  const actor = newActor();
  const planted = {
    password: 'hunter2-in-url',
    bearer: 'bearer0123456789abcdef',
    secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    key: 'AKIAIOSFODNN7EXAMPLE',
    token: 'FwoGZXIvYXdzEBYaDExampleSessionToken',
    json: 'json-secret-0123456789',
  };
  const message = [
    `GET https://user:${planted.password}@example.com/?X-Amz-Security-Token=${planted.token}&x=1 failed:`,
    `Authorization: Bearer ${planted.bearer}`,
    `SecretAccessKey: ${planted.secret}, AccessKeyId: ${planted.key}`,
    `{"client_secret":"${planted.json}"}`,
  ].join('\n');
  const failure = new ProviderError('refused', message, { cause: new Error(message) });
  const raw = { Id: '1', password: planted.password, url: message, nested: [{ sessionToken: planted.token }] };

  const ran = await runScripts(store.writer, actor, {
    'aws:a': async function* (context) {
      identify(context);
      yield account('1', {}, { raw });
      yield { kind: 'account', key: message, [message]: 1 };
      context.skip({ what: `tags of ${message}` }, failure);
      context.log.warn({ err: failure, url: message }, message);
      throw failure;
    },
    'aws:b': async function* (context) {
      identify(context);
      yield account('2');
      throw new TypeError(message);
    },
  });

  const tables = ['cloud_accounts', 'collector_runs', 'run_scopes', 'run_pages', 'record_versions', 'events', 'scopes'];
  const rows = await Promise.all(tables.map((table) => store.query(`select * from ${table}`)));
  const everything = JSON.stringify([rows, ran]);
  for (const secret of Object.values(planted)) expect(everything).not.toContain(secret);
  expect(await recordOf(store, actor, '1')).toMatchObject({ raw: { Id: '1', password: '[redacted]' } });
  expect(ran.scopes).toMatchObject([{ code: 'refused' }, { code: 'bug' }]);
});

test('the run id is the one that the clock gives', async () => {
  const id = randomUUID();

  const ran = await runScripts(store.writer, newActor(), listAccounts(), {
    clock: { now: () => new Date(0), uuid: () => id, uuid7: () => id },
  });

  expect(ran.run_id).toBe(id);
});
