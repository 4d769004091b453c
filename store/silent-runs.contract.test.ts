// Runs that ended without a word: what the next run to begin says of them, on both databases.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zeroCounts } from '#core/run.ts';
import { type Actor, lapseLease, newActor, openRun, setLeaseEnd } from './scenario.contract.ts';
import { databases, type Row, type TestStore } from './stores.contract.ts';

const began = '2020-01-01T00:00:00.000Z';
const ended = '2020-01-01T00:02:00.000Z';
const silent = { outcome: 'failed', error_code: 'run_silent', error: expect.stringContaining('5 minutes') };
const lapsed = { outcome: 'failed', error_code: 'lease_lapsed' };
const running = { outcome: null, error_code: null, finished_at: null };

describe.for(databases)('on $dialect', ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  async function beginRun({ tenant }: Actor, collector = 'aws'): Promise<string> {
    const id = randomUUID();
    const of = { tenant_id: tenant, id, collector, version: '1.0.0', image_digest: null, trigger: 'test' };
    await store.writer.beginRun(of);
    return id;
  }

  /** As if the run, and all that is told of its scopes, were of that time. */
  async function backdate(id: string, finished = ended): Promise<void> {
    await store.query(`update collector_runs set started_at = '${began}' where id = '${id}'`);
    await store.query(`update run_scopes set started_at = '${began}' where run_id = '${id}'`);
    await store.query(
      `update run_scopes set finished_at = '${finished}' where run_id = '${id}' and finished_at is not null`,
    );
  }

  const runRow = async (id: string): Promise<Row | undefined> =>
    (await store.query(`select * from collector_runs where id = '${id}'`))[0];
  const scopeRow = async (id: string): Promise<Row | undefined> =>
    (await store.query(`select * from run_scopes where run_id = '${id}'`))[0];

  describe('a run that was killed', () => {
    test('before it took a scope has failed when it began, as soon as another run of any collector begins', async () => {
      const actor = newActor();
      const id = await beginRun(actor);
      await backdate(id);

      await beginRun(actor, 'gcp');

      expect(await runRow(id)).toMatchObject({ ...silent, finished_at: began });
    });

    test('after its last scope has failed when that ended, and the scope is as it was', async () => {
      const actor = newActor();
      const run = await openRun(store.writer, actor);
      await run.finish();
      await backdate(run.lease.run_id);

      await beginRun(actor);

      expect(await runRow(run.lease.run_id)).toMatchObject({ ...silent, finished_at: ended });
      expect(await scopeRow(run.lease.run_id)).toMatchObject({ outcome: 'complete', finished_at: ended });
    });

    test('with a scope that nobody takes over has failed when its lease lapsed, and so has the scope', async () => {
      const actor = newActor();
      const run = await openRun(store.writer, actor);
      await backdate(run.lease.run_id);
      await setLeaseEnd(store, actor, ended);

      await beginRun(actor);

      expect(await runRow(run.lease.run_id)).toMatchObject({ ...lapsed, finished_at: ended });
      expect(await scopeRow(run.lease.run_id)).toMatchObject({
        ...{ outcome: 'failed', reason: expect.stringContaining('renewing its lease'), finished_at: ended },
      });
    });

    test('while it held a scope has failed when its lease lapsed, though it was taken over much later', async () => {
      const actor = newActor();
      const [run, run_id] = [await openRun(store.writer, actor), await beginRun(actor)];
      await backdate(run.lease.run_id);
      await setLeaseEnd(store, actor, ended);

      await store.writer.acquireLease({ tenant_id: actor.tenant, scope: actor.scope, collector: 'aws', run_id });

      expect(await runRow(run.lease.run_id)).toMatchObject({ error_code: 'lease_lapsed', finished_at: ended });
      expect(await scopeRow(run.lease.run_id)).toMatchObject({ outcome: 'failed', finished_at: ended });
    });
  });

  describe('a run that may live goes on', () => {
    test('when it began a moment ago', async () => {
      const actor = newActor();
      const id = await beginRun(actor);

      await beginRun(actor);

      expect(await runRow(id)).toMatchObject(running);
    });

    test('when it has the lease of a scope, however long', async () => {
      const actor = newActor();
      const run = await openRun(store.writer, actor);
      await backdate(run.lease.run_id);

      await beginRun(actor);

      expect(await runRow(run.lease.run_id)).toMatchObject(running);
      expect(await scopeRow(run.lease.run_id)).toMatchObject({ outcome: null, finished_at: null });
      expect(await run.finish()).toMatchObject({ outcome: 'complete' });
    });

    test('when it ended or skipped a scope a moment ago, and is between two of them', async () => {
      const actor = newActor();
      const [ending, skipping] = [await openRun(store.writer, actor), await beginRun(actor)];
      await ending.finish();
      await store.writer.skipScope(
        { tenant_id: actor.tenant, run_id: skipping, scope: actor.scope, collector: 'aws' },
        'busy',
      );
      for (const id of [ending.lease.run_id, skipping]) {
        await store.query(`update collector_runs set started_at = '${began}' where id = '${id}'`);
      }

      await beginRun(actor);

      for (const id of [ending.lease.run_id, skipping]) expect(await runRow(id)).toMatchObject(running);
    });

    test('when it is of another tenant', async () => {
      const [mine, theirs] = [newActor(), newActor()];
      const id = await beginRun(theirs);
      await backdate(id);

      await beginRun(mine);

      expect(await runRow(id)).toMatchObject(running);
    });
  });

  test('a run that was only silent has the last word: it keeps its scope, and says itself how both ended', async () => {
    const actor = newActor();
    const run = await openRun(store.writer, actor);
    await backdate(run.lease.run_id);
    await lapseLease(store, actor);
    await beginRun(actor);
    expect(await runRow(run.lease.run_id)).toMatchObject(lapsed);

    expect(await run.finish()).toMatchObject({ outcome: 'complete' });
    await store.writer.finishRun(
      { tenant_id: actor.tenant, id: run.lease.run_id },
      { ...zeroCounts(), seen: 3, outcome: 'complete', principal: null, sdk: null, error_code: null, error: null },
    );

    const row = await runRow(run.lease.run_id);
    expect(row).toMatchObject({ outcome: 'complete', seen: 3, error_code: null, error: null });
    expect(row?.['finished_at']).not.toBe(began);
    expect(await scopeRow(run.lease.run_id)).toMatchObject({ outcome: 'complete', reason: null });
  });

  test('many that begin at once say it of many, once', async () => {
    const actor = newActor();
    const dead = await Promise.all(Array.from({ length: 20 }, () => beginRun(actor)));
    await Promise.all(dead.map((id) => backdate(id)));

    const living = await Promise.all(Array.from({ length: 8 }, () => beginRun(actor)));

    for (const id of dead) expect(await runRow(id)).toMatchObject({ ...silent, finished_at: began });
    for (const id of living) expect(await runRow(id)).toMatchObject(running);
  });
});
