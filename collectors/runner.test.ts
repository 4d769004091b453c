// The runner through every row of the outcome table, a scripted collector at one end and a real SQLite file at the other.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, ProviderError } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import {
  type Actor,
  account,
  eventTypesOf,
  evidenceOf,
  newActor,
  node,
  recordOf,
  scopeOf,
  versionsOf,
} from '#store/scenario.contract.ts';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { batchSize } from './batch.ts';
import {
  fetchPage,
  identify,
  ids,
  listAccounts,
  listAll,
  runScripts,
  type Script,
  type ScriptedOptions,
} from './scripted.contract.ts';
import { maxNamed } from './tally.ts';

const nest = (value: JsonObject, levels: number): JsonObject =>
  Array.from({ length: levels }).reduce<JsonObject>((member) => ({ member }), value);

let store: TestStore;
beforeAll(async () => {
  store = await databases[0].open();
});
afterAll(() => store.close());

const run = (actor: Actor, script: Script | Readonly<Record<string, Script>>, options?: ScriptedOptions) =>
  runScripts(store.writer, actor, script, options);
const select = (table: string, actor: Actor): Promise<Row[]> =>
  store.query(`select * from ${table} where tenant_id = '${actor.tenant}'`);
const runRow = async (id: string): Promise<Row | undefined> =>
  (await store.query(`select * from collector_runs where id = '${id}'`))[0];
const scopeRow = async (id: string): Promise<Row | undefined> =>
  (await store.query(`select * from run_scopes where run_id = '${id}'`))[0];
const liveIds = async (actor: Actor): Promise<unknown[]> =>
  (await select('cloud_accounts', actor))
    .filter((row) => row['vanished_at'] === null)
    .map((row) => row['id'])
    .sort();

const denied = () => new ProviderError('access_denied', 'organizations:ListAccounts was refused', { status: 403 });

/** Sees these accounts and then fails. */
function failAfter(seen: readonly string[], error: unknown = denied()): Script {
  return async function* (context) {
    identify(context);
    for (const id of seen) yield account(id);
    throw error;
  };
}

