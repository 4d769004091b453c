// Monitoring endpoints and relations as callers of the API see them, on both databases; every answer is parsed by its strict schema.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { provenanceSchema } from '#core/provenance.ts';
import {
  accountRecordSchema,
  monitoringEndpointListItemSchema,
  monitoringEndpointRecordSchema,
  relationListItemSchema,
  relationRecordSchema,
} from '#core/records.ts';
import type { App } from '#services/app.ts';
import { account, endpoint, newActor, relation, run } from '#store/scenario.contract.ts';
import { databases, type TestStore } from '#store/stores.contract.ts';
import { createApi } from './api.ts';
import { versionSchema } from './record.ts';

const endpointsSchema = z.array(monitoringEndpointListItemSchema);
const relationsSchema = z.array(relationListItemSchema);

const watches = relation('p', 'aws/1');
const asks = relation('g', 'https://p.example', {
  ...{ relation: 'queries', to_kind: 'monitoring_endpoint', basis: 'peer_url' },
  evidence: { datasource: 'Prometheus' },
});

/** A Prometheus that fails after its first run, a Grafana that asks it, a third that goes; two relations. */
async function seed({ writer }: TestStore, tenant: string): Promise<void> {
  const actor = newActor({ tenant });
  const rest = [endpoint('g', { kind: 'grafana', auth_mode: 'token' }), watches, asks];
  const gone = endpoint('x');
  const see = (...seen: Parameters<typeof run>[2]) =>
    run(writer, actor, seen, { enumerated: ['monitoring_endpoint'], measures: { latency_ms: 7 } });
  await see(account('1'), endpoint('p', { labels: { env: 'prod' } }), gone, ...rest);
  for (const _miss of [1, 2]) await see(endpoint('p', { status: 'unreachable' }), ...rest);
  await run(writer, newActor(), [endpoint('theirs')], { enumerated: [] });
}

