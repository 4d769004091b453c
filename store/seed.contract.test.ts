// What seeds write, whom they yield to, who takes them over, and what happens to requests that come twice.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventSchema } from '#contracts/events.ts';
import { hashJson } from '#core/json.ts';
import type { MonitoringEndpoint } from '#core/monitoring.ts';
import { monitoringEndpointRecordSchema } from '#core/records.ts';
import { pastedScope } from './ownership.ts';
import {
  type Actor,
  endpoint,
  eventsOf,
  eventTypesOf,
  newActor,
  relation,
  run,
  versionsOf,
} from './scenario.contract.ts';
import type { SeedAnswer, SeedRequest } from './seed.ts';
import { countWrites, databases, type Row, type TestStore } from './stores.contract.ts';

describe.for(databases)('seeds on $dialect', ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());

  const seeded = (id: string, attributes: Partial<MonitoringEndpoint> = {}) =>
    endpoint(id, { auth_mode: 'none', ...attributes, status: 'unknown' });

  function seed(
    { tenant }: Actor,
    observations: SeedRequest['observations'],
    { key, body = 'body', by = 'ci' }: { key?: string; body?: string; by?: string } = {},
  ): Promise<SeedAnswer> {
    const version = { collector: 'seed', collector_version: '1.0.0', image_digest: null };
    return store.seeder.seed({
      stamp: { tenant_id: tenant, ...version, run_id: randomUUID(), scope: pastedScope },
      actor: by,
      observations,
      idempotent: key === undefined ? undefined : { key, request_hash: hashJson(body) },
    });
  }

  const rowsOf = ({ tenant }: Actor, table: string, order: string): Promise<Row[]> =>
    store.query(`select * from ${table} where tenant_id = '${tenant}' order by ${order}`);
  const endpointsOf = (actor: Actor) => rowsOf(actor, 'monitoring_endpoints', 'id');
  const auditOf = (actor: Actor) => rowsOf(actor, 'audit_log', 'recorded_at, key');
  const prometheus = (tenant: string) => ({ ...newActor({ scope: 'prometheus:prod' }), tenant });
  const observe = (actor: Actor, ...seen: Parameters<typeof run>[2]) =>
    run(store.writer, prometheus(actor.tenant), seen, { enumerated: ['monitoring_endpoint'] });

  test('a first seed is a record, an event and an audit entry of one trace; the second writes nothing at all', async () => {
    const actor = newActor();

    const first = await seed(actor, [seeded('a'), seeded('b', { kind: 'grafana' })]);
    const writes = await countWrites(store, actor.tenant);
    const second = await seed(actor, [seeded('a'), seeded('b', { kind: 'grafana' })]);

    expect(first).toMatchObject({ created: ['a', 'b'], updated: [], unchanged: [], refused: [], replayed: false });
    expect(second).toMatchObject({ created: [], updated: [], unchanged: ['a', 'b'], refused: [] });
    expect(await countWrites(store, actor.tenant)).toBe(writes);
    const [row] = await endpointsOf(actor);
    const [entry, ...entries] = await auditOf(actor);
    expect(entries).toHaveLength(1);
    const [event] = await eventsOf(store, actor);
    expect(row).toMatchObject({ status: 'unknown', source: 'seed/1.0.0', scope: pastedScope, auth_mode: 'none' });
    expect(entry).toMatchObject({ actor: 'ci', action: 'monitoring_endpoint.seed', key: 'a', outcome: 'created' });
    expect(entry?.['recorded_at']).toBe(row?.['discovered_at']);
    expect(entry?.['correlation_id']).toBe(row?.['run_id']);
    expect(event).toMatchObject({ event_type: 'monitoring_endpoint.discovered', correlation_id: row?.['run_id'] });
  });

  test('another kind or URL of the same id is a new version; the API shows record, history and provenance', async () => {
    const actor = newActor();
    const key = { tenant_id: actor.tenant, id: 'a' };
    await seed(actor, [seeded('a')]);

    await seed(actor, [seeded('a', { url: 'https://moved.example' })]);
    const last = await seed(actor, [
      seeded('a', { url: 'https://moved.example', kind: 'grafana', auth_mode: 'basic' }),
    ]);

    expect(last.updated).toEqual(['a']);
    const record = monitoringEndpointRecordSchema.parse(
      JSON.parse((await store.reader.getMonitoringEndpoint(key)) ?? ''),
    );
    expect(record).toMatchObject({ kind: 'grafana', auth_mode: 'basic', measures: null, url: 'https://moved.example' });
    expect(await versionsOf(store, actor, 'a')).toHaveLength(2);
    expect(await eventTypesOf(store, actor)).toEqual([
      'monitoring_endpoint.discovered',
      'monitoring_endpoint.moved',
      'monitoring_endpoint.updated',
    ]);
    expect((await auditOf(actor)).map(({ outcome }) => outcome)).toEqual(['created', 'updated', 'updated']);
  });

  test('a seed yields to what was observed, by id and by URL, and the others of its request are written', async () => {
    const actor = newActor();
    await observe(actor, endpoint('prod', { url: 'https://prod.example' }));
    const [before] = await endpointsOf(actor);

    const answer = await seed(actor, [
      seeded('prod', { url: 'https://elsewhere.example' }),
      seeded('mine', { url: 'https://prod.example' }),
      seeded('new'),
    ]);

    const refused = { observed: 'prod', scope: 'prometheus:prod' };
    expect(answer).toMatchObject({
      created: ['new'],
      refused: [
        { key: 'mine', ...refused },
        { key: 'prod', ...refused },
      ],
    });
    expect((await endpointsOf(actor)).map(({ id }) => id)).toEqual(['new', 'prod']);
    expect((await endpointsOf(actor))[1]).toEqual(before);
    expect(await auditOf(actor)).toMatchObject([
      { key: 'mine', outcome: 'refused', reason: 'prometheus:prod observes it as prod' },
      { key: 'new', outcome: 'created', reason: null },
      { key: 'prod', outcome: 'refused' },
    ]);
  });

  test('a vanished endpoint gives its URL free, and keeps its id', async () => {
    const actor = newActor();
    await observe(actor, endpoint('prod', { url: 'https://prod.example' }), endpoint('x'), endpoint('y'));
    for (let i = 0; i < 2; i += 1) await observe(actor, endpoint('x'), endpoint('y'));

    const byId = await seed(actor, [seeded('prod', { url: 'https://prod.example' })]);
    const byUrl = await seed(actor, [seeded('mine', { url: 'https://prod.example' })]);

    expect(byId.refused).toMatchObject([{ key: 'prod', scope: 'prometheus:prod' }]);
    expect(byUrl.created).toEqual(['mine']);
  });

  test('a configured scope takes a seed of its id over: its history goes on, and nothing that was only said is left', async () => {
    const actor = newActor();
    await seed(actor, [seeded('a', { kind: 'grafana', auth_mode: 'basic' })]);
    const [before] = await endpointsOf(actor);

    await observe(actor, endpoint('a', { status: 'up', version: '3.5.0' }));

    expect(await endpointsOf(actor)).toMatchObject([
      {
        id: 'a',
        ...{ kind: 'prometheus', status: 'up', version: '3.5.0', auth_mode: null, scope: 'prometheus:prod' },
        discovered_at: before?.['discovered_at'],
        known_fields: ['id', 'kind', 'status', 'url', 'version'],
      },
    ]);
    const [version, ...others] = await versionsOf(store, actor, 'a');
    expect(others).toEqual([]);
    expect(version).toMatchObject({
      content: { kind: 'grafana', status: 'unknown', auth_mode: 'basic', scope: pastedScope },
      changed_fields: ['auth_mode', 'kind', 'status'],
    });
    const events = await eventsOf(store, actor);
    expect(events.map(({ event_type }) => event_type)).toEqual([
      'monitoring_endpoint.discovered',
      'monitoring_endpoint.updated',
    ]);
  });

  test('a configured scope of the same URL lets a seed of another id vanish, and relations lead to its own', async () => {
    const actor = newActor();
    const url = 'https://prod.example';
    await seed(actor, [seeded('pasted', { url }), seeded('other')]);
    const queries = { relation: 'queries', to_kind: 'monitoring_endpoint' } as const;
    await run(store.writer, { ...prometheus(actor.tenant), scope: 'grafana:main' }, [
      relation('main', url, queries),
      endpoint('main', { kind: 'grafana' }),
    ]);
    const readTarget = async () => {
      const sort = { field: 'id', descending: false } as const;
      const options = { tenant_id: actor.tenant, limit: 10, sort, vanished: 'exclude' } as const;
      return JSON.parse((await store.reader.listRelations(options)).json).map(({ to_key }: Row) => to_key);
    };
    const before = await readTarget();

    await observe(actor, endpoint('prod', { url }));
    const writes = await countWrites(store, actor.tenant);
    await observe(actor, endpoint('prod', { url }));

    expect(before).toEqual(['pasted']);
    expect(await readTarget()).toEqual(['prod']);
    expect(await countWrites(store, actor.tenant)).toBe(writes);
    const rows = await store.query(
      `select id, scope, vanished_reason from monitoring_endpoints where tenant_id = '${actor.tenant}' order by id`,
    );
    expect(rows).toEqual([
      { id: 'main', scope: 'grafana:main', vanished_reason: null },
      { id: 'other', scope: pastedScope, vanished_reason: null },
      { id: 'pasted', scope: pastedScope, vanished_reason: 'taken_over' },
      { id: 'prod', scope: 'prometheus:prod', vanished_reason: null },
    ]);
    const { position: _position, xid: _xid, ...event } = (await eventsOf(store, actor)).at(-1) ?? {};
    expect(eventSchema.parse(event)).toMatchObject({
      event_type: 'monitoring_endpoint.vanished',
      source: 'aws/1.0.0',
      payload: { id: 'pasted', scope: pastedScope, reason: 'taken_over' },
    });
  });

  test("a seed stays where no record of its URL came to be: the endpoint was refused, or is another scope's at another URL", async () => {
    const actor = newActor();
    const [one, two] = ['https://one.example', 'https://two.example'];
    await seed(actor, [seeded('seed-1', { url: one }), seeded('seed-2', { url: two })]);
    const other = { ...newActor({ scope: 'grafana:main' }), tenant: actor.tenant };
    const configured = [other.scope, 'prometheus:prod'];
    await run(store.writer, { ...other, configured }, [endpoint('main', { kind: 'grafana' }), endpoint('prod')]);

    const { upserted } = await run(store.writer, { ...prometheus(actor.tenant), configured }, [
      endpoint('main', { url: one }),
      endpoint('prod', { url: two }),
    ]);

    expect(upserted.conflicts).toMatchObject([{ key: 'main' }]);
    const living = (await endpointsOf(actor)).filter(({ vanished_at }) => vanished_at === null);
    expect(living.map(({ id }) => id)).toEqual(['main', 'prod', 'seed-1', 'seed-2']);
  });

  test('what a later seed of the same id leaves out stays', async () => {
    const actor = newActor();
    await seed(actor, [seeded('mine', { labels: { env: 'prod' } })]);

    const { updated } = await seed(actor, [seeded('mine', { url: 'https://moved.example' })]);

    expect(updated).toEqual(['mine']);
    expect(await endpointsOf(actor)).toMatchObject([{ url: 'https://moved.example', labels: { env: 'prod' } }]);
  });

  test('a seed stays where the one that would take its URL is refused', async () => {
    const actor = newActor();
    const url = 'https://one.example';
    await observe(actor, endpoint('prod'));
    await seed(actor, [seeded('mine', { url })]);

    const { refused, created } = await seed(actor, [seeded('prod', { url }), seeded('new')]);

    expect([refused, created]).toMatchObject([[{ key: 'prod' }], ['new']]);
    const living = (await endpointsOf(actor)).filter(({ vanished_at }) => vanished_at === null);
    expect(living.map(({ id }) => id)).toEqual(['mine', 'new', 'prod']);
  });

  test('a seed whose URL was taken twice has vanished once', async () => {
    const actor = newActor();
    for (const id of ['a', 'b', 'c']) await seed(actor, [seeded(id, { url: 'https://one.example' })]);

    expect(await eventTypesOf(store, actor)).toEqual(
      ['discovered', 'vanished', 'discovered', 'vanished', 'discovered'].map(
        (happening) => `monitoring_endpoint.${happening}`,
      ),
    );
  });

  test('a newer seed of the same URL takes an older one of another id over, also when two change places', async () => {
    const actor = newActor();
    const [one, two] = ['https://one.example', 'https://two.example'];
    await seed(actor, [seeded('a', { url: one }), seeded('b', { url: two })]);

    const renamed = await seed(actor, [seeded('c', { url: one })]);
    const swapped = await seed(actor, [seeded('b', { url: one }), seeded('c', { url: two })]);
    const back = await seed(actor, [seeded('a', { url: 'https://three.example' })]);

    expect(renamed.created).toEqual(['c']);
    expect(swapped.updated).toEqual(['b', 'c']);
    expect(back.updated).toEqual(['a']);
    const rows = await endpointsOf(actor);
    expect(rows.map(({ id, url, vanished_at }) => [id, url, vanished_at])).toEqual([
      ['a', 'https://three.example', null],
      ['b', one, null],
      ['c', two, null],
    ]);
    expect((await eventTypesOf(store, actor)).at(-1)).toBe('monitoring_endpoint.returned');
  });

  test('seeds of one URL under several ids, all at once, leave one that lives', async () => {
    const actor = newActor();
    const ids = ['a', 'b', 'c'];

    await Promise.all(ids.map((id) => seed(actor, [seeded(id, { url: 'https://one.example' })])));

    const rows = await endpointsOf(actor);
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(rows.filter(({ vanished_at }) => vanished_at === null)).toHaveLength(1);
  });

  test('many changes of one endpoint at once all get through, each a version of its own', async () => {
    const actor = newActor();
    const urls = Array.from({ length: 12 }, (_, i) => `https://${i}.example`);

    const answers = await Promise.all(urls.map((url) => seed(actor, [seeded('a', { url })])));

    expect(answers.flatMap(({ created }) => created)).toEqual(['a']);
    expect(answers.flatMap(({ updated }) => updated)).toHaveLength(11);
    expect(await versionsOf(store, actor, 'a')).toHaveLength(11);
  });

  test('another tenant has endpoints of its own', async () => {
    const [ours, theirs] = [newActor(), newActor()];
    await observe(theirs, endpoint('a'));

    expect(await seed(ours, [seeded('a')], { key: 'k' })).toMatchObject({ created: ['a'] });
    expect(await seed(newActor(), [seeded('b')], { key: 'k', body: 'other' })).toMatchObject({ replayed: false });
    expect(await endpointsOf(theirs)).toMatchObject([{ scope: 'prometheus:prod' }]);
  });

  describe('with an Idempotency-Key', () => {
    test('the same request is answered without a look, another one is refused, and neither writes anything', async () => {
      const actor = newActor();
      await seed(actor, [seeded('a')], { key: 'k' });
      await seed(actor, [seeded('a', { auth_mode: 'token' })]);
      const writes = await countWrites(store, actor.tenant);
      const audit = await auditOf(actor);

      const again = await seed(actor, [seeded('a')], { key: 'k' });
      const other = seed(actor, [seeded('z')], { key: 'k', body: 'other' });

      expect(again.replayed).toBe(true);
      await expect(other).rejects.toMatchObject({ status: 422, code: 'idempotency_key_reused' });
      expect(await countWrites(store, actor.tenant)).toBe(writes);
      expect(await auditOf(actor)).toEqual(audit);
    });

    test('each key of each caller stands for a request of its own', async () => {
      const actor = newActor();
      await seed(actor, [seeded('a')], { key: 'k', body: 'a' });

      expect(await seed(actor, [seeded('b')], { key: 'k', body: 'b', by: 'ada' })).toMatchObject({ created: ['b'] });
      expect(await seed(actor, [seeded('c')], { key: 'l', body: 'c' })).toMatchObject({ created: ['c'] });
      for (const [body, key, by] of [
        ['a', 'k', 'ci'],
        ['b', 'k', 'ada'],
        ['c', 'l', 'ci'],
      ] as const) {
        expect(await seed(actor, [seeded(body)], { key, body, by })).toMatchObject({ replayed: true });
      }
    });

    test('a key is kept for a day', async () => {
      const actor = newActor();
      await seed(actor, [seeded('a')], { key: 'k' });
      const age = async (hours: number) => {
        const time = new Date(Date.now() - hours * 3_600_000).toISOString();
        await store.query(`update idempotency_keys set created_at = '${time}' where tenant_id = '${actor.tenant}'`);
      };

      await age(23.9);
      expect(await seed(actor, [seeded('a')], { key: 'k' })).toMatchObject({ replayed: true });
      await age(24.1);
      expect(await seed(actor, [seeded('a')], { key: 'k' })).toMatchObject({ replayed: false });
    });

    test('a key is stored as a hash, and forgotten after a day', async () => {
      const actor = newActor();
      await seed(actor, [seeded('a')], { key: 'PLANTEDSECRET' });
      expect(JSON.stringify(await rowsOf(actor, 'idempotency_keys', 'actor'))).not.toContain('PLANTEDSECRET');
      await store.query(
        `update idempotency_keys set created_at = '2020-01-01T00:00:00.000Z' where tenant_id = '${actor.tenant}'`,
      );

      expect(await seed(actor, [seeded('b')], { key: 'PLANTEDSECRET', body: 'b' })).toMatchObject({ created: ['b'] });
      expect(await seed(actor, [seeded('b')], { key: 'PLANTEDSECRET', body: 'b' })).toMatchObject({ replayed: true });
    });

    test('a refused request leaves its key free', async () => {
      const actor = newActor();
      await observe(actor, endpoint('a'));

      expect((await seed(actor, [seeded('a')], { key: 'k' })).refused).toHaveLength(1);
      expect(await seed(actor, [seeded('b')], { key: 'k', body: 'other' })).toMatchObject({ created: ['b'] });
    });

    test.for([
      { what: 'new', before: false },
      { what: 'known', before: true },
    ])('twenty of one request at once, of a $what endpoint, are written once and all answered', async ({ before }) => {
      const actor = newActor();
      if (before) await seed(actor, [seeded('a')]);

      const answers = await Promise.all(Array.from({ length: 20 }, () => seed(actor, [seeded('a')], { key: 'k' })));

      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(await auditOf(actor)).toHaveLength(1);
      expect(await rowsOf(actor, 'idempotency_keys', 'actor')).toHaveLength(1);
      expect(await eventTypesOf(store, actor)).toEqual(['monitoring_endpoint.discovered']);
    });

    test('of two different requests with one key at once one is written and the other refused', async () => {
      const actor = newActor();

      const ended = await Promise.allSettled(['a', 'b'].map((id) => seed(actor, [seeded(id)], { key: 'k', body: id })));

      expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await endpointsOf(actor)).toHaveLength(1);
      expect(await auditOf(actor)).toHaveLength(1);
    });
  });
});
