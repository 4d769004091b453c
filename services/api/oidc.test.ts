// The read API behind an issuer's tokens, on both databases: what each caller sees, and how each refusal looks on the wire.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { oidcSchema } from '#core/config.ts';
import { createLogger } from '#core/log.ts';
import type { App } from '#services/app.ts';
import { listen } from '#services/listen.ts';
import { openAuth } from '#services/open-auth.ts';
import { problemSchema } from '#services/problem.ts';
import { openTestReader, type TestReader } from '#store/reader.contract.ts';
import { account, newActor, run } from '#store/scenario.contract.ts';
import { databases, type TestStore } from '#store/stores.contract.ts';
import { type OidcIssuer, openOidcIssuer } from '#testkit/oidc/issuer.ts';
import { createApi } from './api.ts';

const ours = newActor();
const theirs = newActor();
const idsSchema = z.array(z.object({ id: z.string() }));

describe.for(databases)('the read API on $dialect, by the tokens of an issuer', ({ open }) => {
  let store: TestStore;
  let opened: TestReader;
  let issuer: OidcIssuer;
  let app: App;
  let lines: string[] = [];

  const log = createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });

  /** An API that knows the issuer, closed with the test or by the caller. */
  async function openApi(url: string, clock = systemClock) {
    const config = oidcSchema.parse({ mode: 'oidc', issuer: url, audience: 'inventory' });
    const { auth, close } = await openAuth('api.auth', config, { proxyEnv: {}, clock, log });
    const options = { auth, tenant: 'default', clock, log, schemaVersionExpected: 3, version: '1', ops: false };
    const api = createApi({ ...options, reader: opened.reader, stopping: new AbortController().signal });
    return { app: api.app, close };
  }

  beforeAll(async () => {
    store = await open();
    await run(store.writer, ours, [account('100', { name: 'ours' })]);
    await run(store.writer, theirs, [account('900', { name: 'theirs' })]);
    opened = openTestReader(store);
    issuer = await openOidcIssuer();
    const api = await openApi(issuer.url);
    app = api.app;
    return api.close;
  });

  afterAll(async () => {
    await opened?.close();
    await store?.close();
    await issuer?.close();
  });

  async function issue(tenant: string | undefined, claims: Record<string, unknown> = {}): Promise<string> {
    return await issuer.issue({
      subject: 'ada',
      audience: 'inventory',
      claims: { tenant, scope: 'inventory:read', ...claims },
    });
  }

  async function get(path: string, token: string | undefined, target = app): Promise<Response> {
    return await target.request(path, { headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } });
  }

  async function problemOf(response: Response) {
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    return problemSchema.parse(await response.json());
  }

  test('each tenant sees its own', async () => {
    const of = async (tenant: string) =>
      idsSchema.parse(await (await get('/api/v1/accounts', await issue(tenant))).json()).map(({ id }) => id);

    expect(await of(ours.tenant)).toEqual(['100']);
    expect(await of(theirs.tenant)).toEqual(['900']);
    expect(await of('nobody')).toEqual([]);
  });

  test("another tenant's account is the same 404 as none", async () => {
    const token = await issue(ours.tenant);
    const foreign = await get('/api/v1/accounts/aws/900', token);
    const unknown = await get('/api/v1/accounts/aws/901', token);

    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    const { trace_id: _, ...problem } = await problemOf(foreign);
    expect(await problemOf(unknown)).toMatchObject(problem);
  });

  test('without a token it is a 401 that names the scheme alone', async () => {
    const response = await get('/api/v1/accounts', undefined);

    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="inventory"');
  });

  test.for([
    ['an expired token', { exp: 1 }, 'the token has expired'],
    ['a token without a tenant', { tenant: undefined }, 'the token names no tenant of this inventory'],
    ['a token for somebody else', { aud: 'grafana' }, 'the token is meant for somebody else'],
  ] as const)('%s is a 401 that says so', async ([, changes, description]) => {
    const exp = Math.floor(Date.now() / 1000) + 300;
    const claims = { iss: issuer.url, aud: 'inventory', sub: 'ada', exp, tenant: ours.tenant, ...changes };

    const response = await get('/api/v1/accounts', await issuer.sign(claims));

    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toBe(
      `Bearer realm="inventory", error="invalid_token", error_description="${description}"`,
    );
    expect(await problemOf(response)).toMatchObject({ code: 'unauthenticated', detail: description });
  });

  test.for([
    'Bearer',
    'Bearer ',
    'Bearer one two',
    'Bearer "quoted"',
    'Basic YWRhOmFkYQ==',
    'DPoP eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
    'Bearer a.b.c, Bearer a.b.c',
  ])('the header %s is a 401', async (Authorization) => {
    const response = await app.request('/api/v1/accounts', { headers: { Authorization } });

    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toContain('error="invalid_token"');
  });

  test('a token in the query is an unknown parameter, not a token', async () => {
    expect((await get(`/api/v1/accounts?access_token=${await issue(ours.tenant)}`, undefined)).status).toBe(401);
    expect((await get('/api/v1/accounts?access_token=x', await issue(ours.tenant))).status).toBe(400);
  });

  test.for([
    ['/api/v1/accounts', 'inventory:read', 'inventory:metrics'],
    ['/metrics', 'inventory:metrics', 'inventory:read'],
  ])('%s asks for the scope %s', async ([path = '', wanted = '', other]) => {
    const refused = await get(path, await issue(ours.tenant, { scope: `openid ${other}` }));

    expect(refused.status).toBe(403);
    expect(refused.headers.get('WWW-Authenticate')).toBe(
      `Bearer realm="inventory", error="insufficient_scope", scope="${wanted}"`,
    );
    expect((await get(path, await issue(ours.tenant, { scope: `openid ${wanted}` }))).status).toBe(200);
  });

  test('with the issuer away it is a 503 that asks to try again, and the service stays ready', async () => {
    const away = await openOidcIssuer();
    away.misbehave({ discovery: { kind: 'reset' } });
    const { app: target, close } = await openApi(away.url);
    onTestFinished(async () => {
      await close();
      await away.close();
    });

    const response = await get('/api/v1/accounts', await away.issue({ subject: 'ada', audience: 'inventory' }), target);

    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('10');
    expect(await problemOf(response)).toMatchObject({ code: 'issuer_unavailable' });
    expect((await get('/readyz', undefined, target)).status).toBe(200);
    expect((await get('/api/v1/accounts', undefined, target)).status).toBe(401);
  });

  test('an event stream ends when its token does', async () => {
    let timeMs = Date.now();
    const { app: target, close } = await openApi(issuer.url, { ...systemClock, now: () => new Date(timeMs) });
    onTestFinished(close);
    const headers = { Authorization: `Bearer ${await issue(ours.tenant)}`, Accept: 'text/event-stream' };

    const response = await target.request('/api/v1/events', { headers });
    const reader = z.instanceof(ReadableStream).parse(response.body).getReader();
    expect((await reader.read()).done).toBe(false);
    timeMs += 2 * 3_600_000;

    for (let part = await reader.read(); !part.done; ) part = await reader.read();
    expect((await target.request('/api/v1/events', { headers })).status).toBe(401);
  });

  test('a token larger than headers may be is refused before it is read', async () => {
    const listener = await listen({ app, host: '127.0.0.1', port: 0, clock: systemClock, log });
    onTestFinished(() => listener.close({ drainMs: 0, graceMs: 0 }));
    const { port } = new URL(listener.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(`GET /api/v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'A'.repeat(20_000)}\r\n\r\n`);

    const answer = await new Response(socket).text();

    expect(answer).toMatch(/^HTTP\/1.1 431 /);
  });

  test('no token is in the log, whatever became of it', async () => {
    lines = [];
    const tokens = [
      await issue(ours.tenant),
      await issue(undefined),
      await issue(ours.tenant, { scope: 'none' }),
      await issuer.issue({ subject: 'ada', audience: 'inventory', forged: true }),
    ];
    const statuses: number[] = [];
    for (const token of tokens) {
      for (const path of [
        '/api/v1/accounts',
        `/api/v1/accounts/aws/${token}`,
        `/api/v1/accounts?access_token=${token}`,
      ]) {
        statuses.push((await get(path, token)).status);
      }
    }

    expect(statuses).toEqual([200, 404, 400, 401, 401, 401, 403, 403, 403, 401, 401, 401]);
    const signatures = tokens.map((token) => token.slice(token.lastIndexOf('.') + 1));
    expect(lines.length).toBeGreaterThan(10);
    for (const signature of signatures) expect(lines.join('')).not.toContain(signature.slice(0, 40));
    expect(lines.join('')).toContain('"caller":"ada"');
  });
});
