// Ingest as its callers see it, on both databases under its own role; every answer is parsed by its strict schema.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { runScripts, type Script } from '#collectors/scripted.contract.ts';
import { systemClock } from '#core/clock.ts';
import { oidcSchema } from '#core/config.ts';
import { endpointId } from '#core/endpoint-url.ts';
import { StoreError } from '#core/errors.ts';
import { hashText } from '#core/json.ts';
import { createLogger } from '#core/log.ts';
import { provenanceSchema } from '#core/provenance.ts';
import { monitoringEndpointRecordSchema, relationListItemSchema } from '#core/records.ts';
import { createApi } from '#services/api/api.ts';
import { versionSchema } from '#services/api/record.ts';
import type { App } from '#services/app.ts';
import { listen } from '#services/listen.ts';
import { openAuth } from '#services/open-auth.ts';
import { problemSchema } from '#services/problem.ts';
import { latestVersion } from '#store/migration-plan.ts';
import { type Actor, endpoint, newActor, relation } from '#store/scenario.contract.ts';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { openOidcIssuer } from '#testkit/oidc/issuer.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { createIngest, type IngestOptions } from './ingest.ts';
import { maxBodyBytes } from './json-body.ts';

const okSchema = z.strictObject({ ok: z.literal(true) });
const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const body = { id: 'prod-eu', kind: 'prometheus', url: 'https://prometheus.example:9090', auth_mode: 'token' };

const schemaVersion = await latestVersion(join(import.meta.dirname, '../../migrations'), 'sqlite');

