// Tests of monitoring endpoints and relations on both databases: written on change like all records, joined when they are read.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Observation, type ObservationKind, observationSchema } from '#core/observation.ts';
import {
  accountRecordSchema,
  monitoringEndpointListItemSchema,
  monitoringEndpointRecordSchema,
  relationListItemSchema,
  relationRecordSchema,
} from '#core/records.ts';
import {
  type Actor,
  account,
  endpoint,
  eventsOf,
  eventTypesOf,
  newActor,
  node,
  relation,
  run,
  scopeOf,
  versionsOf,
} from './scenario.contract.ts';
import type { MonitoringEndpointListOptions, RelationListOptions } from './store.ts';
import { countWrites, databases, type TestStore } from './stores.contract.ts';

const kinds: readonly ObservationKind[] = ['monitoring_endpoint', 'relation'];
const page = { limit: 100, sort: { field: 'id', descending: false }, vanished: 'exclude' } as const;

describe.for(databases)('monitoring on $dialect', ({ open }) => {
  let store: TestStore;

  beforeAll(async () => {
    store = await open();
  });

  afterAll(() => store?.close());

  const see = (actor: Actor, observations: readonly Observation[], measures = {}) =>
    run(store.writer, actor, observations, { enumerated: kinds, measures });

  async function endpointOf(actor: Actor, id: string, as_of?: string) {
    const json = await store.reader.getMonitoringEndpoint({ tenant_id: actor.tenant, id, as_of });
    return monitoringEndpointRecordSchema.nullable().parse(JSON.parse(json ?? 'null'));
  }

  async function listEndpoints(actor: Actor, options: Partial<MonitoringEndpointListOptions> = {}) {
    const { json } = await store.reader.listMonitoringEndpoints({ ...page, tenant_id: actor.tenant, ...options });
    return z.array(monitoringEndpointListItemSchema).parse(JSON.parse(json));
  }

  async function listRelations(actor: Actor, options: Partial<RelationListOptions> = {}) {
    const { json } = await store.reader.listRelations({ ...page, tenant_id: actor.tenant, ...options });
    return z.array(relationListItemSchema).parse(JSON.parse(json));
  }

  describe('an endpoint', () => {
    const seen = { version: '3.1.0', auth_mode: 'token', labels: { env: 'prod' }, details: { rules: 3 } } as const;

    test('is stored whole, and tells what happens to it in five events', async () => {
      const actor = newActor();
      const { run_id } = await see(actor, [endpoint('a', { ...seen, tls_not_after: '2027-01-01T00:00:00.000Z' })]);
      await see(actor, [endpoint('a', { status: 'unreachable' }), endpoint('b')]);
      await see(actor, [endpoint('a', { url: 'https://moved.example' }), endpoint('b')]);
      for (const _miss of [1, 2]) await see(actor, [endpoint('b')]);
      await see(actor, [endpoint('a', { url: 'https://moved.example' }), endpoint('b')]);

      const mine = (await eventsOf(store, actor)).filter((event) =>
        JSON.stringify(event['payload']).includes('"id":"a"'),
      );
      expect(mine.map((event) => event['event_type'])).toEqual(
        ['discovered', 'updated', 'moved', 'vanished', 'returned'].map(
          (happening) => `monitoring_endpoint.${happening}`,
        ),
      );
      expect(mine[0]).toMatchObject({
        correlation_id: run_id,
        payload: { id: 'a', kind: 'prometheus', url: 'https://a.example', scope: actor.scope, attributes: seen },
      });
      expect(mine[2]?.['payload']).toMatchObject({
        from: { url: 'https://a.example' },
        to: { url: 'https://moved.example' },
      });
    });

    test('keeps what an unreachable one could not tell, and shows what it was', async () => {
      const actor = newActor();
      await see(actor, [endpoint('a', { ...seen, tls_not_after: '2027-01-01T00:00:00.000Z' })]);
      const before = await endpointOf(actor, 'a');
      await see(actor, [endpoint('a', { status: 'unreachable', details: { status_reason: 'refused' } })]);

      const { valid_from, ...now } = (await endpointOf(actor, 'a')) ?? { valid_from: '' };
      const then = await endpointOf(actor, 'a', before?.valid_from);
      expect(now).toMatchObject({ ...seen, status: 'unreachable', details: { rules: 3, status_reason: 'refused' } });
      expect(then).toMatchObject({ ...seen, status: 'up', tls_not_after: '2027-01-01T00:00:00.000Z', measures: null });
      expect(await versionsOf(store, actor, 'a')).toMatchObject([
        { kind: 'monitoring_endpoint', changed_fields: ['status'], valid_to: valid_from },
      ]);
      const difference = { tenant_id: actor.tenant, kind: kinds[0] ?? 'account', limit: 9 };
      const { items } = await store.reader.listDifferences({
        ...difference,
        from: before?.valid_from ?? '',
        to: valid_from,
      });
      expect(items).toMatchObject([{ key: 'a', before: { status: 'up' }, after: { status: 'unreachable' } }]);
    });

    test('of another kind under the same id is refused, and overwrites nothing', async () => {
      const actor = newActor();
      await see(actor, [endpoint('main')]);

      const { upserted } = await see(actor, [endpoint('main', { kind: 'grafana' })]);

      expect(upserted.conflicts).toMatchObject([{ kind: 'monitoring_endpoint', key: 'main' }]);
      expect(await endpointOf(actor, 'main')).toMatchObject({ kind: 'prometheus' });
    });

    test('that a configured scope reads becomes its own when the scope that named it is not configured', async () => {
      const seed = newActor({ scope: 'inventory:seed' });
      await see(seed, [endpoint('a', { status: 'unknown' })]);
      await see({ ...seed, scope: 'prometheus:a', configured: ['prometheus:a'] }, [endpoint('a')]);

      expect(await endpointOf(seed, 'a')).toMatchObject({ scope: 'prometheus:a', status: 'up' });
    });

    test("is filtered by kind, status and way to authenticate, and found by a part of its URL; another tenant's is not there", async () => {
      const actor = newActor();
      await see(actor, [
        endpoint('a', { auth_mode: 'basic' }),
        endpoint('b', { kind: 'grafana', status: 'degraded', url: 'https://Grafana.example/x' }),
      ]);
      await see(newActor(), [endpoint('c')]);
      const idsOf = async (options: Partial<MonitoringEndpointListOptions>) =>
        (await listEndpoints(actor, options)).map(({ id }) => id);

      expect(await idsOf({})).toEqual(['a', 'b']);
      expect(await idsOf({ kind: 'grafana' })).toEqual(['b']);
      expect(await idsOf({ status: 'up' })).toEqual(['a']);
      expect(await idsOf({ auth_mode: 'basic' })).toEqual(['a']);
      expect(await idsOf({ q: 'grafana.EX' })).toEqual(['b']);
      expect(await endpointOf(actor, 'c')).toBeNull();
    });
  });

  describe('measures', () => {
    test('are joined to the record, and move without a write to any', async () => {
      const actor = newActor();
      await see(actor, [endpoint('a'), relation('a', 'aws/1')], { latency_ms: 12, series: 1000 });
      const before = await countWrites(store, actor.tenant);

      const { upserted } = await see(actor, [endpoint('a'), relation('a', 'aws/1')], { latency_ms: 99.5 });

      expect(upserted).toMatchObject({ changed: 0, unchanged: 2 });
      expect(await countWrites(store, actor.tenant)).toBe(before);
      expect(await endpointOf(actor, 'a')).toMatchObject({ measures: { latency_ms: 99.5 } });
    });

    test("are those of the record's own scope", async () => {
      const actor = newActor();
      const tenants = [actor.tenant, newActor().tenant];
      for (const [t, tenant] of tenants.entries()) {
        for (const [s, scope] of ['aws:a', 'aws:b', 'aws:c'].entries()) {
          await see({ ...actor, tenant, scope, configured: [scope] }, [endpoint(`e${s}`)], { n: 10 * t + s });
        }
      }

      for (const [s, scope] of ['aws:a', 'aws:b', 'aws:c'].entries()) {
        expect(await endpointOf(actor, `e${s}`)).toMatchObject({ scope, measures: { n: s } });
      }
    });

    test('stay what they were when the scope fails', async () => {
      const actor = newActor();
      await see(actor, [endpoint('a')], { latency_ms: 12 });
      await run(store.writer, actor, [], { outcome: 'failed', reason: 'lost', measures: {} });

      expect((await scopeOf(store, actor))['measures']).toEqual({ latency_ms: 12 });
    });
  });

  describe('a relation', () => {
    test('is written once, vanishes when nothing claims it any more, and returns', async () => {
      const actor = newActor();
      const claims = [relation('a', 'aws/1'), relation('a', 'aws/2')];
      for (const seen of [claims, claims, claims.slice(1), claims.slice(1), claims]) await see(actor, seen);

      const types = await eventTypesOf(store, actor);
      expect(types.slice(0, 2)).toEqual(['relation.discovered', 'relation.discovered']);
      expect(types.slice(2)).toEqual(['relation.vanished', 'relation.returned']);
    });

    test('leads to what is there, whichever of both came first, by id, by project and by URL', async () => {
      const actor = newActor();
      const [byId, byProject, toNothing] = ['aws/1', 'gcp/shop', 'azure/9'];
      const claims = [byId, byProject, toNothing].map((to_ref) => relation('g', to_ref));
      const rest = ['https://p.example', 'q'].map((to_ref) =>
        relation('g', to_ref, { to_kind: 'monitoring_endpoint', relation: 'queries', basis: 'peer_url' }),
      );
      await see(actor, [...claims, ...rest]);
      const accounts = [account('1'), account('77', { provider: 'gcp', project_id: 'shop' })];
      await run(store.writer, actor, [...accounts, endpoint('p'), endpoint('q')], { enumerated: [] });

      const found = Object.fromEntries((await listRelations(actor)).map(({ to_ref, to_key }) => [to_ref, to_key]));
      expect(found).toEqual({
        'aws/1': 'aws/1',
        'gcp/shop': 'gcp/77',
        'azure/9': null,
        'https://p.example': 'p',
        q: 'q',
      });
    });

    test('leads to what is there rather than to what has vanished, and only where it names it', async () => {
      const [actor, neighbour] = [newActor(), newActor()];
      const url = 'https://one.example';
      const enumerated = ['account', 'monitoring_endpoint', 'relation'] as const;
      const shop = { provider: 'gcp', project_id: 'shop' } as const;
      const gone = [account('0', shop), account('7'), endpoint('a', { url })];
      const stays = [
        ...[account('9', shop), account('1'), account('1', { provider: 'azure' }), account('0', { provider: 'azure' })],
        ...[endpoint('b', { url }), endpoint('c')],
        ...['gcp/shop', 'azure/1', 'aws/7'].map((to_ref) => relation('g', to_ref)),
        relation('g', url, { to_kind: 'monitoring_endpoint', relation: 'queries', basis: 'peer_url' }),
      ];
      await see(neighbour, [endpoint('0', { url })]);
      await run(store.writer, actor, [...gone, ...stays], { enumerated });
      for (let again = 0; again < 2; again += 1) await run(store.writer, actor, stays, { enumerated });

      const found = Object.fromEntries((await listRelations(actor)).map(({ to_ref, to_key }) => [to_ref, to_key]));
      expect(found).toEqual({ 'gcp/shop': 'gcp/9', 'azure/1': 'azure/1', 'aws/7': 'aws/7', [url]: 'b' });
    });

    test('leads to the first by id of several that it may name', async () => {
      const actor = newActor();
      const [url, shop] = ['https://one.example', { provider: 'gcp', project_id: 'shop' } as const];
      const peer = { to_kind: 'monitoring_endpoint', relation: 'queries', basis: 'peer_url' } as const;
      for (const id of ['2', '1', '3']) {
        await run(store.writer, actor, [account(id, shop), endpoint(`e${id}`, { url })], { enumerated: [] });
      }
      await see(actor, [relation('g', 'gcp/shop'), relation('g', url, peer)]);

      const found = Object.fromEntries((await listRelations(actor)).map(({ to_ref, to_key }) => [to_ref, to_key]));
      expect(found).toEqual({ 'gcp/shop': 'gcp/1', [url]: 'e1' });
    });

    test('is shown with the account that it names, each link once, while it and its endpoint are there', async () => {
      const actor = newActor();
      const gone = [endpoint('gone'), relation('c', 'aws/1')];
      const stays = [
        ...[account('1'), account('2'), endpoint('a'), endpoint('b'), endpoint('c'), relation('gone', 'aws/1')],
        ...[relation('a', 'aws/1', { basis: 'label' }), relation('a', 'aws/1', { basis: 'external_label' })],
        ...[relation('a', 'aws/1', { relation: 'reads_from' }), relation('b', 'aws/1')],
        relation('b', 'aws/2', { relation: 'writes_to' }),
        relation('c', 'aws/1', { to_kind: 'monitoring_endpoint', relation: 'queries' }),
      ];
      await see(actor, [...gone, ...stays]);
      for (let again = 0; again < 2; again += 1) await see(actor, stays);

      const key = { tenant_id: actor.tenant, provider: 'aws', id: '1' };
      const shown = accountRecordSchema.parse(JSON.parse((await store.reader.getAccount(key)) ?? ''));
      expect(shown.monitored_by?.map(({ id, relation, basis }) => [id, relation, basis])).toEqual([
        ['a', 'reads_from', 'configured'],
        ['b', 'monitors', 'configured'],
        ['a', 'monitors', 'label'],
      ]);
    });

    test('does not lead to what another tenant has', async () => {
      const actor = newActor();
      await run(store.writer, newActor(), [account('1')]);
      await see(actor, [relation('a', 'aws/1')]);

      expect(await listRelations(actor)).toMatchObject([{ to_key: null }]);
    });

    test('that is explicit stands beside an inferred one of the same link, and the account shows it alone', async () => {
      const actor = newActor();
      const explicit = relation('a', 'aws/1');
      const inferred = relation('a', 'aws/1', { basis: 'external_label', evidence: { label: 'account' } });
      const seen = [account('1'), endpoint('a'), endpoint('b'), explicit, inferred];
      await see(actor, [...seen, relation('b', 'aws/1', { basis: 'label' })]);

      const rows = await listRelations(actor, { from_key: 'a' });
      const key = { tenant_id: actor.tenant, provider: 'aws', id: '1' };
      const shown = accountRecordSchema.parse(JSON.parse((await store.reader.getAccount(key)) ?? ''));
      expect(rows.map(({ basis, confidence }) => `${basis} ${confidence}`).sort()).toEqual([
        'configured 100',
        'external_label 40',
      ]);
      expect(shown.monitored_by?.map(({ id, basis }) => [id, basis])).toEqual([
        ['a', 'configured'],
        ['b', 'label'],
      ]);
    });

    test('is found from both of its ends, also where it names a URL', async () => {
      const actor = newActor();
      const queries = { to_kind: 'monitoring_endpoint', relation: 'queries', basis: 'peer_url' } as const;
      await see(actor, [endpoint('g'), endpoint('p'), endpoint('o'), relation('g', 'https://p.example', queries)]);
      const about = async (id: string) => (await listRelations(actor, { endpoint: id })).map(({ to_key }) => to_key);

      expect(await about('g')).toEqual(['p']);
      expect(await about('p')).toEqual(['p']);
      expect(await about('o')).toEqual([]);
    });

    test('is found in the past by the URL that its end had then, whatever others had', async () => {
      const [actor, neighbour] = [newActor(), newActor()];
      // A node of the same id has versions of its own.
      const id = 'o-1/p';
      const urls = ['https://one.example', 'https://two.example', 'https://three.example'];
      const queries = { to_kind: 'monitoring_endpoint', relation: 'queries', basis: 'peer_url' } as const;
      const claims = urls.map((url) => relation('g', url, queries));
      const moments: string[] = [];
      await see(neighbour, [endpoint(id, { url: 'https://there.example' })]);
      for (const [n, url] of urls.entries()) {
        const ends = [node('p', { name: url }), endpoint('g', { url: `https://g${n}.example` }), endpoint(id, { url })];
        await see(actor, [...ends, ...claims]);
        moments.push((await endpointOf(actor, id))?.valid_from ?? '');
        await see(neighbour, [endpoint(id, { url: `https://there${n}.example` })]);
      }
      const about = async (as_of?: string) =>
        (await listRelations(actor, { endpoint: id, as_of })).map(({ to_ref }) => to_ref);

      for (const [n, url] of urls.entries()) {
        expect(await about(moments[n])).toEqual([url]);
        expect(await endpointOf(actor, id, moments[n])).toMatchObject({ url });
        expect(await listEndpoints(actor, { as_of: moments[n] })).toMatchObject([{ id: 'g' }, { id, url }]);
      }
      expect(await about()).toEqual([urls[2]]);
    });

    test('and an endpoint whose URLs are as long as they may be are written', async () => {
      const actor = newActor();
      // Of letters by chance, which no index can compress.
      const url = `https://long.example/${randomBytes(2048).toString('hex')}`.slice(0, 2048);
      const long = [endpoint('long', { url }), relation('long', url, { to_kind: 'monitoring_endpoint' })];

      expect(long.map((observation) => observationSchema.safeParse(observation).success)).toEqual([true, true]);
      expect((await see(actor, long)).upserted.inserted).toBe(2);
    });

    test('has a detail and a past', async () => {
      const actor = newActor();
      const claim = relation('a', 'aws/1');
      await see(actor, [claim]);
      const tenant_id = actor.tenant;
      const first = relationRecordSchema.parse(
        JSON.parse((await store.reader.getRelation({ tenant_id, id: claim.key })) ?? ''),
      );
      await see(actor, [relation('a', 'aws/1', { evidence: { key: 'other' } })]);

      const past = await store.reader.getRelation({ tenant_id, id: claim.key, as_of: first.valid_from });
      expect(relationRecordSchema.parse(JSON.parse(past ?? '')).evidence).toEqual({ key: 'account' });
      const history = await store.reader.listHistory({ tenant_id, kind: 'relation', key: claim.key, limit: 9 });
      expect(JSON.parse(history?.json ?? '[]')).toHaveLength(2);
    });
  });
});