describe('complete', () => {
  test('all that was read is stored, and the run says who asked, with what, and what came of it', async () => {
    const actor = newActor();

    const ran = await run(actor, listAll(['1', '2'], ['ou-1']));

    expect(ran).toMatchObject({ outcome: 'complete', exit_code: 0, dry_run: false, collector: 'scripted' });
    expect(ran.counts).toMatchObject({ seen: 3, inserted: 3, pages: 1, rejected: 0, missing: 0 });
    expect(ran.scopes).toMatchObject([{ scope: 'aws:main', outcome: 'complete', code: null, reason: null }]);
    expect(await runRow(ran.run_id)).toMatchObject({
      ...{ outcome: 'complete', collector: 'scripted', version: '1.0.0', image_digest: 'sha256:0', trigger: 'test' },
      ...{ principal: 'arn:aws:iam::111122223333:role/audit', sdk: 'sdk@1.0.0', error_code: null, error: null },
      ...{ seen: 3, inserted: 3, pages: 1, finished_at: expect.any(String) },
    });
    expect(await scopeRow(ran.run_id)).toMatchObject({ outcome: 'complete', seen: 3, skipped: [] });
    expect(await scopeOf(store, actor)).toMatchObject({ org_id: 'o-1', holder_run_id: null, lease_expires_at: null });
    expect(await recordOf(store, actor, '1')).toMatchObject({
      provenance: {
        ...{ tenant_id: actor.tenant, collector: 'scripted', collector_version: '1.0.0', image_digest: 'sha256:0' },
        ...{ run_id: ran.run_id, scope: 'aws:main' },
      },
    });
  });

  test('the run says which scopes are configured, also those it was not asked for', async () => {
    const scripts = { 'aws:main': listAccounts('1'), 'aws:other': listAccounts('2') };

    const ran = await run(newActor(), scripts, { scopes: ['aws:main'] });

    expect(ran.scopes).toHaveLength(1);
    expect((await runRow(ran.run_id))?.['configured_scopes']).toEqual(['aws:main', 'aws:other']);
  });

  test('a second run that sees the same writes nothing', async () => {
    const actor = newActor();
    await run(actor, listAccounts('1', '2'));
    const before = await countWrites(store, actor.tenant);

    const ran = await run(actor, listAccounts('2', '1'));

    expect(ran.counts).toMatchObject({ seen: 2, unchanged: 2, inserted: 0, changed: 0 });
    expect(await countWrites(store, actor.tenant)).toBe(before);
  });

  test('a record that turns up after its kind was enumerated is seen like any other', async () => {
    const ran = await run(newActor(), async function* (context) {
      yield* listAccounts('1')(context);
      yield account('2');
    });

    expect(ran).toMatchObject({ outcome: 'complete', exit_code: 0, counts: { seen: 2, inserted: 2, missing: 0 } });
  });

  test('one log line sums the run up, with the trace id that is the run id', async () => {
    const ran = await run(newActor(), listAccounts('1'));

    expect(ran.log).toHaveLength(1);
    expect(ran.log[0]).toMatchObject({
      ...{ level: 'info', event: 'run_finished', run_id: ran.run_id, trace_id: ran.run_id.replaceAll('-', '') },
      ...{ collector: 'scripted', outcome: 'complete', exit_code: 0, dry_run: false, duration_ms: expect.any(Number) },
      ...{ counts: { seen: 1 }, scopes: [{ scope: 'aws:main', outcome: 'complete' }] },
    });
  });

  test('the progress tells of the records seen, each once, and of those kept', async () => {
    const written: string[] = [];
    const terminal = { columns: 80, write: (text: string) => void written.push(text) };
    const script: Script = async function* (context) {
      identify(context);
      for (const id of ['1', '2', '1', '2']) yield account(id);
      context.keep({ kind: 'account', key: 'aws/3' });
      // The first line is written at once, others only in time.
      fetchPage(context);
    };

    const ran = await run(newActor(), { 'aws:a': script }, { terminal });

    expect(ran.counts.seen).toBe(3);
    expect(written[0]).toMatch(/aws:a {2}3 records /);
  });

  test('on a terminal people are told instead', async () => {
    const texts: string[] = [];
    const terminal = { columns: 80, write: (text: string) => void texts.push(text) };

    const ran = await run(newActor(), listAccounts('1'), { terminal });

    const written = texts.join('');
    expect(ran.log).toEqual([]);
    expect(written).toContain('aws:main  0 records');
    expect(written).toContain(`aws:main: complete, 1 seen, 1 inserted, 1 pages\nrun ${ran.run_id} ended complete`);
    expect(written.endsWith('s\n')).toBe(true);
  });

  test('a kind that was not enumerated is neither seen nor missing', async () => {
    const actor = newActor();
    await run(actor, listAll(['1'], ['ou-1', 'ou-2']));

    const ran = await run(actor, listAccounts('1'));

    expect(ran).toMatchObject({ outcome: 'complete', counts: { missing: 0 } });
    expect(await recordOf(store, actor, 'o-1/ou-1')).toMatchObject({ missed_runs: 0 });
  });

  test('missing once is no change, missing twice in a row vanishes, seen again is back', async () => {
    const actor = newActor();
    await run(actor, listAccounts(...ids(10)));

    const first = await run(actor, listAccounts(...ids(9)));
    const writesAfterFirst = await eventTypesOf(store, actor);
    const second = await run(actor, listAccounts(...ids(9)));
    const vanished = await recordOf(store, actor, 'n00010');
    const third = await run(actor, listAccounts(...ids(10)));

    expect(first).toMatchObject({ outcome: 'complete', counts: { missing: 1, vanished: 0 } });
    expect(writesAfterFirst).toHaveLength(10);
    expect(second).toMatchObject({ outcome: 'complete', counts: { vanished: 1 } });
    expect(vanished).toMatchObject({ vanished_reason: 'unknown', vanished_at: expect.any(String) });
    expect(third).toMatchObject({ outcome: 'complete', counts: { resurrected: 1, unchanged: 9 } });
    expect((await eventTypesOf(store, actor)).slice(10)).toEqual(['account.vanished', 'account.returned']);
  });

  test('a miss is forgotten when the record is seen before the next one', async () => {
    const actor = newActor();
    await run(actor, listAccounts(...ids(10)));

    await run(actor, listAccounts(...ids(9)));
    await run(actor, listAccounts(...ids(10)));
    const ran = await run(actor, listAccounts(...ids(9)));

    expect(ran.counts).toMatchObject({ missing: 1, vanished: 0 });
  });
});

