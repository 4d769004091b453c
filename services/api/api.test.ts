// The read API as its callers see it, on both databases under their service roles; every answer is parsed by its strict schema.
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { hashText } from '#core/json.ts';
import { createLogger } from '#core/log.ts';
import { provenanceSchema } from '#core/provenance.ts';
import {
  accountListItemSchema,
  accountRecordSchema,
  orgNodeListItemSchema,
  orgNodeRecordSchema,
} from '#core/records.ts';
import { runSchema, zeroCounts } from '#core/run.ts';
import type { App } from '#services/app.ts';
import { problemSchema } from '#services/problem.ts';
import { latestVersion } from '#store/migration-plan.ts';
import { openTestReader, type TestReader } from '#store/reader.contract.ts';
import { account, evidenceOf, newActor, node, openRun, run } from '#store/scenario.contract.ts';
import { databases, type TestStore } from '#store/stores.contract.ts';
import { type ApiOptions, createApi } from './api.ts';
import { versionSchema } from './record.ts';
import { runDetailSchema } from './runs.ts';

const ours = newActor();
const theirs = newActor();
const tokens = [
  { name: 'reader', tenant: ours.tenant, scopes: ['inventory:read'] },
  { name: 'other', tenant: theirs.tenant, scopes: ['inventory:read'] },
  { name: 'scraper', tenant: ours.tenant, scopes: ['inventory:metrics'] },
];
const auth: ApiOptions['auth'] = {
  mode: 'token',
  tokens: tokens.map((token) => ({ ...token, sha256: hashText(`secret-of-${token.name}`) })),
};
const schemaVersion = await latestVersion(join(import.meta.dirname, '../../migrations'), 'sqlite');
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const names = ['b', 'a', 'b', undefined, 'B', 'é', '=cmd()', null, '"quoted", name', '100%_x'];
const path = { org_path: 'Root/Platform', org_path_ids: ['o-1/r-1', 'o-1/ou-1'], org_path_names: ['Root', 'Platform'] };

const accountsSchema = z.array(accountListItemSchema);
const detailsOfRun = { principal: null, sdk: null, error_code: null, error: null };

/** Two runs of ours: ten accounts and two nodes, of which one changes and two miss the second run and the third; one of theirs. */
async function seed({ writer }: TestStore): Promise<{ run_id: string }> {
  const observations = names.map((name, i) =>
    account(`${100 + i}`, {
      ...(name === undefined ? {} : { name }),
      ...(i < 3 ? path : {}),
      lifecycle: i === 0 ? 'suspended' : 'active',
      status: i === 0 ? 'SUSPENDED' : 'ACTIVE',
      tags: {
        ...{ team: i % 2 ? 'core' : 'web', url: `https://${i}.example:8443/x`, empty: '' },
        ...{ 'acme:cost:center': `${i}:x`, 'a:b': '' },
      },
    }),
  );
  const nodes = [node('r-1', { kind: 'root', name: 'Root' }), node('ou-1', { name: 'Platform', parent_id: 'o-1/r-1' })];
  await run(writer, ours, [...observations, ...nodes]);
  const living = observations.filter((_, i) => i !== 6 && i !== 9);
  await run(writer, ours, [account('100', { name: 'renamed' }), ...living.slice(1)]);
  await run(writer, ours, [account('100', { name: 'renamed' }), ...living.slice(1)]);
  const open = await openRun(writer, ours);
  const [request] = evidenceOf();
  if (request === undefined) throw new Error('no request');
  await open.upsert([], { pages: [{ ...request, seq: 1, fetched_at: '2026-01-01T00:00:00.000Z' }] });
  await open.finish();
  const { run_id } = open.stamp;
  await writer.finishRun(
    { tenant_id: ours.tenant, id: run_id },
    { ...zeroCounts(), ...detailsOfRun, outcome: 'complete' },
  );
  await run(writer, theirs, [account('900', { name: 'theirs' }), node('ou-9', { name: 'Theirs' })]);
  return { run_id };
}

