// One writer per scope: the lease, its fence and what runs record of themselves, on both databases.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { zeroCounts } from '#core/run.ts';
import {
  type Actor,
  account,
  evidenceOf,
  lapseLease,
  newActor,
  openRun,
  recordOf,
  run,
  scopeOf,
  setLeaseEnd,
} from './scenario.contract.ts';
import type { LeaseAnswer, NewPage } from './store.ts';
import { countWrites, databases, type Row, type TestStore } from './stores.contract.ts';

describe.for(databases)('on $dialect', ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  const attempt = (actor: Actor, run_id: string): Promise<LeaseAnswer> =>
    store.writer.acquireLease({ tenant_id: actor.tenant, run_id, scope: actor.scope, collector: 'aws' });
  const beginRun = async (actor: Actor): Promise<string> => {
    const id = randomUUID();
    await store.writer.beginRun({ ...newRun(actor), id });
    return id;
  };
  const runRow = async (id: string): Promise<Row | undefined> =>
    (await store.query(`select * from collector_runs where id = '${id}'`))[0];
  const runScopeRow = async (id: string): Promise<Row | undefined> =>
    (await store.query(`select * from run_scopes where run_id = '${id}'`))[0];

  test('a scope that a run holds is refused to another, with the holder and the time that remains', async () => {
    const actor = newActor();
    const holder = await openRun(store.writer, actor);

    const answer = await attempt(actor, await beginRun(actor));

    expect(answer).toMatchObject({ acquired: false, holder_run_id: holder.lease.run_id, lease_expires_at: utcTime });
    const remaining = answer.acquired ? 0 : answer.remaining_ms;
    expect(remaining).toBeGreaterThan(25_000);
    expect(remaining).toBeLessThanOrEqual(30_000);
    expect(await scopeOf(store, actor)).toMatchObject({ fence: expect.toSatisfy((fence) => Number(fence) === 1) });
  });

  test('of many that start at once one gets the scope', async () => {
    const actor = newActor();
    const ids = await Promise.all(Array.from({ length: 4 }, () => beginRun(actor)));

    const answers = await Promise.all(ids.map((id) => attempt(actor, id)));

    expect(answers.filter(({ acquired }) => acquired)).toHaveLength(1);
  });

  test('scopes, and tenants, do not wait for each other, and take no lease from each other', async () => {
    const actor = newActor();
    const first = await openRun(store.writer, actor);

    const others = [{ ...actor, scope: 'aws:other' }, newActor()];
    const runs = [first, ...(await Promise.all(others.map((other) => openRun(store.writer, other))))];

    for (const { lease } of runs) await store.writer.renewLease(lease);
  });

  test('a run that asks again for its own lease gets it', async () => {
    const actor = newActor();
    const { lease } = await openRun(store.writer, actor);

    const again = await attempt(actor, lease.run_id);

    expect(again).toMatchObject({ acquired: true, lease: { fence: lease.fence + 1 } });
    expect(await runRow(lease.run_id)).toMatchObject({ outcome: null, finished_at: null });
    expect(await runScopeRow(lease.run_id)).toMatchObject({ outcome: null, finished_at: null });
    await expect(store.writer.renewLease(lease)).rejects.toMatchObject(leaseLost);
  });

  test('a lapsed lease is taken over, its run marked failed, and everything it still tries is refused', async () => {
    const actor = newActor();
    const dead = await openRun(store.writer, actor);
    await lapseLease(store, actor);

    const successor = await openRun(store.writer, actor);

    expect(successor.lease.fence).toBe(dead.lease.fence + 1);
    expect(await runRow(dead.lease.run_id)).toMatchObject({
      ...{ outcome: 'failed', error_code: 'lease_lapsed', error: expect.stringContaining('took the scope over') },
      finished_at: utcTime,
    });
    expect(await runScopeRow(dead.lease.run_id)).toMatchObject({
      ...{ outcome: 'failed', reason: expect.stringContaining('took the scope over'), finished_at: utcTime },
    });
    await expect(dead.upsert([account('1')])).rejects.toMatchObject(leaseLost);
    await expect(store.writer.renewLease(dead.lease)).rejects.toMatchObject(leaseLost);
    await expect(dead.finish()).rejects.toMatchObject(leaseLost);
    expect(await countWrites(store, actor.tenant)).toBe(0);
    expect(await runScopeRow(successor.lease.run_id)).toMatchObject({ outcome: null, finished_at: null });
    expect(await successor.finish()).toMatchObject({ outcome: 'complete' });
  });

  test('a run that is taken for dead fails in that scope alone, and nobody else does', async () => {
    const [actor, neighbour] = [newActor(), newActor()];
    const dead = await openRun(store.writer, actor);
    const kept = await attempt({ ...actor, scope: 'aws:other' }, dead.lease.run_id);
    const there = await openRun(store.writer, neighbour);
    await lapseLease(store, actor);

    const successor = await openRun(store.writer, actor);

    const scopes = await store.query(
      `select scope, outcome from run_scopes where run_id = '${dead.lease.run_id}' order by scope`,
    );
    expect(kept.acquired).toBe(true);
    expect(scopes).toEqual([
      { scope: 'aws:main', outcome: 'failed' },
      { scope: 'aws:other', outcome: null },
    ]);
    for (const { lease } of [successor, there]) {
      expect(await runRow(lease.run_id)).toMatchObject({ outcome: null, finished_at: null });
      expect(await runScopeRow(lease.run_id)).toMatchObject({ outcome: null, finished_at: null });
    }
    expect(await there.finish()).toMatchObject({ outcome: 'complete' });
  });

  test('a run that has told how it ended is not told otherwise when its lease lapses', async () => {
    const actor = newActor();
    const { lease } = await openRun(store.writer, actor);
    const ending = {
      outcome: 'failed',
      principal: null,
      sdk: null,
      error_code: 'store_timeout',
      error: 'late',
    } as const;
    await store.writer.finishRun({ tenant_id: actor.tenant, id: lease.run_id }, { ...zeroCounts(), ...ending });
    await lapseLease(store, actor);

    await openRun(store.writer, actor);

    expect(await runRow(lease.run_id)).toMatchObject(ending);
    expect(await runScopeRow(lease.run_id)).toMatchObject({ outcome: 'failed' });
  });

  test("a lapsed lease that nobody took over is still its holder's", async () => {
    const actor = newActor();
    const holder = await openRun(store.writer, actor);
    await lapseLease(store, actor);

    expect(await holder.upsert([account('1')])).toMatchObject({ inserted: 1 });

    expect((await attempt(actor, await beginRun(actor))).acquired).toBe(false);
  });

  test('when the clock has gone back, a lease that ends later than any can holds nobody up, and its holder is fenced off', async () => {
    const actor = newActor();
    const holder = await openRun(store.writer, actor);
    await setLeaseEnd(store, actor, '2999-01-01T00:00:00.000Z');
    const request = { tenant_id: actor.tenant, run_id: holder.lease.run_id, scope: actor.scope };
    await expect(store.writer.confirmHeld(request)).rejects.toMatchObject({ code: 'not_held' });

    const answer = await attempt(actor, await beginRun(actor));

    expect(answer).toMatchObject({ acquired: true, lease: { fence: 2 } });
    await expect(holder.upsert([account('1')])).rejects.toMatchObject({ code: 'lease_lost' });
  });

  test.for([
    'renewal',
    'batch',
  ] as const)('a %s renews the lease, and not that of another scope of the run', async (what) => {
    const actor = newActor();
    const holder = await openRun(store.writer, actor);
    const other = { ...actor, scope: 'aws:other' };
    await attempt(other, holder.lease.run_id);
    await lapseLease(store, actor);
    await lapseLease(store, other);

    if (what === 'batch') await holder.upsert([]);
    else await store.writer.renewLease(holder.lease);

    const answer = await attempt(actor, await beginRun(actor));
    expect(answer.acquired ? 0 : answer.remaining_ms).toBeGreaterThan(25_000);
    expect((await attempt(other, await beginRun(actor))).acquired).toBe(true);
  });

  test('a finished scope gives its lease back, and a lease given back writes nothing', async () => {
    const actor = newActor();
    const first = await openRun(store.writer, actor);
    await first.finish();

    await expect(first.upsert([account('1')])).rejects.toMatchObject(leaseLost);
    expect((await openRun(store.writer, actor)).lease.fence).toBe(first.lease.fence + 1);
    expect(await runRow(first.lease.run_id)).toMatchObject({ outcome: null, error_code: null });
  });

  test('renewals and attempts of other runs wait for a batch and disturb none, though one follows the other', async () => {
    const actor = newActor();
    const holder = await openRun(store.writer, actor);
    const rival = await beginRun(actor);
    const batches = Array.from({ length: 20 }, (_, batch) =>
      Array.from({ length: 50 }, (_, index) => account(`${batch}-${index}`)),
    );
    const work = (async () => {
      let inserted = 0;
      for (const batch of batches) inserted += (await holder.upsert(batch)).inserted;
      return inserted;
    })();
    const beside = (async () => {
      for (let time = 0; time < 10; time += 1) {
        await store.writer.renewLease(holder.lease);
        expect(await attempt(actor, rival)).toMatchObject({ acquired: false });
      }
    })();

    expect(await work).toBe(1000);
    await beside;
  });

  test('a process stopped past its lease and resumed is fenced off: its late write reaches nothing', async () => {
    const actor = newActor();
    const stopped = await spawnHolder(store, actor);
    expect(await stopped.write('before')).toBe('written');
    stopped.child.kill('SIGSTOP');
    await lapseLease(store, actor);

    const successor = await spawnHolder(store, actor);
    const late = stopped.write('late');
    stopped.child.kill('SIGCONT');

    expect(await late).toBe('lease_lost');
    expect(await successor.write('after')).toBe('written');
    expect(await recordOf(store, actor, '1')).toMatchObject({ name: 'after', run_id: successor.run_id });
    expect(await runRow(stopped.run_id)).toMatchObject({ outcome: 'failed', error_code: 'lease_lapsed' });
    const versions = await store.query(`select run_id from record_versions where tenant_id = '${actor.tenant}'`);
    expect(versions).toEqual([{ run_id: stopped.run_id }]);
  });

  test('pages are stored with their batch, once each even if it is sent again, and with the ending', async () => {
    const actor = newActor();
    const open = await openRun(store.writer, actor);

    await open.upsert([], { pages: [page(1), page(2)] });
    await open.upsert([], { pages: [page(2), page(3)] });
    await open.finish({ pages: [{ ...page(4), http_status: null, sha256: 'ab' }] });

    const rows = await store.query(`select * from run_pages where run_id = '${open.lease.run_id}' order by seq`);
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const { sdk: _sdk, principal: _principal, endpoint: _endpoint, ...stored } = page(1);
    expect(rows[0]).toEqual({ ...stored, tenant_id: actor.tenant, run_id: open.lease.run_id, scope: actor.scope });
  });

  test('a run tells what it is when it begins and how it went when it ends', async () => {
    const actor = newActor();
    const id = await beginRun(actor);
    const counts = { ...zeroCounts(), pages: 1, seen: 2, vanished: 3 };
    await store.writer.beginRun({ ...newRun(actor), id, version: 'again' });
    expect(await runRow(id)).toMatchObject({
      ...{ ...newRun(actor), ...zeroCounts(), started_at: utcTime, finished_at: null, outcome: null },
    });

    const how = {
      outcome: 'failed',
      principal: 'role',
      sdk: 'sdk@1',
      error_code: 'denied',
      error: 'no \u0000',
    } as const;
    await store.writer.finishRun({ tenant_id: actor.tenant, id }, { ...counts, ...how });

    expect(await runRow(id)).toMatchObject({ ...counts, ...how, error: 'no ', finished_at: utcTime });
  });

  test('how a run and its scope ended is written of them alone', async () => {
    const [actor, neighbour] = [newActor(), newActor()];
    const ended = await openRun(store.writer, actor);
    await attempt({ ...actor, scope: 'aws:second' }, ended.lease.run_id);
    const others = [
      await openRun(store.writer, { ...actor, scope: 'aws:third' }),
      await openRun(store.writer, neighbour),
    ];
    const id = ended.lease.run_id;

    await ended.finish({ outcome: 'partial', reason: 'AccessDenied' });
    const ending = { outcome: 'partial', principal: null, sdk: null, error_code: null, error: null } as const;
    await store.writer.finishRun({ tenant_id: actor.tenant, id }, { ...zeroCounts(), ...ending });

    expect(await runRow(id)).toMatchObject({ outcome: 'partial', finished_at: utcTime });
    expect(
      await store.query(`select scope, outcome, reason from run_scopes where run_id = '${id}' order by scope`),
    ).toEqual([
      { scope: 'aws:main', outcome: 'partial', reason: 'AccessDenied' },
      { scope: 'aws:second', outcome: null, reason: null },
    ]);
    for (const { lease } of others) {
      expect(await runRow(lease.run_id)).toMatchObject({ outcome: null, finished_at: null });
      expect(await runScopeRow(lease.run_id)).toMatchObject({ outcome: null, finished_at: null });
      await store.writer.renewLease(lease);
    }
  });

  test('how scopes ended of which it could not be written is written with how the run did, unless it is told already', async () => {
    const actor = newActor();
    const open = await openRun(store.writer, actor);
    const { tenant: tenant_id } = actor;
    const id = open.lease.run_id;
    const done = await store.writer.acquireLease({ tenant_id, run_id: id, scope: 'aws:done', collector: 'aws' });
    if (!done.acquired) throw new Error('held');
    await store.writer.skipScope({ tenant_id, run_id: id, scope: 'aws:told', collector: 'aws' }, 'busy');
    const failed = { outcome: 'failed', reason: 'gone: no \u0000', ...zeroCounts(), seen: 3 } as const;
    const unwritten = ['aws:main', 'aws:never', 'aws:told'].map((scope) => ({ scope, ...failed }));

    const ending = { outcome: 'failed', principal: null, sdk: null, error_code: 'gone', error: null } as const;
    await store.writer.finishRun({ tenant_id, id }, { ...zeroCounts(), ...ending, unwritten });

    const told = { outcome: 'failed', reason: 'gone: no ', seen: 3, started_at: utcTime, finished_at: utcTime };
    expect(await store.query(`select * from run_scopes where run_id = '${id}' order by scope`)).toMatchObject([
      { scope: 'aws:done', outcome: null, finished_at: null },
      { scope: 'aws:main', ...told },
      { scope: 'aws:never', ...told },
      { scope: 'aws:told', outcome: 'skipped', reason: 'busy', seen: 0 },
    ]);
    expect(await runRow(id)).toMatchObject({ outcome: 'failed', finished_at: utcTime });
  });

  test('a scope that was not attempted is recorded with the reason', async () => {
    const actor = newActor();
    const run_id = await beginRun(actor);

    await store.writer.skipScope({ tenant_id: actor.tenant, run_id, scope: actor.scope, collector: 'aws' }, 'busy');

    expect(await runScopeRow(run_id)).toMatchObject({ outcome: 'skipped', reason: 'busy', finished_at: utcTime });
  });

  test('an upsert into another tenant than the lease is refused', async () => {
    const actor = newActor();
    const other = newActor();
    const open = await openRun(store.writer, actor);

    await expect(
      store.writer.upsert({ ...open.lease, tenant_id: other.tenant }, emptyBatch(open.stamp, actor)),
    ).rejects.toMatchObject(leaseLost);
    await run(store.writer, other, [account('1')]);
    expect(await countWrites(store, actor.tenant)).toBe(0);
  });
});

const leaseLost = { name: 'StoreError', code: 'lease_lost', retryable: false };
const utcTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

function newRun(actor: Actor) {
  return { tenant_id: actor.tenant, collector: 'aws', version: '1.0.0', image_digest: 'sha256:ab', trigger: 'cron' };
}

function page(seq: number): NewPage {
  const [request] = evidenceOf(seq);
  if (request === undefined) throw new Error('no evidence');
  return { ...request, seq, fetched_at: '2026-01-01T00:00:00.500Z' };
}

function emptyBatch(stamp: Awaited<ReturnType<typeof openRun>>['stamp'], actor: Actor) {
  return { stamp, root: actor.root, configured_scopes: actor.configured, observations: [], pages: [] };
}

// Another process that holds the lease and writes the account's name when it is told to.
async function spawnHolder(store: TestStore, actor: Actor) {
  const program = join(import.meta.dirname, 'lease-holder.contract.ts');
  const child = spawn(process.execPath, [program, store.url, JSON.stringify(actor)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const [run_id] = await once(lines, 'line');
  return {
    child,
    run_id: String(run_id),
    async write(name: string): Promise<string> {
      child.stdin.write(`${name}\n`);
      const [answer] = await once(lines, 'line');
      return String(answer);
    },
  };
}