describe('held', () => {
  test('all units gone while the accounts are intact: nothing vanishes until an operator confirms', async () => {
    const actor = newActor();
    await run(actor, listAll(ids(10), ['ou-1', 'ou-2', 'ou-3']));
    await run(actor, listAll(ids(10), []));

    const held = await run(actor, listAll(ids(10), []));
    const again = await run(actor, listAll(ids(10), []));
    const kept = (await select('org_nodes', actor)).filter((row) => row['vanished_at'] === null);
    const request = { tenant_id: actor.tenant, scope: actor.scope };
    const refused = store.writer.confirmHeld({ ...request, run_id: held.run_id });

    expect(held).toMatchObject({ outcome: 'held', exit_code: 0, counts: { vanished: 0 } });
    expect(held.scopes[0]?.reason).toContain('3 records of kind org_node would vanish');
    expect(again).toMatchObject({ outcome: 'held', exit_code: 0 });
    expect(kept).toHaveLength(3);
    await expect(refused).rejects.toMatchObject({ code: 'not_held' });
    expect(await store.writer.confirmHeld({ ...request, run_id: again.run_id })).toEqual({ vanished: 3 });
    expect(await run(actor, listAll(ids(10), []))).toMatchObject({ outcome: 'complete', counts: { missing: 0 } });
  });

  test('records that the run itself brought do not make the loss of all others look small', async () => {
    const actor = newActor();
    await run(actor, listAccounts('1', '2', '3'));
    await run(actor, listAccounts());

    const ran = await run(actor, listAccounts('4', '5', '6'));

    expect(ran).toMatchObject({ outcome: 'held', counts: { inserted: 3, vanished: 0 } });
  });

  test('a held run has not failed, and is worse than a partial one', async () => {
    const actor = newActor();
    const partial: Script = async function* (context) {
      yield* listAccounts('p')(context);
      context.skip({ what: 'tags' }, denied());
    };
    await run(actor, { 'aws:a': listAccounts('1'), 'aws:b': partial });
    await run(actor, { 'aws:a': listAccounts(), 'aws:b': partial });

    const ran = await run(actor, { 'aws:a': listAccounts(), 'aws:b': partial });

    expect(ran).toMatchObject({ outcome: 'held', exit_code: 0 });
    expect(ran.scopes.map(({ outcome }) => outcome)).toEqual(['held', 'partial']);
  });
});