describe.for(databases)('ingest on $dialect', ({ dialect, open }) => {
  let store: TestStore;
  let actor: Actor;
  let app: App;
  const lines: string[] = [];

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());

  const log = createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });

  /** An app whose callers are of a new tenant. */
  function create(options: Partial<IngestOptions> = {}): App {
    actor = newActor({ scope: 'prometheus:prod' });
    lines.length = 0;
    const rights = {
      seeder: ['inventory:seed'],
      other: ['inventory:seed'],
      reader: ['inventory:read'],
      scraper: ['inventory:metrics'],
    };
    const tokens = Object.entries(rights).map(([name, scopes]) => {
      return { name, tenant: actor.tenant, scopes, sha256: hashText(`secret-of-${name}`) };
    });
    ({ app } = createIngest({
      seeder: store.seeder,
      auth: { mode: 'token', tokens },
      tenant: actor.tenant,
      requestsPerMinute: 1000,
      allowedHosts: [],
      origin: 'http://127.0.0.1:8081',
      clock: systemClock,
      log,
      schemaVersionExpected: schemaVersion,
      version: '1.2.3',
      image_digest: 'sha256:0',
      ops: false,
      stopping: new AbortController().signal,
      ...options,
    }));
    return app;
  }

  interface Sent {
    readonly token?: string | null;
    readonly headers?: Record<string, string>;
    readonly path?: string;
    readonly text?: string;
  }

  async function post(
    content: unknown,
    { token = 'seeder', headers = {}, path = '', text }: Sent = {},
  ): Promise<Response> {
    return await app.request(`/api/v1/monitoring${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token === null ? {} : { Authorization: `Bearer secret-of-${token}` }),
        ...headers,
      },
      body: text ?? JSON.stringify(content),
    });
  }

  async function expectOk(response: Response | Promise<Response>): Promise<void> {
    const answer = await response;
    expect({ status: answer.status, body: okSchema.parse(await answer.json()) }).toEqual({
      status: 200,
      body: { ok: true },
    });
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
  }

  async function problemOf(response: Response | Promise<Response>) {
    const answer = await response;
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    const problem = problemSchema.parse(await answer.json());
    expect(problem.status).toBe(answer.status);
    return problem;
  }

  const rowsOf = (table: string, order: string): Promise<Row[]> =>
    store.query(`select * from ${table} where tenant_id = '${actor.tenant}' order by ${order}`);

  /** What the read API shows of the tenant. */
  function openReadApi(): App {
    const tokens = [{ name: 'r', tenant: actor.tenant, scopes: ['inventory:read'], sha256: hashText('r') }];
    return createApi({
      ...{ reader: store.reader, tenant: actor.tenant, clock: systemClock, log, version: '1.2.3', ops: false },
      ...{
        auth: { mode: 'token', tokens },
        schemaVersionExpected: schemaVersion,
        stopping: new AbortController().signal,
      },
    }).app;
  }

  async function read<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    const response = await openReadApi().request(`/api/v1${path}`, { headers: { Authorization: 'Bearer r' } });
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    return schema.parse(await response.json());
  }

  const observe = (script: Script) => runScripts(store.writer, actor, script);
  /** A scope that lists exactly these endpoints. */
  const sees = (...seen: readonly ReturnType<typeof endpoint>[]): Script =>
    async function* (context) {
      context.identify({ root: 'https://prod.example', configured: undefined, principal: null, sdk: 'sdk@1' });
      yield* seen;
      context.enumerated('monitoring_endpoint');
    };

  describe('an endpoint that is named', () => {
    test('is a record of status unknown, whose run is the trace, with the request as its provenance', async () => {
      create();

      await expectOk(post(body, { headers: { traceparent } }));

      const record = await read('/monitoring/prod-eu', monitoringEndpointRecordSchema);
      const run_id = '0af76519-16cd-43dd-8448-eb211c80319c';
      expect(record).toMatchObject({
        ...body,
        status: 'unknown',
        scope: 'seed:pasted',
        source: 'seed/1.2.3',
        run_id,
        raw: body,
      });
      const provenance = await read('/monitoring/prod-eu/provenance', provenanceSchema);
      expect(provenance).toMatchObject({
        collector: 'seed',
        image_digest: 'sha256:0',
        run_id,
        observed_at: record.discovered_at,
      });
      expect(provenance.requests).toEqual([
        {
          ...{ operation: 'ingest:PostMonitoring', endpoint: 'http://127.0.0.1:8081', page: 1, request_ids: [run_id] },
          ...{ attempts: 1, retry_delay_ms: 0, http_status: null, items: 1, sdk: 'asset-inventory@1.2.3' },
          ...{ principal: 'seeder', sha256: hashText(JSON.stringify(body)) },
        },
      ]);
      expect(await rowsOf('audit_log', 'key')).toMatchObject([
        {
          actor: 'seeder',
          action: 'monitoring_endpoint.seed',
          key: 'prod-eu',
          outcome: 'created',
          correlation_id: run_id,
        },
      ]);
      expect(await rowsOf('events', 'position')).toMatchObject([{ correlation_id: run_id, source: 'seed/1.2.3' }]);
    });

    test.for([
      ['no UUID of any version', '0af7651916cdf3dd0448eb211c80319c'],
      ['random', randomUUID().replaceAll('-', '')],
    ] as const)('has a trace id that is %s', async ([, id]) => {
      create();

      await expectOk(post(body, { headers: { traceparent: `00-${id}-b7ad6b7169203331-01` } }));

      const { run_id } = await read('/monitoring/prod-eu', monitoringEndpointRecordSchema);
      expect(run_id.replaceAll('-', '')).toBe(id);
      await store.settle();
      expect(await read(`/events?correlation_id=${run_id}`, z.array(z.unknown()))).toHaveLength(1);
    });

    test('needs only kind and URL: the id is the hash that collectors give it, the mode none', async () => {
      create();

      await expectOk(post({ kind: 'grafana', url: 'HTTPS://Grafana.example:443/main/' }));

      const id = endpointId('https://grafana.example/main');
      const record = await read(`/monitoring/${id}`, monitoringEndpointRecordSchema);
      expect(record).toMatchObject({ id, url: 'https://grafana.example/main', auth_mode: 'none' });
    });

    test('again as it is writes nothing, in another spelling neither; changed it is a new version', async () => {
      create();
      await expectOk(post(body));
      const writes = await countWrites(store, actor.tenant);

      await expectOk(post(body));
      await expectOk(post({ ...body, url: 'HTTPS://PROMETHEUS.example:9090/' }));
      const unchanged = await countWrites(store, actor.tenant);
      await expectOk(post({ ...body, auth_mode: 'basic' }));

      expect(unchanged).toBe(writes);
      expect(await rowsOf('record_versions', 'valid_from')).toMatchObject([{ content: { auth_mode: 'token' } }]);
      expect((await rowsOf('audit_log', 'recorded_at')).map(({ outcome }) => outcome)).toEqual(['created', 'updated']);
    });
  });

  describe('who may', () => {
    test.for([
      [null, 401, 'unauthenticated'],
      ['nobody', 401, 'unauthenticated'],
      ['reader', 403, 'insufficient_scope'],
      ['scraper', 403, 'insufficient_scope'],
    ] as const)('a token of %s is a %i', async ([token, status, code]) => {
      create();

      expect(await problemOf(post(body, { token }))).toMatchObject({ status, code });
      expect(await rowsOf('monitoring_endpoints', 'id')).toEqual([]);
      expect(lines.join('')).not.toContain('secret-of');
    });

    test('nobody is asked in mode none, but a page of another site gets nothing through', async () => {
      create({ auth: { mode: 'none' } });

      await expectOk(post(body, { token: null }));
      const rebound = await app.request('http://evil.example/api/v1/monitoring', { method: 'POST', body: '{}' });
      expect(await problemOf(rebound)).toMatchObject({ status: 403, code: 'host_refused' });
      const plain = post(body, { token: null, headers: { 'Content-Type': 'text/plain' } });
      expect(await problemOf(plain)).toMatchObject({ status: 415 });
    });
  });

  describe('bodies', () => {
    test('all fields that are wrong are named at once, with 422, and nothing is written', async () => {
      create();

      const problem = await problemOf(
        post({ kind: 'x', url: 'https://x.example?a', auth_mode: 'y', 'm\u001b\nore': 1 }),
      );

      expect(problem).toMatchObject({ status: 422, code: 'invalid_body' });
      expect(problem.detail).toMatch(/^kind: .*; url: has a query.*; auth_mode: .*; unknown: m ore$/);
      expect(await rowsOf('audit_log', 'id')).toEqual([]);
    });

    test.for([
      [{ text: '{"id":' }, 400, 'invalid_json'],
      [{ text: '' }, 400, 'invalid_json'],
      [{ text: '[]' }, 422, 'invalid_body'],
      [{ text: 'null' }, 422, 'invalid_body'],
      [{ headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported_media_type'],
      [{ headers: { 'Content-Type': 'application/jsonp' } }, 415, 'unsupported_media_type'],
      // A browser sends this one across origins without asking first.
      [{ headers: { 'Content-Type': 'text/plain; application/json' } }, 415, 'unsupported_media_type'],
      [{ headers: { 'Content-Encoding': 'gzip' } }, 415, 'unsupported_media_type'],
      [{ path: '?dry_run=1' }, 400, 'invalid_request'],
      [{ headers: { 'Idempotency-Key': 'a b' } }, 400, 'invalid_request'],
      [{ headers: { 'Idempotency-Key': 'x'.repeat(256) } }, 400, 'invalid_request'],
      [{ text: JSON.stringify(body).padEnd(maxBodyBytes + 1) }, 413, 'body_too_large'],
    ] as const)('%j is a %i', async ([sent, status, code]) => {
      create();

      expect(await problemOf(post(body, sent))).toMatchObject({ status, code });
      expect(await rowsOf('monitoring_endpoints', 'id')).toEqual([]);
    });

    test('a body and a key may be as long as is said', async () => {
      create();

      const text = JSON.stringify(body).padEnd(16 * 1024);
      await expectOk(post(body, { text, headers: { 'Idempotency-Key': 'x'.repeat(255) } }));
    });

    test('a body that does not say its length is cut off too', async () => {
      create();
      const chunk = new TextEncoder().encode('x'.repeat(1024));
      let sent = 0;
      const stream = new ReadableStream({
        pull(controller) {
          sent += 1;
          controller.enqueue(chunk);
        },
      });

      const response = await app.request(
        new Request('http://localhost/api/v1/monitoring', {
          ...{ method: 'POST', body: stream, duplex: 'half' },
          headers: { 'Content-Type': 'application/json', Authorization: 'Bearer secret-of-seeder' },
        }),
      );

      expect(await problemOf(response)).toMatchObject({ status: 413, code: 'body_too_large' });
      expect(sent).toBeLessThan(50);
    });

    test('bytes that are no UTF-8 are no JSON, and nothing is guessed', async () => {
      create();
      const text = JSON.stringify({ ...body, url: 'https://prometheus.example/é' });

      const response = await app.request('/api/v1/monitoring', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: 'Bearer secret-of-seeder' },
        body: Buffer.from(text, 'latin1'),
      });

      expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_json' });
      expect(await rowsOf('monitoring_endpoints', 'id')).toEqual([]);
    });

    test.for([
      ['said its length', 'Content-Length: 100\r\n\r\n{"id":'],
      ['did not', 'Transfer-Encoding: chunked\r\n\r\n6\r\n{"id":\r\n'],
    ])('a caller who leaves in the middle of a body is no fault of ours: it %s', async ([, rest]) => {
      create();
      const listener = await listen({ app, host: '127.0.0.1', port: 0, clock: systemClock, log });
      onTestFinished(() => listener.close({ drainMs: 0, graceMs: 0 }));
      const socket = connect(Number(new URL(listener.url).port), '127.0.0.1');
      const head = 'POST /api/v1/monitoring HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
      socket.write(`${head}Authorization: Bearer secret-of-seeder\r\nExpect: 100-continue\r\n${rest}`);
      await once(socket, 'data');
      socket.destroy();

      await expect.poll(() => lines.map((line) => JSON.parse(line))).toMatchObject([{ msg: 'request', status: 400 }]);
    });

    test.for([
      'Application/JSON; charset=utf-8',
      'application/json ; charset=utf-8',
      'application/json; charset="utf-8"',
      'application/json; a="b;c"',
      'application/json;',
    ])('the media type may be spelled as %s', async (type) => {
      create();

      await expectOk(post(body, { headers: { 'Content-Type': type } }));
    });
  });

  test('too many requests of one caller wait, those of another do not', async () => {
    create({ requestsPerMinute: 3 });
    for (let i = 0; i < 3; i += 1) await expectOk(post(body));

    const response = await post(body);

    expect(await problemOf(response)).toMatchObject({ status: 429, code: 'too_many_requests' });
    const seconds = Number(response.headers.get('Retry-After'));
    expect(seconds).toBeGreaterThan(10);
    expect(seconds).toBeLessThanOrEqual(20);
    await expectOk(post(body, { token: 'other' }));
  });

  describe('with an Idempotency-Key', () => {
    const key = { headers: { 'Idempotency-Key': `${secretMarker}-key` } };

    test('the same request is answered alike and changes nothing, whatever happened in between', async () => {
      create();
      await expectOk(post(body, key));
      await expectOk(post({ ...body, auth_mode: 'basic' }));
      const writes = await countWrites(store, actor.tenant);

      await expectOk(post({ auth_mode: 'token', url: body.url, kind: body.kind, id: body.id }, key));

      expect(await countWrites(store, actor.tenant)).toBe(writes);
      expect(await rowsOf('monitoring_endpoints', 'id')).toMatchObject([{ auth_mode: 'basic' }]);
    });

    test('another request is refused, another caller has keys of his own', async () => {
      create();
      await expectOk(post(body, key));

      const reused = await problemOf(post({ ...body, auth_mode: 'basic' }, key));

      expect(reused).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
      await expectOk(post({ ...body, auth_mode: 'basic' }, { ...key, token: 'other' }));
    });

    test('ten at once are all answered and written once', async () => {
      create();

      await Promise.all(Array.from({ length: 10 }, () => expectOk(post(body, key))));

      expect(await rowsOf('audit_log', 'id')).toHaveLength(1);
      expect(await rowsOf('events', 'position')).toHaveLength(1);
      expect(await rowsOf('record_versions', 'valid_from')).toEqual([]);
    });
  });

  describe('and collectors', () => {
    test('what a configured scope observes is a 409 that names it, audited, and untouched', async () => {
      create();
      await observe(sees(endpoint('prod', { url: 'https://prod.example' })));
      const before = await rowsOf('monitoring_endpoints', 'id');

      const byId = await problemOf(post({ ...body, id: 'prod' }));
      const byUrl = await problemOf(post({ ...body, url: 'https://PROD.example/' }));

      for (const problem of [byId, byUrl]) {
        expect(problem).toMatchObject({ status: 409, code: 'endpoint_observed' });
        expect(problem.detail).toContain('prometheus:prod observes it as prod');
      }
      expect(await rowsOf('monitoring_endpoints', 'id')).toEqual(before);
      expect((await rowsOf('audit_log', 'key')).map(({ key, outcome }) => [key, outcome])).toEqual([
        ['prod', 'refused'],
        ['prod-eu', 'refused'],
      ]);
    });

    test('a scope that observes the same id takes it over, and its history goes on', async () => {
      create();
      await expectOk(post({ ...body, kind: 'grafana' }));

      const ran = await observe(sees(endpoint(body.id, { url: body.url })));

      expect(ran).toMatchObject({ outcome: 'complete', counts: { inserted: 0, changed: 1, rejected: 0 } });
      const record = await read(`/monitoring/${body.id}`, monitoringEndpointRecordSchema);
      expect(record).toMatchObject({ status: 'up', kind: 'prometheus', scope: 'prometheus:prod', auth_mode: null });
      const history = await read(`/monitoring/${body.id}/history`, z.array(versionSchema));
      expect(history.map(({ provenance: { scope } }) => scope)).toEqual(['prometheus:prod', 'seed:pasted']);
    });

    test('a scope that observes its URL under another id replaces it; the second run writes nothing', async () => {
      create();
      await expectOk(post(body));
      const observed = endpoint('prod', { url: body.url });
      await observe(async function* (context) {
        yield* sees(observed)(context);
        yield relation('prod', 'aws/111122223333');
      });
      const writes = await countWrites(store, actor.tenant);

      const second = await observe(sees(observed));

      expect(second).toMatchObject({ outcome: 'complete', counts: { inserted: 0, changed: 0, vanished: 0 } });
      expect(await countWrites(store, actor.tenant)).toBe(writes);
      const list = await read('/monitoring?vanished=include&fields=id,vanished_reason', z.array(z.unknown()));
      expect(list).toEqual([
        { id: 'prod', vanished_reason: null },
        { id: 'prod-eu', vanished_reason: 'taken_over' },
      ]);
      const relations = await read('/relations', z.array(relationListItemSchema));
      expect(relations.map(({ from_key }) => from_key)).toEqual(['prod']);
      expect(await problemOf(post(body))).toMatchObject({ status: 409 });
    });
  });

  test('nothing that was planted is in a row, a log line or an answer', async () => {
    create();
    const planted = secretMarker;
    const answers: string[] = [];
    const send = async (content: unknown, sent: Sent = {}) => {
      const response = await post(content, sent);
      answers.push(JSON.stringify([...response.headers]), await response.text());
    };

    await send({ ...body, url: `https://user:${planted}@x.example/` });
    await send({ ...body, url: `https://x.example/?token=${planted}` });
    await send({ ...body, url: `https://x.example/#${planted}` });
    await send({ ...body, url: `https://x.example/password=${planted}` });
    await send({ ...body, url: planted });
    await send({ ...body, kind: planted });
    await send({ ...body, auth_mode: planted });
    await send({ ...body, id: `/${planted}` });
    await send({ ...body, id: 'x', token: planted, password: planted });
    await send({ [`secret=${planted}`]: 1 });
    await send(body, { headers: { 'Idempotency-Key': planted } });
    await send({ ...body, auth_mode: 'oauth' }, { headers: { 'Idempotency-Key': planted } });
    await send(body, { headers: { 'Idempotency-Key': `${planted} ${planted}` } });
    await send(body, { headers: { 'X-Secret': planted, Cookie: planted, traceparent: planted } });
    await send(body, { headers: { Authorization: `Bearer ${planted}` } });
    await send(body, { path: `?token=${planted}` });
    await send(body, { text: `{"token":"${planted}` });
    await send(body, { headers: { 'Content-Type': planted } });

    expect(answers.filter((answer) => answer.includes(planted))).toEqual([]);
    expect(lines.filter((line) => line.includes(planted))).toEqual([]);
    for (const table of ['monitoring_endpoints', 'record_versions', 'events', 'audit_log', 'idempotency_keys']) {
      expect(JSON.stringify(await rowsOf(table, 'tenant_id')), table).not.toContain(planted);
    }
    expect(await rowsOf('monitoring_endpoints', 'id')).toHaveLength(1);
  });

  test('the token of an issuer names who writes and for which tenant, and must have the right', async () => {
    const issuer = await openOidcIssuer();
    const config = oidcSchema.parse({ mode: 'oidc', issuer: issuer.url, audience: 'inventory' });
    const { auth, close } = await openAuth('ingest.auth', config, { proxyEnv: {}, clock: systemClock, log });
    onTestFinished(async () => {
      await close();
      await issuer.close();
    });
    create({ auth });
    const postAs = async (scope: string) => {
      const claims = { tenant: actor.tenant, scope };
      const token = await issuer.issue({ subject: 'ada', audience: 'inventory', claims });
      return await post(body, { token: null, headers: { Authorization: `Bearer ${token}` } });
    };

    expect(await problemOf(postAs('inventory:read'))).toMatchObject({ status: 403, code: 'insufficient_scope' });
    await expectOk(postAs('inventory:seed'));

    expect(await rowsOf('audit_log', 'id')).toMatchObject([
      { tenant_id: actor.tenant, actor: 'ada', outcome: 'created' },
    ]);
  });

  describe('operations', () => {
    test('healthz and readyz need no token, metrics one of their own', async () => {
      create();

      expect(okSchema.parse(await (await app.request('/healthz')).json())).toEqual({ ok: true });
      expect(await (await app.request('/readyz')).json()).toEqual({ ok: true, schema_version: schemaVersion });
      expect((await app.request('/metrics')).status).toBe(401);
      await expectOk(post(body));
      const metrics = await app.request('/metrics', { headers: { Authorization: 'Bearer secret-of-scraper' } });
      expect(await metrics.text()).toMatch(
        /duration_seconds_count\{method="POST",route="\/api\/v1\/monitoring",status="200"\} 1/,
      );
    });

    test('a process that is ending is not ready; a schema of another release neither', async () => {
      create({ stopping: AbortSignal.abort() });
      expect(await problemOf(app.request('/readyz'))).toMatchObject({ status: 503, code: 'stopping' });

      create({ schemaVersionExpected: schemaVersion + 1 });
      expect(await problemOf(app.request('/readyz'))).toMatchObject({ status: 503, code: 'schema_too_old' });
    });

    test('on a listener of their own they are not on the main one', async () => {
      const { app: main, ops } = createIngest({
        ...{ seeder: store.seeder, auth: { mode: 'none' }, tenant: 'x', requestsPerMinute: 1, allowedHosts: [] },
        ...{
          origin: 'http://127.0.0.1',
          clock: systemClock,
          log,
          schemaVersionExpected: schemaVersion,
          version: '1',
          ops: true,
        },
        ...{ image_digest: null, stopping: new AbortController().signal },
      });

      expect((await main.request('/metrics')).status).toBe(404);
      expect((await ops?.request('/metrics'))?.status).toBe(200);
      expect((await ops?.request('http://rebound.example/metrics'))?.status).toBe(403);
      expect((await ops?.request('/api/v1/monitoring', { method: 'POST' }))?.status).toBe(404);
    });

    test('reading is not its business, and its document tells what is', async () => {
      create();

      const refused = await app.request('/api/v1/monitoring', {
        headers: { Authorization: 'Bearer secret-of-seeder' },
      });
      expect(await problemOf(refused)).toMatchObject({ status: 405 });
      expect(refused.headers.get('Allow')).toBe('POST');
      const document = z.object({ paths: z.record(z.string(), z.unknown()) });
      const { paths } = document.parse(await (await app.request('/openapi.json')).json());
      expect(Object.keys(paths).sort()).toEqual(['/api/v1/monitoring', '/healthz', '/metrics', '/readyz']);
    });

    test.runIf(dialect === 'sqlite')(
      'a database that does not answer is a 503 that says when to come again',
      async () => {
        const down = () => Promise.reject(new StoreError('CONNECT_TIMEOUT', `no answer of ${secretMarker}`));
        create({ seeder: { seed: down, schemaVersion: down } });

        const response = await post(body);

        expect(response.headers.get('Retry-After')).toBe('5');
        expect(await problemOf(response)).toMatchObject({ status: 503, code: 'database_unavailable' });
      },
    );
  });
});