describe.for(databases)('the read API on $dialect', ({ dialect, open }) => {
  let store: TestStore;
  let opened: TestReader;
  let app: App;
  let run_id: string;
  const lines: string[] = [];

  function create(options: Partial<ApiOptions> = {}) {
    return createApi({
      reader: opened.reader,
      auth,
      tenant: 'default',
      clock: systemClock,
      log: createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } }),
      schemaVersionExpected: schemaVersion,
      version: '1.2.3',
      ops: false,
      stopping: new AbortController().signal,
      ...options,
    });
  }

  beforeAll(async () => {
    store = await open();
    ({ run_id } = await seed(store));
    opened = openTestReader(store);
    app = create().app;
  });

  afterAll(async () => {
    await opened?.close();
    await store?.close();
  });

  async function get(url: string, headers: Record<string, string> = {}, token = 'reader'): Promise<Response> {
    return await app.request(url, { headers: { Authorization: `Bearer secret-of-${token}`, traceparent, ...headers } });
  }

  async function getOk<Schema extends z.ZodType>(url: string, schema: Schema): Promise<z.output<Schema>> {
    const response = await get(url);
    expect([url, response.status]).toEqual([url, 200]);
    return schema.parse(await response.json());
  }

  /** The ids of all pages, by their links. */
  async function walk(first: string): Promise<string[]> {
    const ids: string[] = [];
    let url: string | undefined = first;
    while (url !== undefined) {
      const response: Response = await get(url);
      expect(response.status).toBe(200);
      ids.push(...accountsSchema.parse(await response.json()).map(({ id }) => id));
      url = /^<(.+)>; rel="next"$/.exec(response.headers.get('Link') ?? '')?.[1];
    }
    return ids;
  }

  const idsOf = async (url: string) => (await getOk(url, accountsSchema)).map(({ id }) => id);

  describe('answers', () => {
    test('are what their schemas say', async () => {
      const accounts = await getOk('/api/v1/accounts', accountsSchema);
      const nodes = await getOk('/api/v1/org-nodes?vanished=include', z.array(orgNodeListItemSchema));
      const runs = await getOk('/api/v1/runs', z.array(runSchema));
      const found = await getOk('/api/v1/accounts/aws/100', accountRecordSchema);
      const foundNode = await getOk('/api/v1/org-nodes/o-1%2Fou-1', orgNodeRecordSchema);
      const history = await getOk('/api/v1/accounts/aws/100/history', z.array(versionSchema));
      const nodeHistory = await getOk('/api/v1/org-nodes/o-1%2Fou-1/history', z.array(versionSchema));
      const provenance = await getOk('/api/v1/accounts/aws/100/provenance', provenanceSchema);
      await getOk('/api/v1/org-nodes/o-1%2Fou-1/provenance', provenanceSchema);
      const detail = await getOk(`/api/v1/runs/${run_id}`, runDetailSchema);

      expect(accounts).toHaveLength(8);
      expect(nodes.map(({ id }) => id)).toEqual(['o-1/ou-1', 'o-1/r-1']);
      expect(runs).toHaveLength(4);
      expect(found).toMatchObject({ name: 'renamed', provenance });
      expect(foundNode.name).toBe('Platform');
      expect(history.map(({ content }) => content['name'])).toEqual(['renamed', 'b']);
      expect(history.map(({ valid_to }) => valid_to)).toEqual([null, found.valid_from]);
      expect(nodeHistory).toHaveLength(1);
      expect(detail).toMatchObject({ id: run_id, outcome: 'complete', scopes: [{ scope: 'aws:main' }] });
      expect(detail.requests).toMatchObject([{ seq: 1, operation: 'organizations:ListAccounts' }]);
    });

    test('for a node come under its id with the slash as it is, too', async () => {
      const encoded = await get('/api/v1/org-nodes/o-1%2Fou-1');
      const plain = await get('/api/v1/org-nodes/o-1/ou-1');

      expect(plain.status).toBe(200);
      expect(await plain.text()).toBe(await encoded.text());
    });

    test('are 304 as long as nothing has changed, also where they would be gzipped', async () => {
      for (const url of ['/api/v1/accounts?limit=3', '/api/v1/accounts/aws/100', `/api/v1/runs/${run_id}`]) {
        const etag = (await get(url)).headers.get('ETag') ?? '';
        const response = await get(url, { 'If-None-Match': etag, 'Accept-Encoding': 'gzip' });
        expect([url, response.status, await response.text()]).toEqual([url, 304, '']);
        expect((await get(url, { 'If-None-Match': 'W/"other"' })).status).toBe(200);
      }
    });

    test('are gzipped for those who ask', async () => {
      const response = await get('/api/v1/accounts', { 'Accept-Encoding': 'gzip' });

      expect(response.headers.get('Content-Encoding')).toBe('gzip');
      const unzipped = response.body?.pipeThrough(new DecompressionStream('gzip'));
      expect(accountsSchema.parse(await new Response(unzipped).json())).toHaveLength(8);
    });
  });

  describe('paging', () => {
    const sorts = ['id', 'name', 'discovered_at', 'valid_from'].flatMap((field) => [field, `-${field}`]);

    test.for(sorts)('by %s, page by page, gives every row once and in the order of one page', async (sort) => {
      const query = `vanished=include&sort=${sort}`;

      const whole = await walk(`/api/v1/accounts?${query}&limit=1000`);

      expect([...whole].sort()).toEqual(names.map((_, i) => `${100 + i}`));
      for (const limit of [1, 3, 9, 10]) expect(await walk(`/api/v1/accounts?${query}&limit=${limit}`)).toEqual(whole);
    });

    test('keeps the filters in its links', async () => {
      const filter = 'tag=team:web&vanished=include';

      expect(await walk(`/api/v1/accounts?${filter}&limit=2`)).toEqual(await idsOf(`/api/v1/accounts?${filter}`));
    });

    test('goes on through runs and a history', async () => {
      const runs = await get('/api/v1/runs?limit=1');
      const history = await get('/api/v1/accounts/aws/100/history?limit=1');
      for (const response of [runs, history]) {
        const next = /^<(.+)>;/.exec(response.headers.get('Link') ?? '')?.[1] ?? '';
        const rows = z.array(z.unknown()).parse(await (await get(next)).json());
        expect(rows).toHaveLength(1);
        expect(rows).not.toEqual(await response.json());
      }
    });

    test('refuses the cursor of another sort, filter, list or tenant', async () => {
      const link = (await get('/api/v1/accounts?limit=1')).headers.get('Link') ?? '';
      const cursor = new URL(`http://a${/^<(.+)>;/.exec(link)?.[1]}`).searchParams.get('cursor') ?? '';

      expect((await get(`/api/v1/accounts?cursor=${cursor}`)).status).toBe(200);
      expect((await get(`/api/v1/accounts?limit=7&fields=name&cursor=${cursor}`)).status).toBe(200);
      const others = ['accounts?sort=name&', 'accounts?sort=-id&', 'accounts?q=a&', 'org-nodes?', 'runs?'];
      for (const other of others) {
        const response = await get(`/api/v1/${other}cursor=${cursor}`);
        expect(problemSchema.parse(await response.json())).toMatchObject({ status: 400, code: 'invalid_cursor' });
      }
      expect((await get(`/api/v1/accounts?cursor=${cursor}`, {}, 'other')).status).toBe(400);
    });

    test.for([
      ['accounts/aws/100/history?', 'accounts/aws/101/history?'],
      ['org-nodes?vanished=include&', 'org-nodes?vanished=only&'],
      ['runs?', 'runs?scope=aws:main&'],
      ['events?', 'events?event_type=account.discovered&'],
    ] as const)('refuses the cursor of %s for %s', async ([one, other]) => {
      await store.settle();
      const link = (await get(`/api/v1/${one}limit=1`)).headers.get('Link') ?? '';
      const cursor = new URL(`http://a${/^<(.+)>;/.exec(link)?.[1]}`).searchParams.get('cursor') ?? '';

      expect((await get(`/api/v1/${one}cursor=${cursor}`)).status).toBe(200);
      const response = await get(`/api/v1/${other}cursor=${cursor}`);
      expect(problemSchema.parse(await response.json())).toMatchObject({ status: 400, code: 'invalid_cursor' });
    });
  });

  describe('filters', () => {
    test.for([
      ['provider=aws', 8],
      ['provider=gcp', 0],
      ['lifecycle=active', 7],
      ['lifecycle=suspended', 1],
      ['status=SUSPENDED', 1],
      ['under=o-1', 8],
      ['under=ou-1', 3],
      ['under=o-1/ou-1', 3],
      ['under=ou-none', 0],
      ['tag=team:web&tag=url:https://2.example:8443/x', 1],
      ['tag=team:we', 0],
      ['tag=t:x', 0],
      ['tag=empty:', 8],
      ['tag=acme:cost:center:2:x', 1],
      ['tag=acme:cost:center:2:x&tag=a:b:', 1],
      ['tag=acme:cost:center', 0],
      ['tag=a:b', 0],
      [`tag=${'a:'.repeat(4000)}`, 0],
      ['tag=team:core&tag=team:web', 0],
      ['q=RENAMED', 1],
      ['q=%25_x&vanished=include', 1],
      ['q=103', 1],
      ['vanished=include', 10],
      ['vanished=only', 2],
    ] as const)('%s finds %i accounts', async ([query, count]) => {
      expect(await idsOf(`/api/v1/accounts?${query}`)).toHaveLength(count);
    });

    test.for([
      ['kind=root', 1],
      ['kind=ou&provider=aws', 1],
      ['parent_id=o-1/r-1', 1],
      ['parent_id=o-1/none', 0],
      ['q=plat', 1],
    ] as const)('%s finds %i nodes', async ([query, count]) => {
      expect(await getOk(`/api/v1/org-nodes?${query}`, z.array(orgNodeListItemSchema))).toHaveLength(count);
    });

    test.for([
      ['collector=aws&scope=aws:main', 4],
      ['outcome=complete', 1],
      ['outcome=failed', 0],
      ['scope=aws:other', 0],
    ] as const)('%s finds %i runs', async ([query, count]) => {
      expect(await getOk(`/api/v1/runs?${query}`, z.array(runSchema))).toHaveLength(count);
    });

    test('as_of shows what was recorded then, whatever offset it is written in', async () => {
      const { valid_from } = await getOk('/api/v1/accounts/aws/100', accountRecordSchema);
      const before = new Date(Date.parse(valid_from) - 1);
      const offset = new Date(before.getTime() + 2 * 3_600_000).toISOString().replace('Z', '%2B02:00');

      for (const time of [before.toISOString(), offset]) {
        expect((await getOk(`/api/v1/accounts/aws/100?as_of=${time}`, accountRecordSchema)).name).toBe('b');
        expect(await idsOf(`/api/v1/accounts?q=renamed&as_of=${time}`)).toEqual([]);
      }
      expect((await get('/api/v1/accounts/aws/100?as_of=0001-01-01T00:00:00Z')).status).toBe(404);
      expect((await get('/api/v1/accounts/aws/100?as_of=9999-12-31T23:59:59Z')).status).toBe(200);
      expect((await get('/api/v1/accounts/aws/100?as_of=2001-01-01T00:00:00Z')).status).toBe(404);
    });

    test('fields trims a list, and the key always comes', async () => {
      const rows = await getOk(
        '/api/v1/accounts?fields=name,%20last_seen_at&limit=2',
        z.array(accountRecordSchema.pick({ provider: true, id: true, name: true, last_seen_at: true })),
      );

      expect(rows).toHaveLength(2);
    });
  });

  describe('refusals', () => {
    test.for([
      '/api/v1/accounts?provder=aws',
      '/api/v1/accounts?Provider=aws',
      '/api/v1/accounts?provider=aws&provider=gcp',
      '/api/v1/accounts?provider=oracle',
      '/api/v1/accounts?provider=',
      '/api/v1/accounts?lifecycle=gone',
      '/api/v1/accounts?vanished=yes',
      '/api/v1/accounts?sort=status',
      '/api/v1/accounts?sort=--id',
      '/api/v1/accounts?sort=',
      '/api/v1/accounts?fields=name,nope',
      '/api/v1/accounts?fields=',
      '/api/v1/accounts?limit=0',
      '/api/v1/accounts?limit=1001',
      '/api/v1/accounts?limit=-1',
      '/api/v1/accounts?limit=1e2',
      '/api/v1/accounts?limit=x',
      '/api/v1/accounts?limit=',
      '/api/v1/accounts?cursor=',
      '/api/v1/accounts?cursor=AAAA',
      '/api/v1/accounts?tag=team',
      '/api/v1/accounts?tag=:x',
      `/api/v1/accounts?${Array.from({ length: 21 }, (_, i) => `tag=k${i}:v`).join('&')}`,
      `/api/v1/accounts?q=${'x'.repeat(513)}`,
      '/api/v1/accounts?q=%00',
      '/api/v1/accounts?q=',
      '/api/v1/accounts?under=',
      '/api/v1/accounts?status=',
      '/api/v1/accounts?as_of=yesterday',
      '/api/v1/accounts?as_of=2026-01-01',
      '/api/v1/accounts?as_of=2026-01-01T00:00:00',
      '/api/v1/accounts?as_of=0000-01-01T00:00:00Z',
      '/api/v1/accounts?as_of=9999-12-31T23:00:00-02:00',
      '/api/v1/accounts?as_of=2026-02-30T00:00:00Z',
      '/api/v1/accounts/aws/100?fields=name',
      '/api/v1/accounts/aws/100/history?sort=id',
      '/api/v1/accounts/aws/100/history?cursor=AAAA',
      '/api/v1/accounts/aws/100/provenance?x=1',
      '/api/v1/org-nodes?kind=account',
      '/api/v1/org-nodes/o-1%2Fou-1?x=1',
      '/api/v1/runs?outcome=good',
      '/api/v1/runs?sort=id',
      `/api/v1/runs/a?x=1`,
      '/api/v1/events?type=account.moved',
    ])('%s is a 400', async (url) => {
      const response = await get(url);

      expect(problemSchema.parse(await response.json())).toMatchObject({ status: 400 });
      expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    });

    test.for(['/api/v1/accounts/aws/1%00', '/api/v1/accounts/%E0%A4%A/1'])('%s is a 400', async (url) => {
      expect((await get(url)).status).toBe(400);
    });

    test('no query, however odd, is a fault of ours', async () => {
      const names = [
        'q',
        'under',
        'status',
        'tag',
        'as_of',
        'sort',
        'fields',
        'limit',
        'cursor',
        'kind',
        'parent_id',
        'x',
      ];
      const values = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.constantFrom('-name', 'a:b', '5', "' or 1=1 --", '%', '\\', '{}', '2026-01-01T00:00:00Z', '-1', 'null'),
      );
      const query = fc.array(fc.tuple(fc.constantFrom(...names), values), { minLength: 1, maxLength: 3 });
      const paths = fc.constantFrom('accounts', 'org-nodes', 'runs', 'accounts/aws/100', 'accounts/aws/100/history');
      await fc.assert(
        fc.asyncProperty(paths, query, async (path, pairs) => {
          const { status } = await get(`/api/v1/${path}?${new URLSearchParams(pairs)}`);
          // A record may be asked for as of a time before there was one.
          expect([200, 400, 404]).toContain(status);
        }),
        { numRuns: 150 },
      );
    });

    test('no id, however odd, is a fault of ours', async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), async (id) => {
          const segment = encodeURIComponent(id.toWellFormed());
          for (const url of [`accounts/aws/${segment}`, `org-nodes/${segment}/history`, `runs/${segment}`]) {
            expect([400, 404]).toContain((await get(`/api/v1/${url}`)).status);
          }
        }),
        { numRuns: 50 },
      );
    });

    test('without a token, with a wrong one, and without the right', async () => {
      for (const url of ['/api/v1/accounts', '/api/v1/accounts/aws/100', '/api/v1/runs', '/api/v1/none']) {
        expect((await app.request(url)).status).toBe(401);
        expect((await get(url, {}, 'nobody')).status).toBe(401);
        expect((await get(url, {}, 'scraper')).status).toBe(403);
      }
    });

    test.for([
      ['/api/v1/accounts/aws/900', '/api/v1/accounts/aws/901'],
      ['/api/v1/accounts/aws/900', '/api/v1/accounts/oracle/900'],
      ['/api/v1/accounts/aws/900/history', '/api/v1/accounts/aws/901/history'],
      ['/api/v1/accounts/aws/900/provenance', '/api/v1/accounts/aws/901/provenance'],
      ['/api/v1/org-nodes/o-1%2Fou-9', '/api/v1/org-nodes/o-1%2Fou-8'],
      ['/api/v1/org-nodes/o-1%2Fou-9/history', '/api/v1/org-nodes/none/history'],
      ['/api/v1/org-nodes/o-1%2Fou-9/provenance', '/api/v1/org-nodes/none/provenance'],
    ] as const)("another tenant's %s is answered like the unknown %s, header by header", async ([foreign, unknown]) => {
      const answers = [await get(foreign), await get(unknown)];

      expect((await get(foreign, {}, 'other')).status).toBe(200);
      const [first, second] = await Promise.all(
        answers.map(async (answer) => [answer.status, await answer.text(), Object.fromEntries(answer.headers)]),
      );
      expect(first?.[0]).toBe(404);
      expect(first).toEqual(second);
    });

    test("another tenant's run is answered like an unknown one and like what is no run", async () => {
      const urls = [run_id, '11111111-2222-4333-8444-555555555555', 'no-uuid'].map((id) => `/api/v1/runs/${id}`);
      const bodies = await Promise.all(urls.map(async (url) => await (await get(url, {}, 'other')).text()));

      expect(new Set(bodies).size).toBe(1);
      expect(problemSchema.parse(JSON.parse(bodies[0] ?? ''))).toMatchObject({ status: 404, code: 'not_found' });
    });

    test("no list holds another tenant's row, not even by filter or export", async () => {
      for (const url of [
        '/api/v1/accounts?vanished=include&q=900',
        '/api/v1/accounts?tag=team:none',
        '/api/v1/org-nodes?q=theirs',
      ]) {
        expect(await (await get(url)).json()).toEqual([]);
      }
      const csv = await (await get('/api/v1/accounts?fields=id', { Accept: 'text/csv' })).text();
      expect(csv.split('\r\n')).toContain('aws,100');
      expect(csv).not.toContain('900');
      expect(await (await get('/api/v1/accounts', {}, 'other')).json()).toMatchObject([{ id: '900' }]);
    });

    test('a type that is not offered is a 406', async () => {
      expect((await get('/api/v1/accounts', { Accept: 'text/html' })).status).toBe(406);
      expect((await get('/api/v1/accounts/aws/100', { Accept: 'text/csv' })).status).toBe(406);
    });
  });

  describe('exports', () => {
    test('as NDJSON hold the rows of the list', async () => {
      const response = await get('/api/v1/accounts?sort=-name', { Accept: 'application/x-ndjson' });

      expect(response.headers.get('Content-Type')).toBe('application/x-ndjson');
      const rows = (await response.text())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(rows).toEqual(await getOk('/api/v1/accounts?sort=-name', accountsSchema));
    });

    test('as CSV have a header, quotes, and no formula', async () => {
      const url = '/api/v1/accounts?fields=tags,name&vanished=include';

      const response = await get(url, { Accept: 'text/csv' });

      expect(response.headers.get('Content-Type')).toContain('text/csv');
      const [header, ...rows] = (await response.text()).trimEnd().split('\r\n');
      expect(header).toBe('provider,id,name,tags');
      expect(rows).toHaveLength(10);
      expect(rows[6]).toMatch(/^aws,106,'=cmd\(\),"\{""/);
      expect(rows[8]).toMatch(/^aws,108,"""quoted"", name",/);
    });

    test('of an empty list are the header alone, or nothing', async () => {
      const csv = await get('/api/v1/accounts?provider=gcp&fields=id', { Accept: 'text/csv' });
      const ndjson = await get('/api/v1/accounts?provider=gcp', { Accept: 'application/x-ndjson' });

      expect(await csv.text()).toBe('provider,id\r\n');
      expect([ndjson.status, await ndjson.text()]).toEqual([200, '']);
    });

    test('exist for nodes, runs and histories', async () => {
      for (const url of ['/api/v1/org-nodes', '/api/v1/runs', '/api/v1/accounts/aws/100/history']) {
        const text = await (await get(url, { Accept: 'text/csv' })).text();
        expect(text.split('\r\n').length).toBeGreaterThan(2);
      }
    });

    test('with limit or cursor are a 400, for they would be ignored', async () => {
      for (const query of ['limit=5', 'cursor=AAAA']) {
        const response = await get(`/api/v1/accounts?${query}`, { Accept: 'text/csv' });
        expect(problemSchema.parse(await response.json())).toMatchObject({ status: 400, code: 'invalid_request' });
      }
    });

    test('of what is not there are a 404', async () => {
      expect((await get('/api/v1/accounts/aws/900/history', { Accept: 'text/csv' })).status).toBe(404);
    });
  });

  describe('operations', () => {
    test('health and readiness need no token', async () => {
      const health = await app.request('/healthz');
      const ready = await app.request('/readyz');

      expect(await health.json()).toEqual({ ok: true });
      expect(await ready.json()).toEqual({ ok: true, schema_version: schemaVersion });
    });

    test.for([
      [schemaVersion + 1, 'schema_too_old', 'inventory migrate'],
      [1, 'schema_too_new', 'deploy the release'],
    ] as const)('a release that needs schema %i is not ready and says what to do', async ([expected, code, remedy]) => {
      const response = await create({ schemaVersionExpected: expected }).app.request('/readyz');

      const problem = problemSchema.parse(await response.json());
      expect(problem).toMatchObject({ status: 503, code });
      expect(problem.detail).toContain(remedy);
    });

    test.for([
      [{ version: 5, compatible_from: 3 }, 200],
      [{ version: 5, compatible_from: 4 }, 503],
    ] as const)('a newer schema, %j, is asked from which release on it can be used', async ([schema, status]) => {
      const reader = { ...opened.reader, schemaVersion: async () => schema };

      const response = await create({ reader, schemaVersionExpected: 3 }).app.request('/readyz');

      expect(response.status).toBe(status);
      if (status === 200) expect(await response.json()).toEqual({ ok: true, schema_version: 5 });
    });

    test('a process that is ending is not ready, and alive', async () => {
      const ending = create({ stopping: AbortSignal.abort() }).app;

      expect(await (await ending.request('/readyz')).json()).toMatchObject({ status: 503, code: 'stopping' });
      expect((await ending.request('/healthz')).status).toBe(200);
    });

    test('metrics want a token with a right of its own on this port', async () => {
      expect((await app.request('/metrics')).status).toBe(401);
      expect((await get('/metrics')).status).toBe(403);
      expect((await get('/metrics', {}, 'scraper')).status).toBe(200);
    });

    test('metrics are of the text format and know every scope of every tenant', async () => {
      await get('/api/v1/accounts/aws/100');

      const response = await get('/metrics', {}, 'scraper');
      const text = await response.text();

      expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expectPrometheusText(text);
      for (const { tenant } of [ours, theirs]) {
        const labels = `{tenant_id="${tenant}",collector="aws",scope="aws:main"`;
        expect(text).toContain(`inventory_scope_outcome${labels},outcome="complete"} 1`);
        expect(text).toContain(`inventory_scope_age_seconds${labels}} `);
        const collector = `{tenant_id="${tenant}",collector="aws"}`;
        expect(text).toContain(`inventory_collector_enabled${collector} 0`);
        expect(text).toContain(`inventory_collector_last_success_timestamp_seconds${collector} 1`);
        expect(text).not.toContain(`inventory_collector_freshness_budget_seconds${collector}`);
      }
      expect(text).toContain('inventory_db_up 1');
      expect(text).toMatch(/inventory_build_info\{version="1.2.3",node_version="v\d+.*",schema_version="\d+"\} 1/);
      expect(text).toContain('route="/api/v1/accounts/:provider/:id",status="200"');
      expect(text).not.toContain('aws/100');
      expect(text).toContain('process_cpu_seconds_total');
    });

    test('a collector that is configured is enabled and has a budget, for the tenant of the configuration alone', async () => {
      const collectors = { aws: { freshness_budget: 90_000, own: {} }, gcp: { freshness_budget: 1000, own: {} } };
      const { ops } = create({ ops: true, tenant: ours.tenant, collectors });

      const text = (await (await ops?.request('/metrics'))?.text()) ?? '';

      const labels = (tenant: string, collector: string) => `{tenant_id="${tenant}",collector="${collector}"}`;
      expectPrometheusText(text);
      expect(text).toContain(`inventory_collector_enabled${labels(ours.tenant, 'aws')} 1`);
      expect(text).toContain(`inventory_collector_freshness_budget_seconds${labels(ours.tenant, 'aws')} 90`);
      expect(text).toContain(`inventory_collector_enabled${labels(ours.tenant, 'gcp')} 1`);
      expect(text).toContain(`inventory_collector_enabled${labels(theirs.tenant, 'aws')} 0`);
      expect(text).not.toContain(`inventory_collector_enabled${labels(theirs.tenant, 'gcp')}`);
    });

    test('on a port of their own they want no token, and are nowhere else', async () => {
      const { app: main, ops } = create({ ops: true });

      for (const url of ['/healthz', '/readyz', '/metrics']) {
        expect((await ops?.request(url))?.status).toBe(200);
        expect((await main.request(url)).status).toBe(404);
      }
      expect((await ops?.request('/api/v1/accounts'))?.status).toBe(404);
    });

    test('in mode none a page of another site reads no metrics, on a port of their own neither', async () => {
      const { ops } = create({ ops: true, auth: { mode: 'none' } });

      expect((await ops?.request('http://127.0.0.1:9090/metrics'))?.status).toBe(200);
      expect((await ops?.request('http://rebound.example:9090/metrics'))?.status).toBe(403);
    });
  });

  test('a token never reaches the log, wherever it was put', async () => {
    lines.length = 0;
    const planted = 'secret-of-reader';

    await get('/api/v1/accounts');
    await get(`/api/v1/accounts?q=${planted}`);
    await get(`/api/v1/accounts?token=${planted}`);
    await get(`/api/v1/accounts?access_token=${planted}`, { Cookie: `session=${planted}` }, 'nobody');

    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join('')).not.toContain(planted);
  });

  // A file does not go away.
  test.runIf(dialect === 'postgres')(
    'a database that has gone away is a 503 everywhere but for /healthz and /metrics',
    async () => {
      const gone = openTestReader(store);
      const { app: down } = create({ reader: gone.reader });
      await gone.close();
      const headers = { Authorization: 'Bearer secret-of-reader' };

      const list = await down.request('/api/v1/accounts', { headers });
      const ready = await down.request('/readyz');
      const metrics = await down.request('/metrics', { headers: { Authorization: 'Bearer secret-of-scraper' } });

      expect(problemSchema.parse(await list.json())).toMatchObject({ status: 503, code: 'database_unavailable' });
      expect(problemSchema.parse(await ready.json())).toMatchObject({ status: 503, code: 'database_unavailable' });
      expect((await down.request('/healthz')).status).toBe(200);
      const text = await metrics.text();
      expect(text).toContain('inventory_db_up 0');
      expect(text).not.toContain('inventory_scope_');
      expect(text).not.toContain('inventory_collector_');
    },
  );
});

/** Every family is described once, before its samples, and every line is a comment or a sample. */
function expectPrometheusText(text: string): void {
  const described = new Set<string>();
  for (const line of text.split('\n').filter((part) => part !== '')) {
    const type = /^# TYPE (\w+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type?.[1] !== undefined) {
      expect(described).not.toContain(type[1]);
      described.add(type[1]);
    } else if (!line.startsWith('# HELP ')) {
      const sample = /^([a-zA-Z_:][\w:]*)(\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (-?[\d.e+-]+|Nan|[+-]Inf)$/.exec(
        line,
      );
      const family = (sample?.[1] ?? line).replace(/_(bucket|sum|count)$/, '');
      expect(described.has(family) || described.has(sample?.[1] ?? ''), line).toBe(true);
    }
  }
  expect(described.size).toBeGreaterThan(20);
}