describe('partial', () => {
  const skipping = (seen: readonly string[], kinds?: readonly ['account']): Script =>
    async function* (context) {
      identify(context);
      for (const id of seen) yield account(id);
      context.skip({ what: 'the part', ...(kinds && { kinds }) }, denied());
      context.enumerated('account');
    };

  test('a group of fields that could not be read does not hinder absence', async () => {
    const actor = newActor();
    await run(actor, listAccounts(...ids(10)));

    const first = await run(actor, skipping(ids(9)));
    const second = await run(actor, skipping(ids(9)));

    expect(first).toMatchObject({ outcome: 'partial', exit_code: 0, counts: { missing: 1 } });
    expect(first.scopes[0]?.reason).toBe('could not be read: the part');
    expect(second).toMatchObject({ outcome: 'partial', counts: { vanished: 1 } });
    expect(await scopeRow(first.run_id)).toMatchObject({
      skipped: [{ what: 'the part', kinds: [], cause: 'organizations:ListAccounts was refused' }],
    });
  });

  test('while a part of a kind could not be listed only closing records of it vanish', async () => {
    const actor = newActor();
    const closing = account('closing', { lifecycle: 'closing' });
    await run(actor, async function* (context) {
      yield* listAccounts(...ids(10))(context);
      context.enumerated('org_node');
    });
    await run(actor, async function* (context) {
      identify(context);
      yield closing;
    });

    for (let count = 0; count < 3; count += 1) await run(actor, skipping(ids(9), ['account']));

    expect(await recordOf(store, actor, 'n00010')).toMatchObject({ missed_runs: 0, vanished_at: null });
    expect(await recordOf(store, actor, 'closing')).toMatchObject({ vanished_reason: 'closed' });
  });

  test('an observation that is none is counted and named, and what can be read of it counts as seen', async () => {
    const actor = newActor();
    await run(actor, listAccounts(...ids(10)));
    const bad = { ...account('n00010'), attributes: { provider: 'aws', id: 'n00010', partition: 7 } };
    const script: Script = async function* (context) {
      identify(context);
      for (const id of ids(8)) yield account(id);
      yield bad;
      context.enumerated('account');
    };

    const ran = [await run(actor, script), await run(actor, script)];

    for (const { outcome, exit_code, counts } of ran) {
      expect({ outcome, exit_code }).toEqual({ outcome: 'partial', exit_code: 0 });
      // n00009 was not seen either, but it may be the one that could not be understood elsewhere.
      expect(counts).toMatchObject({ seen: 9, rejected: 1, missing: 0, vanished: 0 });
    }
    expect(ran[0]?.scopes[0]?.reason).toBe('could not be read: aws/n00010');
    expect(await scopeRow(ran[0]?.run_id ?? '')).toMatchObject({
      skipped: [{ what: 'aws/n00010', kinds: ['account'], cause: expect.stringContaining('attributes.partition') }],
    });
    expect(ran[0]?.log.filter((line) => line['event'] === 'rejected')).toHaveLength(1);
  });

  test.for([
    ['nothing', undefined],
    ['text', 'account'],
    ['an unknown kind', { ...account('1'), kind: 'asset' }],
    ['no evidence', { ...account('1'), evidence: [] }],
    ['a key that is not its own', { ...account('1'), key: 'aws/2' }],
    ['a member too many', { ...account('1'), vanished_at: null }],
    ['details deeper than SQLite reads', account('1', { details: nest({}, 1000) })],
    ['raw deeper than the stack', { ...account('1'), raw: nest({}, 100_000) }],
  ] as const)('%s is rejected, the others are stored', async ([, yielded]) => {
    const actor = newActor();

    const ran = await run(actor, async function* (context) {
      identify(context);
      yield yielded;
      yield account('good');
    });

    expect(ran).toMatchObject({ outcome: 'partial', counts: { rejected: 1, inserted: 1 } });
    expect(await liveIds(actor)).toEqual(['good']);
  });

  test('an observation of which nothing can be read may be any record of any kind: none of them is missing', async () => {
    const actor = newActor();
    await run(actor, listAll(ids(10), ['ou-1', 'ou-2']));

    const ran = await run(actor, async function* (context) {
      identify(context);
      yield { key: 'who knows' };
      yield* listAll(ids(9), ['ou-1'])(context);
    });

    expect(ran).toMatchObject({ outcome: 'partial', counts: { seen: 10, rejected: 1, missing: 0 } });
    expect(ran.scopes[0]?.reason).toBe('could not be read: an observation without a readable key');
  });

  test('of thousands that are rejected a bounded number is named', async () => {
    const actor = newActor();

    const ran = await run(actor, async function* (context) {
      identify(context);
      for (const id of ids(2000)) yield { ...account(id), raw: undefined };
      context.skip({ what: 'tags' }, denied());
    });

    expect(ran.counts).toMatchObject({ rejected: 2000, seen: 2000 });
    expect(ran.scopes[0]?.reason).toContain('and 1996 more');
    expect(ran.log).toHaveLength(maxNamed + 1);
    expect((await scopeRow(ran.run_id))?.['skipped']).toHaveLength(maxNamed);
  });

  test('of one that is rejected no more is told than a row can bear', async () => {
    const actor = newActor();
    const endless = 'x'.repeat(100_000);

    const ran = await run(actor, async function* (context) {
      identify(context);
      yield { ...account('1'), key: endless, [endless]: 1 };
    });

    const [skipped] = z
      .array(z.strictObject({ what: z.string(), kinds: z.array(z.string()), cause: z.string() }))
      .parse((await scopeRow(ran.run_id))?.['skipped']);
    expect(skipped?.what).toBe(endless.slice(0, 300));
    expect(skipped?.cause).toHaveLength(300);
    expect(ran.counts).toMatchObject({ seen: 1, rejected: 1 });
  });

  test('the same id under another partition is refused by the store and makes the scope partial', async () => {
    const actor = newActor();
    await run(actor, listAccounts('1', '2'));

    const ran = await run(actor, async function* (context) {
      identify(context);
      yield account('1', { partition: 'aws-cn' });
      yield account('2');
      context.enumerated('account');
    });

    expect(ran).toMatchObject({ outcome: 'partial', counts: { rejected: 1, seen: 2, unchanged: 1, missing: 0 } });
    expect(await recordOf(store, actor, '1')).toMatchObject({ partition: 'aws' });
  });
});