describe.for(databases)('monitoring over HTTP on $dialect', ({ open }) => {
  const { tenant } = newActor();
  let store: TestStore;
  let app: App;

  beforeAll(async () => {
    store = await open();
    await seed(store, tenant);
    const options = { clock: systemClock, log: createLogger({ level: 'silent' }), reader: store.reader, ops: false };
    const rest = { schemaVersionExpected: 4, version: '1.2.3', stopping: new AbortController().signal };
    ({ app } = createApi({ ...options, ...rest, auth: { mode: 'none' }, tenant }));
  });

  afterAll(() => store?.close());

  const get = (url: string, accept = 'application/json') =>
    app.request(`/api/v1/${url}`, { headers: { Accept: accept } });

  async function getOk<Schema extends z.ZodType>(url: string, schema: Schema): Promise<z.output<Schema>> {
    const response = await get(url);
    expect([url, response.status]).toEqual([url, 200]);
    return schema.parse(await response.json());
  }

  const idsOf = async (query: string) =>
    (await getOk(`monitoring?${query}`, endpointsSchema)).map(({ id }) => id).join();

  test.for([
    ['', 'g,p'],
    ['sort=-id', 'p,g'],
    ['kind=grafana', 'g'],
    ['status=unreachable', 'p'],
    ['auth_mode=token', 'g'],
    ['q=P.EXAMPLE', 'p'],
    ['vanished=include', 'g,p,x'],
    ['vanished=only', 'x'],
  ])('the list by "%s" is %s', async ([query, ids]) => {
    expect(await idsOf(String(query))).toBe(ids);
  });

  test.for([
    'monitoring?status=down',
    'monitoring?sort=name',
    'monitoring?auth_mode=saml',
    'monitoring?provider=aws',
    'monitoring?fields=secret',
    'monitoring?as_of=yesterday',
    'relations?relation=owns',
    'relations?endpoint=p',
    'monitoring/p?fields=id',
  ])('%s is a 400', async (url) => {
    expect((await get(url)).status).toBe(400);
  });

  test.for([
    'monitoring/theirs',
    'monitoring/none/history',
    'monitoring/none/relations',
    'relations/none',
  ])('%s is a 404', async (url) => {
    expect((await get(url)).status).toBe(404);
  });

  test('pages follow their links, and each row comes once', async () => {
    const ids: string[] = [];
    let url: string | undefined = 'monitoring?vanished=include&sort=-valid_from&limit=1';
    while (url !== undefined) {
      const response: Response = await get(url);
      ids.push(...endpointsSchema.parse(await response.json()).map(({ id }) => id));
      url = /^<\/api\/v1\/(.+)>; rel="next"$/.exec(response.headers.get('Link') ?? '')?.[1];
    }

    expect(ids.join()).toBe(await idsOf('vanished=include&sort=-valid_from'));
    expect(ids).toHaveLength(3);
  });

  test('the whole list comes as CSV and as lines, and only the fields that were named', async () => {
    const csv = await (await get('monitoring?fields=status,url', 'text/csv')).text();
    const lines = await (await get('relations?fields=to_ref', 'application/x-ndjson')).text();

    expect(csv).toBe('id,url,status\r\ng,https://g.example,up\r\np,https://p.example,unreachable\r\n');
    expect(lines.trim().split('\n')).toHaveLength(2);
  });

  test('one endpoint comes with its measures, its history and its provenance', async () => {
    const found = await getOk('monitoring/p', monitoringEndpointRecordSchema);
    const history = await getOk('monitoring/p/history', z.array(versionSchema));
    const provenance = await getOk('monitoring/p/provenance', provenanceSchema);

    expect(found).toMatchObject({
      status: 'unreachable',
      labels: { env: 'prod' },
      measures: { latency_ms: 7 },
      provenance,
    });
    expect(history.map(({ content }) => content['status'])).toEqual(['unreachable', 'up']);
    const past = `as_of=${history[1]?.valid_from}`;
    expect(await getOk(`monitoring/p?${past}`, monitoringEndpointRecordSchema)).toMatchObject({ status: 'up' });
    expect(await idsOf(`${past}&status=up`)).toBe('g,p,x');
  });

  test('measures are in lists by their name alone, so that a list is 304 though they move', async () => {
    const [measured] = z.array(z.unknown()).parse(await (await get('monitoring?fields=measures')).json());

    expect(measured).toEqual({ id: 'g', measures: { latency_ms: 7 } });
    const etag = (await get('monitoring')).headers.get('ETag') ?? '';
    await run(store.writer, newActor({ tenant }), [], { enumerated: [], measures: { latency_ms: 8 } });
    const again = await app.request('/api/v1/monitoring', { headers: { 'If-None-Match': etag } });
    await run(store.writer, newActor({ tenant }), [], { enumerated: [], measures: { latency_ms: 7 } });
    expect(again.status).toBe(304);
  });

  test('relations lead from the endpoint and to it, and accounts show who watches them', async () => {
    const ofP = await getOk('monitoring/p/relations', relationsSchema);
    const ofG = await getOk('monitoring/g/relations', relationsSchema);
    const watched = await getOk('accounts/aws/1', accountRecordSchema);

    expect(ofP.map(({ id }) => id)).toEqual([watches.key, asks.key].sort());
    expect(ofG).toMatchObject([{ id: asks.key, to_ref: 'https://p.example', to_key: 'p', confidence: 80 }]);
    expect(watched.monitored_by).toEqual([
      {
        id: 'p',
        kind: 'prometheus',
        url: 'https://p.example',
        status: 'unreachable',
        relation: 'monitors',
        basis: 'configured',
        confidence: 100,
      },
    ]);
  });

  test.for([
    ['from_key=g', 1],
    ['to_ref=aws/1', 1],
    ['to_kind=account', 1],
    ['basis=peer_url&relation=queries', 1],
    ['q=P.EXAMPLE', 1],
    ['', 2],
  ])('the relations by "%s" are %i', async ([query, count]) => {
    expect(await getOk(`relations?${query}`, relationsSchema)).toHaveLength(Number(count));
  });

  test('one relation comes with its history and its provenance', async () => {
    const found = await getOk(`relations/${asks.key}`, relationRecordSchema);

    expect(found).toMatchObject({ evidence: { datasource: 'Prometheus' }, to_key: 'p' });
    expect(await getOk(`relations/${asks.key}/history`, z.array(versionSchema))).toHaveLength(1);
    expect(await getOk(`relations/${asks.key}/provenance`, provenanceSchema)).toEqual(found.provenance);
  });

  test('the difference of two times knows both kinds', async () => {
    const lines = await (await get('diff?from=2020-01-01T00:00:00Z', 'application/x-ndjson')).text();

    const kinds = lines
      .trim()
      .split('\n')
      .map((line) => z.looseObject({ kind: z.string() }).parse(JSON.parse(line)).kind);
    expect([...new Set(kinds)]).toEqual(['account', 'monitoring_endpoint', 'relation']);
  });
});
