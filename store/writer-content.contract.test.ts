// Write on change: what an observation changes in the record, its versions and the events, on both databases.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { observationSchema } from '#core/observation.ts';
import { zeroCounts } from '#core/run.ts';
import {
  account,
  eventsOf,
  eventTypesOf,
  evidenceOf,
  newActor,
  node,
  openRun,
  recordOf,
  run,
  versionsOf,
} from './scenario.contract.ts';
import { countWrites, databases, type TestStore } from './stores.contract.ts';

describe.for(databases)('on $dialect', ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  test('a first sighting is stored with its provenance, and discovered', async () => {
    const actor = newActor();

    const { upserted, run_id } = await run(store.writer, actor, [account('1', { name: 'one', tags: { env: 'prod' } })]);

    expect(upserted).toEqual({
      ...{ inserted: 1, changed: 0, unchanged: 0, resurrected: 0, conflicts: [] },
      inserted_by_kind: { account: 1, org_node: 0, monitoring_endpoint: 0, relation: 0 },
      touched: { account: ['aws/1'], org_node: [], monitoring_endpoint: [], relation: [] },
    });
    const row = await recordOf(store, actor, '1');
    expect(row).toMatchObject({
      ...{ provider: 'aws', name: 'one', tags: { env: 'prod' }, raw: { Id: '1' }, details: null, status: null },
      ...{ scope: 'aws:main', source: 'aws/1.0.0', run_id, missed_runs: 0, last_seen_at: null, vanished_at: null },
      known_fields: ['id', 'name', 'org_id', 'partition', 'provider', 'tags'],
      provenance: {
        ...{ tenant_id: actor.tenant, collector: 'aws', collector_version: '1.0.0', image_digest: null, run_id },
        ...{ scope: 'aws:main', observed_at: row['valid_from'], requests: evidenceOf() },
      },
    });
    expect(row['discovered_at']).toBe(row['valid_from']);
    expect((await eventsOf(store, actor)).map((event) => [event['event_type'], event['payload']])).toEqual([
      [
        'account.discovered',
        {
          ...{ provider: 'aws', id: '1', org_id: 'o-1', scope: 'aws:main' },
          attributes: { provider: 'aws', id: '1', partition: 'aws', org_id: 'o-1', name: 'one', tags: { env: 'prod' } },
        },
      ],
    ]);
    expect(await versionsOf(store, actor, 'aws/1')).toEqual([]);
  });

  test('ids and names as long as they may be are written, whatever their letters', async () => {
    const actor = newActor();
    // By chance, so that no index can compress them, and of three bytes each.
    const text = Array.from({ length: 256 }, () => String.fromCharCode(0x4e00 + Math.random() * 0x5000)).join('');
    const long = [account(text, { name: text, project_id: text }), node('', { id: text, name: text })];

    expect(long.map((observation) => observationSchema.safeParse(observation).success)).toEqual([true, true]);
    expect((await run(store.writer, actor, long)).upserted.inserted).toBe(2);
  });

  test('the same observations in another order, of pages and of keys, write nothing', async () => {
    const actor = newActor();
    const first = [
      account('1', { name: 'one', tags: { a: '1', b: '2' }, details: { x: { p: 1, q: [1, 2] } } }),
      account('2', { name: 'two', status_changed_at: '2026-01-01T00:00:00.500Z' }),
      node('ou-1', { name: 'unit', org_path_ids: ['o-1/r', 'o-1/ou-1'] }),
    ];
    await run(store.writer, actor, first, { enumerated: ['account', 'org_node'] });
    const before = await countWrites(store, actor.tenant);

    const shuffled = first.map(reverseKeys).reverse();
    const { upserted } = await run(store.writer, actor, shuffled, { enumerated: ['account', 'org_node'] });

    expect(upserted).toMatchObject({ inserted: 0, changed: 0, unchanged: 3 });
    expect(before).toBe(6);
    expect(await countWrites(store, actor.tenant)).toBe(before);
  });

  test('a changed attribute closes the replaced content as a version and emits what changed', async () => {
    const actor = newActor();
    const first = await run(store.writer, actor, [account('1', { name: 'one', tags: { env: 'dev', team: 'a' } })]);
    const before = await recordOf(store, actor, '1');

    const changed = account('1', { name: 'two', tags: { env: 'prod', cost: '7' } }, { evidence: evidenceOf(9) });
    const second = await run(store.writer, actor, [changed]);

    expect(second.upserted).toMatchObject({ inserted: 0, changed: 1, unchanged: 0, resurrected: 0 });
    const after = await recordOf(store, actor, '1');
    expect(after).toMatchObject({ name: 'two', tags: { env: 'prod', cost: '7' }, run_id: second.run_id });
    expect(after['provenance']).toMatchObject({
      ...{ run_id: second.run_id, requests: evidenceOf(9) },
      observed_at: after['valid_from'],
    });
    expect(after['discovered_at']).toBe(before['discovered_at']);
    const [version, ...more] = await versionsOf(store, actor, 'aws/1');
    expect(more).toEqual([]);
    expect(version).toMatchObject({
      ...{ kind: 'account', valid_from: before['valid_from'], valid_to: after['valid_from'] },
      ...{ changed_fields: ['name', 'tags'], provenance: before['provenance'], run_id: first.run_id },
      content: {
        ...{ provider: 'aws', id: '1', name: 'one', tags: { env: 'dev', team: 'a' }, details: null },
        ...{ known_fields: before['known_fields'], content_hash: before['content_hash'], scope: 'aws:main' },
        ...{ source: 'aws/1.0.0', vanished_at: null, vanished_reason: null },
      },
    });
    const events = await eventsOf(store, actor);
    expect(events.map((event) => event['event_type'])).toEqual(['account.discovered', 'account.updated']);
    expect(events[1]).toMatchObject({
      ...{ source: 'aws/1.0.0', timestamp: after['valid_from'], correlation_id: second.run_id },
      causation_id: events[1]?.['event_id'],
    });
    expect(changedOf(events[1])).toEqual(['/name', '/tags/cost', '/tags/env', '/tags/team']);
  });

  test('what is omitted now and then costs no write, also after a change', async () => {
    const actor = newActor();
    const everything = { tags: { env: 'prod' }, details: { a: 1, b: 2 } };
    const parts = [{ details: { b: 2 } }, { details: everything.details }, { ...everything, details: { b: 2 } }, {}];
    await run(store.writer, actor, [account('1', { name: 'first', ...everything })]);

    for (const [index, part] of parts.entries()) {
      const name = `name ${index}`;
      await run(store.writer, actor, [account('1', { name, ...part })]);
      const writes = await countWrites(store, actor.tenant);
      for (const seen of [part, everything, part]) {
        const { upserted } = await run(store.writer, actor, [account('1', { name, ...seen })]);
        expect(upserted).toMatchObject({ changed: 0, unchanged: 1 });
      }
      expect(await countWrites(store, actor.tenant)).toBe(writes);
    }
    expect(await recordOf(store, actor, '1')).toMatchObject(everything);
  });

  test('an omitted field keeps what is stored, null and empty values replace it', async () => {
    const actor = newActor();
    const everything = { name: 'one', tags: { env: 'prod' }, org_path_ids: ['r'], parent_id: 'ou-1' };
    await run(store.writer, actor, [account('1', everything)]);

    for (const omitting of [{ name: 'one' }, { name: 'one', tags: undefined }]) {
      const { upserted } = await run(store.writer, actor, [account('1', omitting)]);
      expect(upserted.unchanged).toBe(1);
      expect(await recordOf(store, actor, '1')).toMatchObject(everything);
    }

    const emptying = await run(store.writer, actor, [account('1', { name: null, tags: {}, org_path_ids: [] })]);
    expect(emptying.upserted.changed).toBe(1);
    expect(await recordOf(store, actor, '1')).toMatchObject({
      ...{ name: null, tags: {}, org_path_ids: [], parent_id: 'ou-1' },
      known_fields: ['id', 'name', 'org_id', 'org_path_ids', 'parent_id', 'partition', 'provider', 'tags'],
    });
  });

  test('details are kept, filled and changed key by key', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { details: { a: 1, b: { deep: true } } })]);

    const filled = await run(store.writer, actor, [account('1', { details: { c: [] } })]);
    expect(filled.upserted).toMatchObject({ changed: 0, unchanged: 1 });
    expect(await recordOf(store, actor, '1')).toMatchObject({ details: { a: 1, b: { deep: true }, c: [] } });

    const changed = await run(store.writer, actor, [account('1', { details: { b: { deep: false } } })]);
    expect(changed.upserted.changed).toBe(1);
    expect(await recordOf(store, actor, '1')).toMatchObject({ details: { a: 1, b: { deep: false }, c: [] } });
    expect(changedOf((await eventsOf(store, actor)).at(-1))).toEqual(['/details/b/deep']);

    const cleared = await run(store.writer, actor, [account('1', { details: null })]);
    expect(cleared.upserted.changed).toBe(1);
    expect(await recordOf(store, actor, '1')).toMatchObject({ details: null });

    const again = await run(store.writer, actor, [account('1', { details: { a: 1 } })]);
    expect(again.upserted.changed).toBe(1);
    expect(await recordOf(store, actor, '1')).toMatchObject({ details: { a: 1 } });
    expect(changedOf((await eventsOf(store, actor)).at(-1))).toEqual(['/details']);
  });

  test('a field read for the first time is filled in place: no version, no event, new provenance', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'one' })]);
    const before = await recordOf(store, actor, '1');

    const { upserted, run_id } = await run(store.writer, actor, [account('1', { name: 'one', tags: null })]);

    expect(upserted).toMatchObject({ changed: 0, unchanged: 1 });
    const after = await recordOf(store, actor, '1');
    expect(after).toMatchObject({ tags: null, run_id, valid_from: before['valid_from'] });
    expect(after['known_fields']).toContain('tags');
    expect(after['provenance']).toMatchObject({ run_id });
    expect(await versionsOf(store, actor, 'aws/1')).toEqual([]);
    expect(await eventTypesOf(store, actor)).toEqual(['account.discovered']);
  });

  test('what is filled beside a change is neither in changed_fields nor in the event', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'one' })]);

    await run(store.writer, actor, [account('1', { name: 'two', tags: { env: 'prod' } })]);

    expect((await versionsOf(store, actor, 'aws/1'))[0]).toMatchObject({ changed_fields: ['name'] });
    expect(changedOf((await eventsOf(store, actor)).at(-1))).toEqual(['/name']);
  });

  test('a difference in raw alone is written in place', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'one' })]);
    const before = await recordOf(store, actor, '1');

    const observation = account('1', { name: 'one' }, { raw: { Id: '1', New: 1 }, evidence: evidenceOf(2) });
    const { upserted, run_id } = await run(store.writer, actor, [observation]);

    expect(upserted).toMatchObject({ changed: 0, unchanged: 1 });
    const after = await recordOf(store, actor, '1');
    expect(after).toMatchObject({ raw: { Id: '1', New: 1 }, run_id, valid_from: before['valid_from'] });
    expect(after['provenance']).toMatchObject({ run_id, requests: evidenceOf(2) });
    expect(after['content_hash']).toBe(before['content_hash']);
    expect(await versionsOf(store, actor, 'aws/1')).toEqual([]);
    expect(await eventTypesOf(store, actor)).toEqual(['account.discovered']);
  });

  test('raw may be any JSON, null included', async () => {
    const actor = newActor();
    const raws = { n: null, f: false, t: 'text', z: 0, a: [1, { b: null }] };
    const observations = Object.entries(raws).map(([id, raw]) => account(id, {}, { raw }));

    await run(store.writer, actor, observations);
    const again = await run(store.writer, actor, observations);

    expect(again.upserted).toMatchObject({ changed: 0, unchanged: 5 });
    const writes = await countWrites(store, actor.tenant);
    expect(writes).toBe(10);
    expect(await recordOf(store, actor, 'a')).toMatchObject({ raw: [1, { b: null }] });
  });

  test('an observation the provider dates before the stored one changes nothing, but is a sighting', async () => {
    const actor = newActor();
    const at = (second: number) => ({ provider_updated_at: `2026-01-01T00:00:0${second}.000Z` });
    await run(store.writer, actor, [account('1', { name: 'new' }, at(5))]);
    const before = await recordOf(store, actor, '1');

    const stale = await run(store.writer, actor, [account('1', { name: 'old', tags: {} }, { ...at(4), raw: 'old' })]);

    expect(stale.upserted).toMatchObject({ changed: 0, unchanged: 1 });
    expect(stale.missing).toBe(0);
    expect(await recordOf(store, actor, '1')).toEqual(before);
    const same = await run(store.writer, actor, [account('1', { name: 'newer' }, at(5))]);
    expect(same.upserted.changed).toBe(1);
    const undated = await run(store.writer, actor, [account('1', { name: 'undated' })]);
    expect(undated.upserted.changed).toBe(1);
    expect(await recordOf(store, actor, '1')).toMatchObject({ provider_updated_at: '2026-01-01T00:00:05.000Z' });
  });

  test('a newer time of the provider alone is remembered in place, so that what it overtakes stays out', async () => {
    const actor = newActor();
    const at = (second: number) => ({ provider_updated_at: `2026-01-01T00:00:0${second}.000Z` });
    await run(store.writer, actor, [account('1', { name: 'same' }, at(1))]);

    const newer = await run(store.writer, actor, [account('1', { name: 'same' }, at(5))]);
    const overtaken = await run(store.writer, actor, [account('1', { name: 'old' }, at(3))]);

    expect(newer.upserted).toMatchObject({ changed: 0, unchanged: 1 });
    expect(overtaken.upserted).toMatchObject({ changed: 0, unchanged: 1 });
    expect(await recordOf(store, actor, '1')).toMatchObject({ name: 'same', ...at(5) });
    expect(await versionsOf(store, actor, 'aws/1')).toEqual([]);
  });

  test('the first time that the provider tells is remembered in place; told again it costs no write', async () => {
    const actor = newActor();
    const dated = { provider_updated_at: '2026-01-01T00:00:05.000Z' };
    await run(store.writer, actor, [account('1', { name: 'same' })]);

    const { upserted } = await run(store.writer, actor, [account('1', { name: 'same' }, dated)]);

    expect(upserted).toMatchObject({ changed: 0, unchanged: 1 });
    expect(await recordOf(store, actor, '1')).toMatchObject(dated);
    const writes = await countWrites(store, actor.tenant);
    await run(store.writer, actor, [account('1', { name: 'same' }, dated)]);
    await run(store.writer, actor, [account('1', { name: 'same' })]);
    expect(await countWrites(store, actor.tenant)).toBe(writes);
  });

  test('a stale sighting clears a miss and brings a vanished record back as it was', async () => {
    const actor = newActor();
    const at = (second: number) => ({ provider_updated_at: `2026-01-01T00:00:0${second}.000Z` });
    const stale = account('1', { name: 'old' }, { ...at(4), raw: 'old' });
    const others = Array.from({ length: 9 }, (_, index) => account(`9${index}`));
    await run(store.writer, actor, [account('1', { name: 'new' }, at(5)), ...others]);
    await run(store.writer, actor, others);
    await run(store.writer, actor, [stale, ...others]);
    expect(await recordOf(store, actor, '1')).toMatchObject({ missed_runs: 0, last_seen_at: null, name: 'new' });

    await run(store.writer, actor, others);
    await run(store.writer, actor, others);
    // As if an older release had found it gone.
    await store.query(`update cloud_accounts set source = 'aws/0.9.0' where tenant_id = '${actor.tenant}'`);
    const back = await run(store.writer, actor, [stale, ...others]);

    expect(back.upserted).toMatchObject({ changed: 1, resurrected: 1 });
    const row = await recordOf(store, actor, '1');
    expect(row).toMatchObject({ vanished_at: null, name: 'new', raw: { Id: '1' } });
    expect(row).toMatchObject({ run_id: back.run_id, source: 'aws/1.0.0' });
  });

  test('a rename of an ancestor writes a version but no event', async () => {
    const actor = newActor();
    const below = (name: string) =>
      account('1', { parent_id: 'ou-1', org_path: `Root/${name}`, org_path_names: ['Root', name] });
    await run(store.writer, actor, [below('Old')]);

    const { upserted } = await run(store.writer, actor, [below('New')]);

    expect(upserted.changed).toBe(1);
    expect((await versionsOf(store, actor, 'aws/1'))[0]).toMatchObject({
      changed_fields: ['org_path', 'org_path_names'],
    });
    expect(await eventTypesOf(store, actor)).toEqual(['account.discovered']);
  });

  test('a record below another parent, or in another organization, has moved; the event carries all changes', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { parent_id: 'ou-1', org_path: 'Root/A', name: 'one' })]);

    await run(store.writer, actor, [account('1', { parent_id: 'ou-2', org_path: 'Root/B', name: 'two' })]);
    await run(store.writer, actor, [
      account('1', { parent_id: 'ou-2', org_path: 'Root/B', name: 'two', org_id: 'o-2' }),
    ]);

    const events = await eventsOf(store, actor);
    expect(events.map((event) => event['event_type'])).toEqual([
      'account.discovered',
      'account.moved',
      'account.moved',
    ]);
    expect(events[1]?.['payload']).toEqual({
      ...{ provider: 'aws', id: '1', org_id: 'o-1', scope: 'aws:main' },
      from: { org_id: 'o-1', parent_id: 'ou-1', org_path: 'Root/A' },
      to: { org_id: 'o-1', parent_id: 'ou-2', org_path: 'Root/B' },
      changed: [
        { path: '/name', from: 'one', to: 'two' },
        { path: '/org_path', from: 'Root/A', to: 'Root/B' },
        { path: '/parent_id', from: 'ou-1', to: 'ou-2' },
      ],
    });
    expect(changedOf(events[2])).toEqual(['/org_id']);
  });

  test('a parent read for the first time is no move', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1')]);

    await run(store.writer, actor, [account('1', { parent_id: 'ou-2' })]);

    expect(await eventTypesOf(store, actor)).toEqual(['account.discovered']);
  });

  test('nodes are records of their own with events of their own', async () => {
    const actor = newActor();
    await run(store.writer, actor, [node('ou-1', { name: 'A', depth: 1, parent_id: 'o-1/r-1' })], {
      enumerated: ['org_node'],
    });

    const { upserted } = await run(store.writer, actor, [node('ou-1', { name: 'B', depth: 1, parent_id: 'o-1/r-1' })], {
      enumerated: ['org_node'],
    });

    expect(upserted).toMatchObject({ changed: 1, inserted_by_kind: { account: 0, org_node: 0 } });
    expect(await recordOf(store, actor, 'o-1/ou-1')).toMatchObject({ name: 'B', kind: 'ou', depth: 1 });
    expect((await versionsOf(store, actor, 'o-1/ou-1'))[0]).toMatchObject({
      kind: 'org_node',
      content: { name: 'A', depth: 1 },
    });
    expect(await eventTypesOf(store, actor)).toEqual(['org_node.discovered', 'org_node.updated']);
  });

  test('the same id in another partition is a conflict, and everything else of the batch is written', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'one' })]);
    const before = await recordOf(store, actor, '1');

    const { upserted } = await run(store.writer, actor, [
      account('1', { partition: 'aws-cn', name: 'cn' }),
      account('2'),
    ]);

    expect(upserted).toMatchObject({ inserted: 1, changed: 0, unchanged: 0 });
    expect(upserted.conflicts).toEqual([
      { kind: 'account', key: 'aws/1', reason: "partition is aws-cn, but the stored record's is aws" },
    ]);
    expect(await recordOf(store, actor, '1')).toEqual(before);
  });

  test('equal ids of two providers are two records', async () => {
    const actor = newActor();

    await run(store.writer, actor, [
      account('111122223333'),
      account('111122223333', { provider: 'gcp', partition: 'googleapis.com' }),
    ]);

    const rows = await store.query(
      `select provider from cloud_accounts where tenant_id = '${actor.tenant}' order by provider`,
    );
    expect(rows).toEqual([{ provider: 'aws' }, { provider: 'gcp' }]);
  });

  test('two tenants with equal keys do not touch each other', async () => {
    const one = newActor();
    const two = newActor();
    await run(store.writer, one, [account('1', { name: 'one' }), node('ou-1')]);
    const before = await recordOf(store, one, '1');

    const other = await run(store.writer, two, [account('1', { name: 'two' })], {
      enumerated: ['account', 'org_node'],
    });

    expect(other.upserted).toMatchObject({ inserted: 1, changed: 0 });
    expect(await recordOf(store, one, '1')).toEqual(before);
    expect(await recordOf(store, two, '1')).toMatchObject({ name: 'two' });
    expect(await recordOf(store, one, 'o-1/ou-1')).toMatchObject({ missed_runs: 0 });
  });

  test('a key twice in a batch is written once: the later counts, unless the provider dates it as older', async () => {
    const actor = newActor();
    const open = await openRun(store.writer, actor);
    const dated = (name: string, day: number) =>
      account('2', { name }, { provider_updated_at: `2026-01-0${day}T00:00:00.000Z` });

    const result = await open.upsert([
      account('1', { name: 'a' }),
      account('1', { name: 'b' }),
      dated('new', 2),
      dated('old', 1),
    ]);

    expect(result).toMatchObject({ inserted: 2, changed: 0 });
    expect(await recordOf(store, actor, '1')).toMatchObject({ name: 'b' });
    expect(await recordOf(store, actor, '2')).toMatchObject({ name: 'new' });
    await open.finish();
  });

  test('NUL and lone surrogates cost neither the batch nor a version at every run', async () => {
    const actor = newActor();
    const bad = account(
      '1',
      { name: 'a\u0000b\ud800c', tags: { 'k\u0000': 'v\udc00' }, details: { 'd\ud83d': ['\u0000'] } },
      { raw: { '\u0000': '\ud800' }, evidence: [{ ...evidenceOf()[0], request_ids: ['\u0000r\ud800'] }] as never },
    );
    const page = { ...evidenceOf()[0], seq: 1, fetched_at: '2026-01-01T00:00:00.000Z', request_ids: ['\u0000'] };
    const open = await openRun(store.writer, actor);

    const first = await open.upsert([bad, account('2', { name: '👍 \\u0000' })], { pages: [page as never] });
    const writes = await countWrites(store, actor.tenant);
    const second = await open.upsert([bad, account('2', { name: '👍 \\u0000' })]);
    await open.finish({ reason: 'bad \u0000\ud800', memo: { cursor: '\u0000' } });

    expect(first).toMatchObject({ inserted: 2, conflicts: [] });
    expect(second).toMatchObject({ inserted: 0, changed: 0, unchanged: 2 });
    expect(await countWrites(store, actor.tenant)).toBe(writes);
    const row = await recordOf(store, actor, '1');
    expect(row).toMatchObject({
      name: 'ab\ufffdc',
      tags: { k: 'v\ufffd' },
      details: { 'd\ufffd': [''] },
      raw: { '': '\ufffd' },
    });
    expect(row['provenance']).toMatchObject({ requests: [{ request_ids: ['r\ufffd'] }] });
    expect(await recordOf(store, actor, '2')).toMatchObject({ name: '👍 \\u0000' });
  });

  test('nor do they keep a run from telling how it ended', async () => {
    const actor = newActor();
    const { tenant: tenant_id } = actor;
    const { run_id } = await run(store.writer, actor, []);
    const text = 'a\u0000b\ud800c';

    const skipped = { tenant_id, run_id, scope: 'aws:other', collector: 'aws' };
    await store.writer.skipScope(skipped, text);
    await store.writer.skipScope(skipped, 'again');
    const ending = { outcome: 'failed', principal: text, sdk: text, error_code: 'x', error: text } as const;
    await store.writer.finishRun({ tenant_id, id: run_id }, { ...zeroCounts(), ...ending });

    const cleaned = 'ab\ufffdc';
    expect(await store.query(`select principal, sdk, error from collector_runs where id = '${run_id}'`)).toEqual([
      { principal: cleaned, sdk: cleaned, error: cleaned },
    ]);
    const reasons = await store.query(
      `select reason from run_scopes where run_id = '${run_id}' and scope = 'aws:other'`,
    );
    expect(reasons).toEqual([{ reason: cleaned }]);
  });

  test.for([
    ['attributes', { name: 'a\u0000b' }, { Id: '1' }],
    ['raw', { name: 'ab' }, { Id: '\u00001' }],
  ] as const)('they are cleaned where %s alone have them', async ([, attributes, raw]) => {
    const actor = newActor();

    await run(store.writer, actor, [account('1', attributes, { raw })]);

    expect(await recordOf(store, actor, '1')).toMatchObject({ name: 'ab', raw: { Id: '1' } });
  });

  test('they are cleaned in evidence too, of a record that is otherwise clean', async () => {
    const actor = newActor();
    const bad = { operation: 'o\u0000p', endpoint: '\ud800', request_ids: ['\u0000r', '\udc00'], principal: 'p\ud83d' };
    const evidence = [{ ...evidenceOf()[0], ...bad }] as never;
    const seen = (name: string) => [account('1', { name }, { evidence }), account('2')];

    const ran = [await run(store.writer, actor, seen('a')), await run(store.writer, actor, seen('b'))];
    const writes = await countWrites(store, actor.tenant);
    await run(store.writer, actor, seen('b'));

    expect(ran.map(({ upserted }) => [upserted.inserted, upserted.changed])).toEqual([
      [2, 0],
      [0, 1],
    ]);
    expect(await countWrites(store, actor.tenant)).toBe(writes);
    const cleaned = { operation: 'op', endpoint: '\ufffd', request_ids: ['r', '\ufffd'], principal: 'p\ufffd' };
    for (const row of [await recordOf(store, actor, '1'), ...(await versionsOf(store, actor, 'aws/1'))])
      expect(row['provenance']).toMatchObject({ requests: [cleaned] });
  });

  test('member names that JavaScript knows are plain members', async () => {
    const actor = newActor();
    const details = JSON.parse('{"__proto__": {"a": 1}, "constructor": "x", "toString": null}');
    await run(store.writer, actor, [account('1', { details, tags: JSON.parse('{"__proto__": "t"}') })]);

    const again = await run(store.writer, actor, [account('1', { details: { constructor: 'y' } as never })]);

    expect(again.upserted.changed).toBe(1);
    const row = await recordOf(store, actor, '1');
    expect(JSON.stringify(row['details'])).toContain('"__proto__":{"a":1}');
    expect(changedOf((await eventsOf(store, actor)).at(-1))).toEqual(['/details/constructor']);
  });

  test('times are UTC with milliseconds wherever they are stored, and a version never ends before it began', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: '0', status_changed_at: '2026-01-01T00:00:00.500Z' })]);
    // As if the clock of the database had been far ahead then.
    const future = '2100-01-01T00:00:00.000Z';
    await store.query(`update cloud_accounts set valid_from = '${future}' where tenant_id = '${actor.tenant}'`);

    await run(store.writer, actor, [account('1', { name: '1' })]);
    await run(store.writer, actor, [account('1', { name: '2' })]);

    const versions = await versionsOf(store, actor, 'aws/1');
    expect(versions.map(({ valid_from, valid_to }) => [valid_from, valid_to])).toEqual([
      [future, '2100-01-01T00:00:00.001Z'],
      ['2100-01-01T00:00:00.001Z', '2100-01-01T00:00:00.002Z'],
    ]);
    expect(versions[0]).toMatchObject({ content: { status_changed_at: '2026-01-01T00:00:00.500Z' } });
    const row = await recordOf(store, actor, '1');
    expect(row).toMatchObject({
      valid_from: '2100-01-01T00:00:00.002Z',
      status_changed_at: '2026-01-01T00:00:00.500Z',
    });
    for (const name of ['discovered_at', 'valid_from'])
      expect(row[name]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('a batch is written whole or not at all', async () => {
    const actor = newActor();
    const open = await openRun(store.writer, actor);
    const page = { ...evidenceOf()[0], seq: 1.5, fetched_at: '2026-01-01T00:00:00.000Z' };

    await expect(open.upsert([account('1'), account('2')], { pages: [page as never] })).rejects.toMatchObject({
      name: 'StoreError',
      retryable: false,
    });

    expect(await countWrites(store, actor.tenant)).toBe(0);
    expect(await open.upsert([account('1')])).toMatchObject({ inserted: 1 });
  });

  test('an event that does not fit its contract keeps its batch from being written', async () => {
    const actor = newActor();
    const open = await openRun(store.writer, actor);

    await expect(open.upsert([account('1'), account('2', { org_id: '' })])).rejects.toThrow('does not fit its schema');

    expect(await countWrites(store, actor.tenant)).toBe(0);
  });
});

function reverseKeys<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_key, member) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).reverse())
      : member,
  );
}

// The paths of an event's changes.
function changedOf(event: Record<string, unknown> | undefined): unknown[] {
  const payload = event?.['payload'] as { changed: { path: string }[] };
  return payload.changed.map(({ path }) => path);
}