describe('failed', () => {
  test('what was seen before the provider said no is kept, and nothing is missing', async () => {
    const actor = newActor();
    await run(actor, listAccounts('1', '2', '3'));

    const ran = [await run(actor, failAfter(['1', 'new'])), await run(actor, failAfter(['1']))];

    for (const { outcome, exit_code, scopes, counts } of ran) {
      expect({ outcome, exit_code }).toEqual({ outcome: 'failed', exit_code: 1 });
      expect(counts).toMatchObject({ missing: 0, vanished: 0 });
      expect(scopes).toMatchObject([
        { outcome: 'failed', code: 'access_denied', reason: 'access_denied: organizations:ListAccounts was refused' },
      ]);
    }
    expect(await liveIds(actor)).toEqual(['1', '2', '3', 'new']);
    expect(await runRow(ran[0]?.run_id ?? '')).toMatchObject({
      ...{ outcome: 'failed', error_code: 'access_denied', error: expect.stringContaining('ListAccounts') },
    });
    expect(await scopeRow(ran[0]?.run_id ?? '')).toMatchObject({ outcome: 'failed', seen: 2, inserted: 1 });
  });

  test('an error after the listing had ended leaves absence untouched too', async () => {
    const actor = newActor();
    await run(actor, listAccounts('1', '2'));

    const ran = await run(actor, async function* (context) {
      yield* listAccounts('1')(context);
      throw denied();
    });

    expect(ran.counts).toMatchObject({ missing: 0 });
    expect(await recordOf(store, actor, '2')).toMatchObject({ missed_runs: 0 });
  });

  test('whenever a scope breaks off, what it yielded before is stored and nothing counts as missing', async () => {
    const yielded = fc.array(fc.integer({ min: 1, max: 30 }).map(String), { maxLength: 60 });

    await fc.assert(
      fc.asyncProperty(yielded, yielded, async (before, seen) => {
        const actor = newActor();
        await run(actor, listAccounts(...before));

        const ran = await run(actor, failAfter(seen));

        expect(ran.counts).toMatchObject({ seen: new Set(seen).size, missing: 0, vanished: 0 });
        expect(await liveIds(actor)).toEqual([...new Set([...before, ...seen])].sort());
      }),
      { numRuns: 25 },
    );
  });

  test('the other scopes still run', async () => {
    const actor = newActor();

    const ran = await run(actor, { 'aws:a': failAfter(['1']), 'aws:b': listAccounts('2') });

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1 });
    expect(ran.scopes.map(({ scope, outcome }) => [scope, outcome])).toEqual([
      ['aws:a', 'failed'],
      ['aws:b', 'complete'],
    ]);
    expect(await liveIds(actor)).toEqual(['1', '2']);
  });

  test.for([
    [
      'yields before it has said who it is',
      async function* () {
        yield account('1');
      },
    ],
    [
      'throws something unexpected',
      async function* (context) {
        identify(context);
        yield account('1');
        throw new TypeError('x is not a function');
      },
    ],
    [
      'reports a request that is none',
      async function* (context) {
        identify(context);
        for (const request of evidenceOf(0)) context.fetched(request);
        yield account('1');
      },
    ],
  ] as const satisfies readonly (readonly [
    string,
    Script,
  ])[])('a collector that %s is a bug, told with its stack', async ([, script]) => {
    const ran = await run(newActor(), script);

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, scopes: [{ code: 'bug' }] });
    expect(ran.log[0]).toMatchObject({ level: 'error', event: 'bug', err: { stack: expect.any(Array) } });
    expect(await runRow(ran.run_id)).toMatchObject({ error_code: 'bug' });
  });

  test('a problem of the configuration that shows only then fails the scope with its remedy', async () => {
    const error = new ConfigError('unreadable', [{ key: 'credentials_file', remedy: 'does not exist' }]);

    const ran = await run(newActor(), failAfter([], error));

    expect(ran.scopes).toMatchObject([{ code: 'unreadable', reason: 'unreadable: credentials_file: does not exist' }]);
  });
});

