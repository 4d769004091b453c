// Retention on both databases: what goes, what something that is kept still needs, and that the past is answered rightly or refused.
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { envelopeSchema } from '#contracts/envelope.ts';
import type { Observation } from '#core/observation.ts';
import { type Prunable, prunables, prune } from './prune.ts';
import { listAccounts, listOrgNodes } from './reader.contract.ts';
import {
  type Actor,
  account,
  endpoint,
  eventTypesOf,
  evidenceOf,
  newActor,
  node,
  openRun,
  recordOf,
  relation,
  run,
  scopeOf,
  versionsOf,
} from './scenario.contract.ts';
import { pruneStatusSchema } from './status.ts';
import type { Position } from './store.ts';
import { databases, type TestStore } from './stores.contract.ts';

const never = new AbortController().signal;
const everything = '2999-01-01T00:00:00.000Z';
const yearMs = 366 * 86_400_000;

describe.for(databases)('retention on $dialect', ({ dialect, open }) => {
  let store: TestStore;

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());

  const pruneOnce = ({ tenant }: Actor, what: Prunable, before: string, limit = 1000) =>
    store.pruner.prune(what, { tenant_id: tenant, before, limit });

  async function pruneAll(actor: Actor, what: Prunable, before = everything, limit = 1000): Promise<number> {
    let pruned = 0;
    for (let deleted = limit; deleted === limit; pruned += deleted) {
      deleted = await pruneOnce(actor, what, before, limit);
    }
    return pruned;
  }

  /** A run, and the time at which what it wrote began to hold. */
  async function runAndTell(actor: Actor, observations: readonly Observation[]): Promise<string> {
    await run(store.writer, actor, observations);
    const items = [
      ...(await listAccounts(store.reader, actor.tenant)),
      ...(await listOrgNodes(store.reader, actor.tenant)),
    ];
    return items.map(({ valid_from }) => valid_from).reduce((a, b) => (a > b ? a : b));
  }

  /** An account and a node renamed again and again; the times at which each name began. */
  async function rename(actor: Actor, times: number): Promise<string[]> {
    const told: string[] = [];
    for (let i = 0; i < times; i += 1) {
      const observations = [account('1', { name: `name ${i}` }), account('2'), node('ou-1', { name: `ou ${i}` })];
      told.push(await runAndTell(actor, observations));
    }
    return told;
  }

  /** Everything that was there at a time, or the code of the refusal. */
  async function copyAt({ tenant }: Actor, as_of: string): Promise<unknown> {
    const options = { vanished: 'include', as_of } as const;
    const answer = Promise.all([
      listAccounts(store.reader, tenant, options),
      listOrgNodes(store.reader, tenant, options),
      store.reader.getAccount({ tenant_id: tenant, provider: 'aws', id: '1', as_of }),
      store.reader.getOrgNode({ tenant_id: tenant, id: 'o-1/ou-1', as_of }),
    ]);
    return await answer.catch((error) => error.code);
  }

  /** The log from a place on. */
  async function readEvents({ tenant }: Actor, after?: Position) {
    await store.settle();
    const { json, next } = await store.reader.listEvents({ tenant_id: tenant, limit: 1000, after });
    return { events: z.array(envelopeSchema).parse(JSON.parse(json)), next };
  }

  async function countOf({ tenant }: Actor, table: string): Promise<number> {
    const [row] = await store.query(`select count(*) as n from ${table} where tenant_id = '${tenant}'`);
    return Number(row?.['n']);
  }

  test.for([
    ['a monitoring endpoint', () => endpoint('e', { version: '1' }), () => endpoint('e', { version: '2' })],
    [
      'a relation',
      () => relation('e', 'aws/1', { evidence: { n: 1 } }),
      () => relation('e', 'aws/1', { evidence: { n: 2 } }),
    ],
  ] as const)('what happened to %s goes like what happened to an account', async ([, one, other]) => {
    const actor = newActor();
    for (const seen of [one(), other()]) await run(store.writer, actor, [seen], { enumerated: [] });
    await store.settle();

    expect(await pruneAll(actor, 'versions')).toBe(1);
    expect(await pruneAll(actor, 'events')).toBe(2);
  });

  describe('versions', () => {
    test('those that ended before the time go, and the past is answered from the end of the last one on', async () => {
      const actor = newActor();
      const times = await rename(actor, 4);
      const copies = await Promise.all(times.map((time) => copyAt(actor, time)));

      const pruned = await pruneAll(actor, 'versions', times[2]);

      expect(pruned).toBeGreaterThan(0);
      const ends = (await versionsOf(store, actor, 'aws/1')).map((version) => version['valid_to']);
      for (const end of ends) expect(String(end) >= String(times[2])).toBe(true);
      expect(await copyAt(actor, times[0] ?? '')).toBe('history_pruned');
      expect(await copyAt(actor, times[2] ?? '')).toEqual(copies[2]);
      expect(await copyAt(actor, times[3] ?? '')).toEqual(copies[3]);
    });

    test('the refusal tells the earliest time that can be asked, and that time is answered', async () => {
      const actor = newActor();
      const [first = ''] = await rename(actor, 3);
      await pruneAll(actor, 'versions');

      const refusal = await store.reader
        .getAccount({ tenant_id: actor.tenant, provider: 'aws', id: '1', as_of: first })
        .catch((error) => error);

      expect(refusal).toMatchObject({ name: 'RequestError', status: 400, code: 'history_pruned' });
      const [earliest = ''] = /\d{4}-\S+Z/.exec(refusal.message) ?? [];
      expect(await copyAt(actor, earliest)).not.toBe('history_pruned');
      const justBefore = new Date(Date.parse(earliest) - 1).toISOString();
      expect(await copyAt(actor, justBefore)).toBe('history_pruned');
    });

    test('the difference of two times is refused when the first is no longer whole, and right when it is', async () => {
      const actor = newActor();
      const [first = '', second = '', third = ''] = await rename(actor, 3);
      const differences = (from: string, to: string) =>
        store.reader.listDifferences({ tenant_id: actor.tenant, kind: 'account', from, to, limit: 10 });
      const before = await differences(second, third);

      await pruneAll(actor, 'versions', third);

      expect(await differences(second, third)).toEqual(before);
      await expect(differences(first, third)).rejects.toMatchObject({ status: 400, code: 'history_pruned' });
      await expect(differences(first, third)).rejects.toThrow(/^from: /);
    });

    test('where nothing was pruned, all of the past can be asked, however old', async () => {
      const actor = newActor();
      const [first = ''] = await rename(actor, 2);

      expect(await pruneAll(actor, 'versions', first)).toBe(0);

      expect(await copyAt(actor, '2001-01-01T00:00:00.000Z')).toEqual([[], [], null, null]);
    });

    test('after every batch each time is answered as before or refused, and never the other way round', async () => {
      const actor = newActor();
      const times = await rename(actor, 6);
      const copies = await Promise.all(times.map((time) => copyAt(actor, time)));

      for (let batches = 0; (await pruneOnce(actor, 'versions', everything, 1)) > 0; batches += 1) {
        const refused = await Promise.all(
          times.map(async (time, i) => {
            const copy = await copyAt(actor, time);
            if (copy !== 'history_pruned') expect(copy).toEqual(copies[i]);
            return copy === 'history_pruned';
          }),
        );
        // The horizon only moves on: what is refused is older than what is answered.
        expect(refused).toEqual([...refused].sort((a, b) => Number(b) - Number(a)));
        expect(batches).toBeLessThan(10);
      }

      expect(await countOf(actor, 'record_versions')).toBe(0);
      expect(await copyAt(actor, times[5] ?? '')).toEqual(copies[5]);
    });

    test('a reader beside the pruning gets the past as it was, or is refused', async () => {
      const actor = newActor();
      const times = await rename(actor, 8);
      const copies = await Promise.all(times.map((time) => copyAt(actor, time)));
      let pruning = true;
      const pruned = pruneAll(actor, 'versions', everything, 1).finally(() => {
        pruning = false;
      });

      const seen: unknown[] = [];
      for (let i = 0; pruning; i = (i + 1) % times.length) {
        const copy = await copyAt(actor, times[i] ?? '');
        seen.push(copy);
        if (copy !== 'history_pruned') expect(copy).toEqual(copies[i]);
      }

      expect(await pruned).toBe(14);
      expect(seen).not.toEqual([]);
    });

    test('the records stay as they are, and history shows what is left', async () => {
      const actor = newActor();
      await rename(actor, 3);
      const record = await recordOf(store, actor, '1');

      await pruneAll(actor, 'versions');

      expect(await recordOf(store, actor, '1')).toEqual(record);
      const history = await store.reader.listHistory({
        tenant_id: actor.tenant,
        kind: 'account',
        key: 'aws/1',
        limit: 10,
      });
      expect(JSON.parse(history?.json ?? '')).toMatchObject([{ content: { name: 'name 2' }, valid_to: null }]);
    });

    test('another tenant keeps its own', async () => {
      const [actor, other] = [newActor(), newActor()];
      const [, times] = [await rename(actor, 3), await rename(other, 3)];
      const copy = await copyAt(other, times[0] ?? '');

      await pruneAll(actor, 'versions');

      expect(await copyAt(other, times[0] ?? '')).toEqual(copy);
    });
  });

  describe('events', () => {
    test('a reader whose place was passed is told so; one that had read them all misses nothing', async () => {
      const actor = newActor();
      await rename(actor, 2);
      const { next } = await readEvents(actor);
      const first = await store.reader.listEvents({ tenant_id: actor.tenant, limit: 1 });
      await run(store.writer, actor, [account('1', { name: 'latest' }), account('2'), node('ou-1', { name: 'ou 1' })]);
      await store.settle();

      expect(await pruneAll(actor, 'events', everything, 5)).toBe(6);

      const later = await run(store.writer, actor, [account('1', { name: 'newer' }), account('2')]);
      const placed = (after: Position | null) =>
        store.reader.listEvents({ tenant_id: actor.tenant, limit: 10, after: after ?? undefined });
      await expect(placed(first.next)).rejects.toMatchObject({ status: 410, code: 'events_pruned' });
      await expect(placed(next)).rejects.toMatchObject({ status: 410, code: 'events_pruned' });
      const { events, next: end } = await readEvents(actor);
      expect(events.map(({ correlation_id }) => correlation_id)).toEqual([later.run_id]);
      expect((await placed(end)).json).toBe('[]');
    });

    test('who had read up to the last one that was pruned goes on from there', async () => {
      const actor = newActor();
      await rename(actor, 1);
      const { next } = await readEvents(actor);
      await pruneAll(actor, 'events');
      await run(store.writer, actor, [account('1', { name: 'renamed' }), account('2')]);

      const { events } = await readEvents(actor, next ?? undefined);

      expect(events.map(({ event_type }) => event_type)).toEqual(['account.updated']);
    });

    test('who reads a quiet type only is not refused for the others', async () => {
      const actor = newActor();
      await rename(actor, 1);
      await store.settle();
      const quiet = { tenant_id: actor.tenant, limit: 10, event_type: 'org_node.discovered' };
      const { next } = await store.reader.listEvents(quiet);
      await run(store.writer, actor, [account('1', { name: 'renamed' }), account('2')]);
      await store.settle();

      await pruneAll(actor, 'events');

      const after = next ?? undefined;
      expect(await store.reader.listEvents({ ...quiet, after })).toEqual({ json: '[]', next: null, positions: [] });
      await expect(store.reader.listEvents({ ...quiet, event_type: 'account.updated', after })).rejects.toMatchObject({
        status: 410,
      });
    });

    test('nobody is refused for what another tenant lost', async () => {
      const [actor, other] = [newActor(), newActor()];
      await rename(actor, 1);
      const { next } = await readEvents(actor);
      await rename(other, 2);
      await store.settle();

      await pruneAll(other, 'events');

      expect((await readEvents(actor, next ?? undefined)).events).toEqual([]);
    });

    test('they go in the order of the log, up to the first one that is young enough', async () => {
      const actor = newActor();
      await rename(actor, 1);
      const { events } = await readEvents(actor);
      await store.query(
        `update events set timestamp = '2020-01-01T00:00:00.000Z' where tenant_id = '${actor.tenant}' and event_id <> '${events[1]?.event_id}'`,
      );

      expect(await pruneAll(actor, 'events', '2021-01-01T00:00:00.000Z')).toBe(1);

      expect(await eventTypesOf(store, actor)).toEqual(events.slice(1).map(({ event_type }) => event_type));
    });

    test('those that projections are rebuilt from stay, and so does the run they name', async () => {
      const actor = newActor();
      await rename(actor, 2);
      await store.settle();
      const run_id = randomUUID();
      await insertRun(actor, run_id);
      await store.query(
        `update events set event_type = 'asset.discovered', correlation_id = '${run_id}'
         where tenant_id = '${actor.tenant}' and event_type = 'org_node.updated'`,
      );

      expect(await pruneAll(actor, 'events', everything, 2)).toBe(4);
      await pruneAll(actor, 'runs');

      expect(await eventTypesOf(store, actor)).toEqual(['asset.discovered']);
      expect(await runIds(actor)).toContain(run_id);
    });

    test.runIf(dialect === 'postgres')('one that no reader could have seen yet stays, however old', async () => {
      const actor = newActor();
      const driver = postgres(store.url, { max: 1 });
      const other = await driver.reserve();
      await other`begin`;
      await other`select pg_current_xact_id()`;
      await rename(actor, 1);

      const during = await pruneAll(actor, 'events');
      await other`commit`;
      other.release();
      await driver.end();
      await store.settle();

      expect(during).toBe(0);
      expect(await pruneAll(actor, 'events')).toBe(3);
    });
  });

  /** A run that ended long ago and wrote nothing. */
  async function insertRun(
    { tenant, scope }: Actor,
    id: string,
    { finished, outcome } = { finished: `'2020-01-01T00:01:00.000Z'`, outcome: `'complete'` },
  ): Promise<void> {
    await store.query(
      `insert into collector_runs (tenant_id, id, collector, version, "trigger", started_at, finished_at, outcome)
       values ('${tenant}', '${id}', 'aws', '1', 'test', '2020-01-01T00:00:00.000Z', ${finished}, ${outcome})`,
    );
    await store.query(
      `insert into run_scopes (tenant_id, run_id, scope, started_at, finished_at, outcome)
       values ('${tenant}', '${id}', '${scope}', '2020-01-01T00:00:00.000Z', ${finished}, ${outcome})`,
    );
  }

  async function runIds({ tenant }: Actor): Promise<unknown[]> {
    const rows = await store.query(`select id from collector_runs where tenant_id = '${tenant}'`);
    return rows.map((row) => row['id']);
  }

  describe('pages and runs', () => {
    test('pages go by their age, and the run stays with its counts', async () => {
      const actor = newActor();
      const open = await openRun(store.writer, actor);
      const [request] = evidenceOf();
      if (request === undefined) throw new Error('no request');
      const pages = ['2020-01-01T00:00:00.000Z', '2020-02-01T00:00:00.000Z', '2020-03-01T00:00:00.000Z'];
      await open.upsert([account('1')], { pages: pages.map((fetched_at, seq) => ({ ...request, seq, fetched_at })) });
      await open.finish();

      expect(await pruneAll(actor, 'pages', pages[2], 1)).toBe(2);

      const detail = await store.reader.getRun({ tenant_id: actor.tenant, id: open.stamp.run_id });
      expect(JSON.parse(detail ?? '')).toMatchObject({ requests: [{ seq: 2 }] });
      expect(await recordOf(store, actor, '1')).toMatchObject({
        provenance: { requests: [{ request_ids: ['request-1'] }] },
      });
    });

    test('a run that nothing names goes with its scopes; one with a page left stays', async () => {
      const actor = newActor();
      const [gone, paged] = [randomUUID(), randomUUID()];
      await rename(actor, 1);
      await insertRun(actor, gone);
      await insertRun(actor, paged);
      await store.query(
        `insert into run_pages (tenant_id, run_id, scope, seq, operation, page, request_ids, attempts, retry_delay_ms, items, fetched_at)
         values ('${actor.tenant}', '${paged}', '${actor.scope}', 1, 'x', 1, ${dialect === 'sqlite' ? `'[]'` : `'{}'`}, 1, 0, 1, '2020-01-01T00:00:00.000Z')`,
      );

      expect(await pruneAll(actor, 'runs', '2021-01-01T00:00:00.000Z')).toBe(1);
      expect(await runIds(actor)).toContain(paged);
      expect(await runIds(actor)).not.toContain(gone);
      expect(await store.query(`select 1 from run_scopes where run_id = '${gone}'`)).toEqual([]);

      await pruneAll(actor, 'pages', '2021-01-01T00:00:00.000Z');
      expect(await pruneAll(actor, 'runs', '2021-01-01T00:00:00.000Z')).toBe(1);
    });

    test.for([
      ['an account', (id: string) => `update cloud_accounts set run_id = '${id}' where id = '1'`],
      ['a node', (id: string) => `update org_nodes set run_id = '${id}' where id = 'o-1/ou-1'`],
      ['a monitoring endpoint', (id: string) => `update monitoring_endpoints set run_id = '${id}' where id = 'e'`],
      ['a relation', (id: string) => `update relations set run_id = '${id}' where true`],
      ['a version', (id: string) => `update record_versions set run_id = '${id}' where kind = 'account'`],
      ['an event', (id: string) => `update events set correlation_id = '${id}' where event_type = 'account.updated'`],
      [
        'a scope, as its last complete run',
        (id: string) => `update scopes set last_complete_run_id = '${id}' where true`,
      ],
      ['a scope, as what it holds back', (id: string) => `update scopes set held = '{"account":"${id}"}' where true`],
      ['a scope, as its holder', (id: string) => `update scopes set holder_run_id = '${id}' where true`],
    ] as const)('a run that %s names stays', async ([, name]) => {
      const actor = newActor();
      const [named, gone] = [randomUUID(), randomUUID()];
      await rename(actor, 2);
      await run(store.writer, actor, [endpoint('e'), relation('e', 'aws/1')], { enumerated: [] });
      await insertRun(actor, named);
      await insertRun(actor, gone);
      await store.query(`${name(named)} and tenant_id = '${actor.tenant}'`);

      expect(await pruneAll(actor, 'runs', '2021-01-01T00:00:00.000Z', 1)).toBe(1);

      expect(await runIds(actor)).toContain(named);
    });

    test('how the last run of a scope ended stays known, and not that a later one was skipped', async () => {
      const actor = newActor();
      const [latest, skipped] = [randomUUID(), randomUUID()];
      await rename(actor, 1);
      await insertRun(actor, latest);
      await store.query(
        `update run_scopes set started_at = '2019-01-01T00:00:00.000Z', finished_at = null where tenant_id = '${actor.tenant}' and run_id <> '${latest}'`,
      );
      await insertRun(actor, skipped, { finished: `'2020-01-01T00:02:00.000Z'`, outcome: `'skipped'` });

      expect(await pruneAll(actor, 'runs', '2021-01-01T00:00:00.000Z')).toBe(1);
      expect(await runIds(actor)).not.toContain(skipped);
      const [status] = await store.reader.listScopeStatus(actor.tenant);
      expect(status?.duration_seconds).toBe(60);
    });

    test('of each scope the latest run that ended stays, and those before and after it go', async () => {
      const [first, dead] = [newActor(), randomUUID()];
      const actors = [first, { ...first, scope: 'aws:second' }];
      for (const actor of actors) await run(store.writer, actor, [], { enumerated: [] });
      await store.query(`update run_scopes set finished_at = null where tenant_id = '${first.tenant}'`);
      const open = { finished: 'null', outcome: 'null' };
      const kept: string[] = [];
      for (const actor of actors) {
        const [older, latest, newest] = [randomUUID(), randomUUID(), randomUUID()];
        for (const [day, id] of [older, latest, newest].entries()) {
          const ended = { finished: `'2020-01-0${day + 1}T00:01:00.000Z'`, outcome: `'complete'` };
          await insertRun(actor, id, id === newest ? open : ended);
        }
        kept.push(latest);
      }
      await insertRun(first, dead, open);

      expect(await pruneAll(first, 'runs', '2021-01-01T00:00:00.000Z')).toBe(5);

      const left = await store.query(
        `select id from collector_runs where tenant_id = '${first.tenant}' and started_at < '2021-01-01T00:00:00.000Z'`,
      );
      expect(left.map(({ id }) => id).sort()).toEqual(kept.sort());
    });

    test('a run that nothing names stays for its keep time all the same', async () => {
      const actor = newActor();
      const { run_id } = await run(store.writer, actor, [], { enumerated: [] });
      await run(store.writer, actor, [], { enumerated: [] });
      await store.query(`update collector_runs set finished_at = started_at where id = '${run_id}'`);
      // Its scope's last end is the other's, however close they were.
      await store.query(`update run_scopes set finished_at = '2020-01-01T00:00:00.000Z' where run_id = '${run_id}'`);
      const detail = await store.reader.getRun({ tenant_id: actor.tenant, id: run_id });
      const { started_at } = z.object({ started_at: z.string() }).parse(JSON.parse(detail ?? ''));
      const cutoffs = { versions: everything, events: everything, pages: everything, keys: everything };
      const countRuns = async (before: string) =>
        (await store.pruner.count(actor.tenant, { ...cutoffs, runs: before })).runs;

      expect([await countRuns(started_at), await pruneAll(actor, 'runs', started_at)]).toEqual([0, 0]);
      const justAfter = new Date(Date.parse(started_at) + 1).toISOString();
      expect([await countRuns(justAfter), await pruneAll(actor, 'runs', justAfter)]).toEqual([1, 1]);
    });

    test('a run without an end stays for a day, and is dead after it', async () => {
      const actor = newActor();
      const [alive, dead] = [randomUUID(), randomUUID()];
      await rename(actor, 1);
      await insertRun(actor, dead, { finished: 'null', outcome: 'null' });
      const begun = {
        tenant_id: actor.tenant,
        id: alive,
        collector: 'aws',
        version: '1',
        image_digest: null,
        trigger: 'test',
      };
      await store.writer.beginRun(begun);

      await pruneAll(actor, 'runs');

      expect(await runIds(actor)).toContain(alive);
      expect(await runIds(actor)).not.toContain(dead);
    });
  });

  describe('beside others', () => {
    test('two at once share the work, and everything goes once', async () => {
      const actor = newActor();
      await rename(actor, 12);
      await store.settle();

      for (const [what, count] of [
        ['versions', 22],
        ['events', 25],
      ] as const) {
        const pruned = await Promise.all([pruneAll(actor, what, everything, 3), pruneAll(actor, what, everything, 2)]);
        const rest = await pruneAll(actor, what);
        expect([what, pruned.reduce((a, b) => a + b) + rest]).toEqual([what, count]);
      }
    });

    test('collectors go on writing while everything old is pruned', async () => {
      const actor = newActor();
      await rename(actor, 3);
      let writing = true;
      const written = rename(actor, 8).finally(() => {
        writing = false;
      });

      while (writing) for (const what of prunables) await pruneOnce(actor, what, everything, 2);
      const times = await written;

      expect(await recordOf(store, actor, '1')).toMatchObject({ name: 'name 7' });
      expect((await scopeOf(store, actor))['held']).toEqual({});
      const last = times.at(-1) ?? '';
      expect(await copyAt(actor, last)).toMatchObject([[{ name: 'name 7' }, {}], [{ name: 'ou 7' }], {}, {}]);
    });

    test.runIf(dialect === 'postgres')('a batch that is not committed yet keeps no collector waiting', async () => {
      const actor = newActor();
      await rename(actor, 3);
      await store.settle();
      const url = new URL(store.url);
      url.username = 'inventory_prune';
      const driver = postgres(url.href, { max: 1, connection: { search_path: 'inventory' } });
      const other = await driver.reserve();
      onTestFinished(() => driver.end({ timeout: 1 }));
      await other`begin`;
      const [row] =
        await other`select prune_versions(${actor.tenant}, array['account', 'org_node'], ${everything}, 100) as n`;
      await other`select prune_runs(${actor.tenant}, ${everything}, 100)`;

      const ran = await run(store.writer, actor, [account('1', { name: 'written' }), account('2'), node('ou-1')]);
      await other`commit`;
      other.release();

      expect(row?.['n']).toBe(4);
      expect(ran.outcome).toBe('complete');
    });
  });

  describe('a whole pruning', () => {
    const keepNothing = { versions: 0, events: 0, pages: 0, runs: 0, keys: 0 };

    async function age(actor: Actor, times = 3): Promise<void> {
      await rename(actor, times);
      await store.settle();
      await store.query(`update collector_runs set finished_at = started_at where tenant_id = '${actor.tenant}'`);
      await store.query(
        `update collector_runs set started_at = '2020-01-01T00:00:00.000Z' where tenant_id = '${actor.tenant}'`,
      );
    }

    test('a dry run counts what the real one then deletes, and deletes nothing', async () => {
      const actor = newActor();
      await age(actor);
      // Whatever other tests have left.
      await prune({ pruner: store.pruner, keep: keepNothing, dryRun: false, signal: never });
      const second = newActor();
      await age(second);
      await store.query(
        `insert into idempotency_keys values ('${second.tenant}', 'ci', 'key', 'request', '2020-01-01T00:00:00.000Z')`,
      );
      await store.query(
        `insert into run_pages (tenant_id, run_id, scope, seq, operation, page, request_ids, attempts, retry_delay_ms, items, fetched_at)
         select tenant_id, id, 'aws:main', 1, 'x', 1, ${dialect === 'sqlite' ? `'[]'` : `'{}'`}, 1, 0, 1, started_at
         from collector_runs where tenant_id = '${second.tenant}'`,
      );

      const dry = await prune({ pruner: store.pruner, keep: keepNothing, dryRun: true, signal: never });
      expect(await countOf(second, 'record_versions')).toBe(4);
      const real = await prune({ pruner: store.pruner, keep: keepNothing, dryRun: false, signal: never });

      // The first run of three is named by the account that never changed, the last one by what it wrote.
      expect(dry.counts).toEqual({ versions: 4, events: 7, pages: 3, runs: 1, keys: 1 });
      expect(real.counts).toEqual(dry.counts);
      expect(await countOf(second, 'cloud_accounts')).toBe(2);
    });

    test('what is counted, and deleted a few at a time, is the oldest of one tenant that is older than the time', async () => {
      const [actor, other] = [newActor(), newActor()];
      const [request] = evidenceOf();
      if (request === undefined) throw new Error('no request');
      const days = ['2020-01-03', '2020-01-02', '2020-01-01'].map((day) => `${day}T00:00:00.000Z`);
      let began = '';
      for (const { tenant, ...rest } of [other, actor]) {
        const times = await rename({ tenant, ...rest }, 3);
        began = times[2] ?? '';
        const open = await openRun(store.writer, { tenant, ...rest });
        await open.upsert([], { pages: days.map((fetched_at, seq) => ({ ...request, seq, fetched_at })) });
        await open.finish();
        for (const day of days) {
          await store.query(`insert into idempotency_keys values ('${tenant}', 'ci', '${day}', 'request', '${day}')`);
        }
      }
      await store.query(
        `update record_versions set kind = 'asset' where tenant_id = '${actor.tenant}' and kind = 'org_node'`,
      );
      await store.settle();

      const before = { versions: began, events: began, pages: days[0] ?? '', runs: began, keys: days[0] ?? '' };
      const counts = await store.pruner.count(actor.tenant, before);

      expect(counts).toMatchObject({ versions: 1, events: 5, pages: 2, keys: 2 });
      for (const what of ['versions', 'events', 'pages', 'keys'] as const) {
        expect(await pruneOnce(actor, what, before[what], 1)).toBe(1);
        if (what === 'pages' || what === 'keys') expect(await pruneOnce(actor, what, days[1] ?? '')).toBe(0);
        expect(await pruneAll(actor, what, before[what])).toBe(counts[what] - 1);
      }
      for (const table of ['run_pages', 'idempotency_keys']) expect(await countOf(actor, table)).toBe(1);
    });

    test('it reports of every tenant when it was tried, when it succeeded, how long it took and what went; a dry run does not', async () => {
      const [actor, other] = [newActor(), newActor()];
      await age(actor);
      await age(other, 2);
      await prune({ pruner: store.pruner, keep: keepNothing, dryRun: true, signal: never });
      const before = await store.reader.listPruneStatus(actor.tenant);

      await prune({ pruner: store.pruner, keep: keepNothing, dryRun: false, signal: never });

      const [status, ...others] = await store.reader.listPruneStatus(actor.tenant);
      const all = await store.reader.listPruneStatus(undefined);
      expect(before).toEqual([]);
      expect(others).toEqual([]);
      expect(pruneStatusSchema.parse(status)).toMatchObject({
        ...{ tenant_id: actor.tenant, last_run_status: 'complete', last_duration_seconds: expect.any(Number) },
        ...{ versions: 4, events: 7, pages: 0, runs: 1, keys: 0 },
      });
      expect(Date.parse(status?.last_success_at ?? '')).toBeGreaterThanOrEqual(
        Date.parse(status?.last_attempt_at ?? ''),
      );
      expect(all.filter(({ tenant_id }) => tenant_id === actor.tenant)).toEqual([status]);
      expect(all.filter(({ tenant_id }) => tenant_id === other.tenant)).toMatchObject([{ versions: 2, events: 5 }]);
      expect(all.map(({ tenant_id }) => tenant_id)).toEqual(all.map(({ tenant_id }) => tenant_id).sort());
    });

    test.for([
      ['stopped', 'a signal', (controller: AbortController) => controller.abort()],
      [
        'failed',
        'an error',
        () => {
          throw new Error('the disk is full');
        },
      ],
    ] as const)('it reports %s after %s, with what had gone until then, and the last success stays', async ([
      outcome,
      ,
      befall,
    ]) => {
      const actor = newActor();
      await age(actor);
      const only = async () => ({ ...(await store.pruner.begin()), tenants: [actor.tenant] });
      const pruner = { ...store.pruner, begin: only };
      await prune({ pruner, keep: { ...keepNothing, versions: yearMs, events: yearMs }, dryRun: false, signal: never });
      const [succeeded] = await store.reader.listPruneStatus(actor.tenant);
      const controller = new AbortController();

      const second = prune({
        pruner: {
          ...pruner,
          async prune(what: Prunable, batch: Parameters<TestStore['pruner']['prune']>[1]) {
            if (what !== 'versions') befall(controller);
            return await store.pruner.prune(what, batch);
          },
        },
        ...{ keep: keepNothing, dryRun: false, signal: controller.signal },
      });
      await second.catch((error) => expect(error.message).toBe('the disk is full'));

      const [status] = await store.reader.listPruneStatus(actor.tenant);
      expect(status).toMatchObject({
        last_run_status: outcome,
        last_success_at: succeeded?.last_success_at,
        versions: 4,
      });
      expect(succeeded).toMatchObject({ last_run_status: 'complete', versions: 0 });
    });

    test('one that is killed has begun and not ended: what is told of an end is the last one’s', async () => {
      const actor = newActor();
      await age(actor);
      const pruner = {
        ...store.pruner,
        begin: async () => ({ ...(await store.pruner.begin()), tenants: [actor.tenant] }),
      };
      await prune({ pruner, keep: keepNothing, dryRun: false, signal: never });
      const [ended] = await store.reader.listPruneStatus(actor.tenant);

      await store.pruner.beginTenant(actor.tenant);

      const [status] = await store.reader.listPruneStatus(actor.tenant);
      expect({ ...status, last_attempt_at: null }).toEqual({ ...ended, last_attempt_at: null });
      expect(Date.parse(status?.last_attempt_at ?? '')).toBeGreaterThanOrEqual(
        Date.parse(ended?.last_success_at ?? ''),
      );
    });

    test('how long it took is told in seconds, and is none where the clock was set back meanwhile', async () => {
      const actor = newActor();
      const { tenant } = actor;
      await run(store.writer, actor, []);
      const began = Date.parse(await store.pruner.beginTenant(tenant));
      const hourMs = 3_600_000;
      const durationFrom = async (beganMs: number) => {
        const began_at = new Date(beganMs).toISOString();
        const counts = { versions: 0, events: 0, pages: 0, runs: 0, keys: 0 };
        await store.pruner.finishTenant(tenant, { began_at, outcome: 'complete', counts });
        return (await store.reader.listPruneStatus(tenant))[0]?.last_duration_seconds ?? Number.NaN;
      };

      const seconds = await durationFrom(began - hourMs);

      expect(seconds).toBeGreaterThanOrEqual(3600);
      expect(seconds).toBeLessThan(3700);
      expect(await durationFrom(began + hourMs)).toBe(0);
    });

    test('what is younger than its keep time stays, and a keep time longer than the clock runs keeps all', async () => {
      const actor = newActor();
      await rename(actor, 3);
      const keep = { versions: yearMs, events: yearMs * 5000, pages: yearMs, runs: yearMs, keys: yearMs };

      const { before } = await prune({ pruner: store.pruner, keep, dryRun: false, signal: never });

      expect(before.events).toBe('1970-01-01T00:00:00.000Z');
      expect(await countOf(actor, 'record_versions')).toBe(4);
      expect(await countOf(actor, 'events')).toBe(7);
    });

    test('a signal ends it after the batch under way: what that deleted stays deleted, and no other tenant is tried', async () => {
      const [actor, other] = [newActor(), newActor()];
      await age(actor);
      const controller = new AbortController();
      const asked: Prunable[] = [];
      const pruner = {
        ...store.pruner,
        begin: async () => ({ ...(await store.pruner.begin()), tenants: [actor.tenant, other.tenant] }),
        async prune(what: Prunable, batch: Parameters<TestStore['pruner']['prune']>[1]) {
          asked.push(what);
          const deleted = await store.pruner.prune(what, batch);
          controller.abort();
          return deleted;
        },
      };

      const summary = await prune({ pruner, keep: keepNothing, dryRun: false, signal: controller.signal });

      expect(summary).toMatchObject({ stopped: true, counts: { versions: 4, events: 0, pages: 0, runs: 0 } });
      expect(asked).toEqual(['versions']);
      expect(await store.reader.listPruneStatus(other.tenant)).toEqual([]);
      expect(await countOf(actor, 'record_versions')).toBe(0);
      expect(await countOf(actor, 'events')).toBe(7);
    });
  });
});