describe('wrong root', () => {
  const answering = (root: string, configured?: string): Script =>
    async function* (context) {
      identify(context, root, configured);
      yield account('1', { org_id: root });
      context.enumerated('account');
    };

  test('credentials of another organization than the configured one write nothing', async () => {
    const actor = newActor();

    const ran = await run(actor, answering('o-2', 'o-1'));

    expect(ran).toMatchObject({ outcome: 'failed', exit_code: 1, scopes: [{ code: 'wrong_root' }] });
    expect(ran.scopes[0]?.reason).toMatch(/o-1.*o-2.*use credentials of o-1/);
    expect(await countWrites(store, actor.tenant)).toBe(0);
    expect(await scopeOf(store, actor)).toMatchObject({ org_id: null });
  });

  test('another organization than the first complete run found is refused until the configuration names it', async () => {
    const actor = newActor();
    await run(actor, answering('o-1'));
    const before = await countWrites(store, actor.tenant);

    const refused = await run(actor, answering('o-2'));
    const writes = await countWrites(store, actor.tenant);
    const named = await run(actor, answering('o-2', 'o-2'));

    expect(refused.scopes[0]).toMatchObject({ code: 'wrong_root', reason: expect.stringMatching(/o-1.*o-2.*o-1/) });
    expect(writes).toBe(before);
    expect(named).toMatchObject({ outcome: 'complete' });
    expect(await scopeOf(store, actor)).toMatchObject({ org_id: 'o-2' });
  });
});

describe('measures', () => {
  const measuring = (...said: readonly Record<string, number>[]): Script =>
    async function* (context) {
      yield* listAccounts('1')(context);
      for (const measures of said) context.measure(measures);
    };

  test('of one run add up, those of the next replace them, and no record is rewritten', async () => {
    const actor = newActor();
    await run(actor, measuring({ latency_ms: 12, series: 5 }, { latency_ms: 13 }));
    expect(await scopeOf(store, actor)).toMatchObject({ measures: { latency_ms: 13, series: 5 } });
    const writes = await countWrites(store, actor.tenant);

    await run(actor, measuring({ latency_ms: 14 }));

    expect((await scopeOf(store, actor))['measures']).toEqual({ latency_ms: 14 });
    expect(await countWrites(store, actor.tenant)).toBe(writes);
  });

  test('that are no numbers fail the scope, which keeps what it had', async () => {
    const actor = newActor();
    await run(actor, measuring({ latency_ms: 12 }));

    const { outcome } = await run(actor, measuring({ latency_ms: Number.NaN }));

    expect(outcome).toBe('failed');
    expect((await scopeOf(store, actor))['measures']).toEqual({ latency_ms: 12 });
  });
});

describe('memo', () => {
  const remembering = (said: unknown, ending?: unknown): Script =>
    async function* (context) {
      identify(context);
      context.remember([context.memo, said]);
      yield account('1');
      if (ending !== undefined) throw ending;
    };

  test('what a scope remembers is there at its next run', async () => {
    const actor = newActor();

    await run(actor, remembering('a'));
    await run(actor, remembering('b'));

    expect(await scopeOf(store, actor)).toMatchObject({ memo: [[null, 'a'], 'b'] });
  });

  test('a scope that fails, or says nothing, keeps what it remembered before', async () => {
    const actor = newActor();
    await run(actor, remembering('a'));

    await run(actor, remembering('lost', denied()));
    await run(actor, listAccounts('1'));

    expect(await scopeOf(store, actor)).toMatchObject({ memo: [null, 'a'] });
  });
});

describe('batches', () => {
  test('more than one batch is written as it fills, and nothing of it is lost', async () => {
    const actor = newActor();
    const sizes: number[] = [];
    const writer = {
      ...store.writer,
      upsert: (...[lease, batch]: Parameters<typeof store.writer.upsert>) => {
        sizes.push(batch.observations.length);
        return store.writer.upsert(lease, batch);
      },
    };

    const ran = await runScripts(writer, actor, listAccounts(...ids(2 * batchSize + 1)));

    expect(sizes).toEqual([batchSize, batchSize, 1]);
    expect(ran.counts).toMatchObject({ seen: 2 * batchSize + 1, inserted: 2 * batchSize + 1 });
    expect(await select('cloud_accounts', actor)).toHaveLength(2 * batchSize + 1);
  });

  test('of a key that comes twice the later content counts, in one batch and across two', async () => {
    const actor = newActor();

    const ran = await run(actor, async function* (context) {
      identify(context);
      yield account('1', { name: 'old' });
      yield account('1', { name: 'new' });
      for (const id of ids(batchSize)) yield account(id, { name: 'first' });
      yield account('n00001', { name: 'later' });
    });

    expect(ran.counts).toMatchObject({ seen: batchSize + 1, inserted: batchSize + 1, changed: 0, unchanged: 0 });
    expect(await recordOf(store, actor, '1')).toMatchObject({ name: 'new' });
    expect(await versionsOf(store, actor, 'aws/1')).toEqual([]);
    expect(await recordOf(store, actor, 'n00001')).toMatchObject({ name: 'later' });
  });

  test('of a key that comes in two batches the record counts once, and what became of it', async () => {
    const actor = newActor();
    const named = (id: string, name = 'old') => account(id, { name });
    await run(actor, async function* (context) {
      identify(context);
      yield* ['kept', 'same', 'renamed', 'again', ...ids(batchSize)].map((id) => named(id));
    });

    const ran = await run(actor, async function* (context) {
      identify(context);
      context.keep({ kind: 'account', key: 'aws/kept' });
      yield named('same');
      yield named('again', 'first');
      yield named('renamed');
      yield named('new');
      yield* ids(batchSize).map((id) => named(id));
      yield named('same');
      yield named('kept');
      yield named('again', 'second');
      yield named('renamed', 'late');
      yield named('new', 'late');
      context.enumerated('account');
    });

    expect(ran.counts).toMatchObject({
      ...{ seen: batchSize + 5, inserted: 1, changed: 2, unchanged: batchSize + 2, resurrected: 0, rejected: 0 },
    });
    expect(await scopeRow(ran.run_id)).toMatchObject(ran.counts);
  });

  test('what is kept, rejected or refused is seen, and neither inserted, changed nor unchanged', async () => {
    const actor = newActor();
    await run(actor, listAccounts('kept', 'same', 'refused'));

    const ran = await run(actor, async function* (context) {
      identify(context);
      context.keep({ kind: 'account', key: 'aws/kept' });
      for (let time = 0; time < 2; time += 1) {
        yield account('same');
        yield account('refused', { partition: 'aws-cn' });
        yield { ...account('rejected'), attributes: {} };
        yield* ids(batchSize).map((id) => account(id));
      }
    });

    expect(ran.counts).toMatchObject({
      seen: batchSize + 4,
      inserted: batchSize,
      changed: 0,
      unchanged: 1,
      rejected: 4,
    });
  });

  test('of a key that comes twice the one that the provider dates later counts, whichever comes last', async () => {
    const actor = newActor();
    const dated = (name: string, provider_updated_at: string) => account('1', { name }, { provider_updated_at });

    await run(actor, async function* (context) {
      identify(context);
      yield dated('new', '2026-01-02T00:00:00.000Z');
      yield dated('old', '2026-01-01T00:00:00.000Z');
    });

    expect(await recordOf(store, actor, '1')).toMatchObject({ name: 'new' });
  });

  test('requests are numbered and stored, also many without a record between them and those made during a write', async () => {
    const actor = newActor();
    let askAhead = () => {};
    const sent: number[] = [];
    const writer = {
      ...store.writer,
      upsert: async (...[lease, batch]: Parameters<typeof store.writer.upsert>) => {
        askAhead();
        sent.push(...batch.pages.map(({ seq }) => seq));
        return store.writer.upsert(lease, batch);
      },
      finishScope: async (...[lease, stamp, ending]: Parameters<typeof store.writer.finishScope>) => {
        sent.push(...ending.pages.map(({ seq }) => seq));
        return store.writer.finishScope(lease, stamp, ending);
      },
    };

    const ran = await runScripts(writer, actor, async function* (context) {
      askAhead = () => fetchPage(context);
      identify(context);
      for (let page = 1; page <= batchSize + 1; page += 1) fetchPage(context, page);
      yield account('1');
      yield account('2');
    });

    const pages = await select('run_pages', actor);
    expect(pages).toHaveLength(ran.counts.pages);
    expect(sent).toHaveLength(pages.length);
    expect(ran.counts.pages).toBeGreaterThan(batchSize + 1);
    expect(new Set(pages.map((page) => page['seq'])).size).toBe(pages.length);
  });

  test('NUL and lone surrogates cost no record, not even in a key', async () => {
    const actor = newActor();
    const script: Script = async function* (context) {
      identify(context);
      yield account('a\u0000b', { name: 'x\u0000y\ud800' }, { raw: { name: '\udc00\u0000' } });
      yield node('ou-1');
      context.enumerated('account');
    };

    const ran = [await run(actor, script), await run(actor, script), await run(actor, script)];

    expect(ran.map(({ outcome, counts }) => [outcome, counts.missing])).toEqual(Array(3).fill(['complete', 0]));
    expect(await recordOf(store, actor, 'ab')).toMatchObject({ name: 'xy\ufffd', vanished_at: null, missed_runs: 0 });
  });
});

describe('scopes', () => {
  test('only those that were asked for are run', async () => {
    const actor = newActor();

    const ran = await run(actor, { 'aws:a': listAccounts('1'), 'aws:b': listAccounts('2') }, { scopes: ['aws:b'] });

    expect(ran.scopes.map(({ scope }) => scope)).toEqual(['aws:b']);
    expect(await liveIds(actor)).toEqual(['2']);
  });

  test('one that is not configured is refused before anything is written, with those there are', async () => {
    const actor = newActor();

    const ran = run(actor, { 'aws:a': listAccounts(), 'aws:b': listAccounts() }, { scopes: ['aws:c', 'aws:a'] });

    await expect(ran).rejects.toMatchObject({
      code: 'unknown_scope',
      message: expect.stringMatching(/aws:c.*aws:a, aws:b/),
    });
    expect(await select('collector_runs', actor)).toEqual([]);
  });

  test('as many are observed at once as the collector can take, and told in order', async () => {
    const actor = newActor();
    const both = Promise.withResolvers<void>();
    let running = 0;
    const meeting: Script = async function* (context) {
      identify(context);
      running += 1;
      if (running === 2) both.resolve();
      await both.promise;
      yield account(context.scope);
    };

    const ran = await run(actor, { 'aws:a': meeting, 'aws:b': meeting, 'aws:c': meeting }, { concurrency: 2 });

    expect(ran.scopes.map(({ scope }) => scope)).toEqual(['aws:a', 'aws:b', 'aws:c']);
    expect(ran).toMatchObject({ outcome: 'complete', counts: { seen: 3, inserted: 3 } });
  });
});

test('a dry run reads and validates, sums up alike, and writes nothing', async () => {
  const actor = newActor();

  const ran = await runScripts(undefined, actor, async function* (context) {
    yield* listAccounts('1', '2')(context);
    yield { kind: 'org_node' };
  });

  expect(ran).toMatchObject({ dry_run: true, outcome: 'partial', exit_code: 0, counts: { seen: 2, rejected: 1 } });
  expect(ran.counts).toMatchObject({ inserted: 0, pages: 1 });
  expect(ran.log.at(-1)).toMatchObject({ event: 'run_finished', dry_run: true });
  expect(await select('collector_runs', actor)).toEqual([]);
});
