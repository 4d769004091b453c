// What every service answers before and around its routes.
import { gunzipSync } from 'node:zlib';
import { createRoute } from '@hono/zod-openapi';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { RequestError, StoreError } from '#core/errors.ts';
import { createLogger } from '#core/log.ts';
import { type Answer, createApp, maxUrlLength } from './app.ts';
import { problemSchema } from './problem.ts';
import { sendJson } from './send.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${trace}-b7ad6b7169203331-01`;

function createTestApp(stopping = new AbortController().signal) {
  const lines: string[] = [];
  const answers: Answer[] = [];
  const log = createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });
  const clock = { ...systemClock, uuid: () => '11111111-2222-4333-8444-555555555555' };
  const app = createApp({ clock, log, stopping, observe: (answer) => void answers.push(answer) });
  app.get('/text', (c) => sendJson(c, JSON.stringify({ text: c.req.query('text') ?? '' })));
  app.get('/items/:id', (c) => sendJson(c, '{}', { Link: '<x>; rel="next"' }));
  app.get('/bug', () => {
    throw new Error('password=hunter22 in a bug');
  });
  app.get('/down', () => {
    throw new StoreError('unreachable', 'connect ECONNREFUSED 10.0.0.7', { retryable: true });
  });
  app.get('/mistake', () => {
    throw new RequestError(422, 'unlikely', 'that is not likely');
  });
  app.openapi(
    createRoute({
      method: 'get',
      path: '/strict',
      request: { query: z.strictObject({ one: z.string().optional() }) },
      responses: { 200: { description: 'ok' } },
    }),
    (c) => c.body(null),
  );
  return { app, lines, answers };
}

describe('problems', () => {
  test.for([
    ['/nowhere', 'GET', 404, 'not_found'],
    ['/text/', 'GET', 404, 'not_found'],
    ['/text', 'POST', 405, 'method_not_allowed'],
    ['/text', 'DELETE', 405, 'method_not_allowed'],
    ['/text', 'OPTIONS', 405, 'method_not_allowed'],
    ['/strict?two=2', 'GET', 400, 'invalid_request'],
    ['/strict?one=1&one=2', 'GET', 400, 'invalid_request'],
    ['/strict?__proto__=1', 'GET', 400, 'invalid_request'],
    ['/text?text=%00', 'GET', 400, 'invalid_request'],
    ['/text?text=%ff', 'GET', 400, 'invalid_request'],
    ['/text?text=%zz', 'GET', 400, 'invalid_request'],
    ['/items/%E0%A4%A', 'GET', 400, 'invalid_request'],
    [`/text?text=${'x'.repeat(maxUrlLength)}`, 'GET', 414, 'url_too_long'],
    ['/mistake', 'GET', 422, 'unlikely'],
    ['/down', 'GET', 503, 'database_unavailable'],
    ['/bug', 'GET', 500, 'internal_error'],
  ] as const)('%s %s is problem+json', async ([path, method, status, code]) => {
    const { app } = createTestApp();

    const response = await app.request(path, { method, headers: { traceparent } });

    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(problemSchema.parse(await response.json())).toMatchObject({ status, code, trace_id: trace });
  });

  test('a method that is not allowed is told which are', async () => {
    const response = await createTestApp().app.request('/text', { method: 'PUT' });

    expect(response.headers.get('Allow')).toBe('GET, HEAD');
  });

  test('a misspelt parameter is named', async () => {
    const response = await createTestApp().app.request('/strict?onee=1');

    expect(problemSchema.parse(await response.json()).detail).toBe('unknown parameter onee');
  });

  test('of a parameter that is a secret nothing is repeated', async () => {
    const response = await createTestApp().app.request(`/strict?ghp_abcdef123456abcdef123456=1&${'x'.repeat(4000)}=1`);

    const { detail } = problemSchema.parse(await response.json());
    expect(detail).toMatch(/^unknown parameter \[redacted\], x+$/);
    expect(detail.length).toBeLessThan(300);
  });

  test('a bug shows its caller only the trace id, and the log everything but the secret', async () => {
    const { app, lines } = createTestApp();

    const body = await (await app.request('/bug')).text();

    const trace_id = '11111111222243338444555555555555';
    expect(JSON.parse(body)).toMatchObject({ trace_id });
    expect(body).not.toContain('bug');
    expect(lines.join('')).toContain('in a bug');
    expect(lines.join('')).toContain(trace_id);
    expect(lines.join('')).not.toContain('hunter22');
  });

  test('a database that is down does not tell where it is', async () => {
    const response = await createTestApp().app.request('/down');

    expect(await response.text()).not.toContain('10.0.0.7');
    expect(response.headers.get('Retry-After')).toBe('5');
  });
});

describe('trace ids', () => {
  test.for([
    undefined,
    'garbage',
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `ff-${trace}-b7ad6b7169203331-01`,
  ])('traceparent %s is replaced by a fresh one', async (header) => {
    const headers: Record<string, string> = header === undefined ? {} : { traceparent: header };

    const response = await createTestApp().app.request('/nowhere', { headers });

    expect(await response.json()).toMatchObject({ trace_id: '11111111222243338444555555555555' });
  });
});

describe('the log', () => {
  test('has one line per request with trace, route, status and duration, and never the query', async () => {
    const { app, lines } = createTestApp();

    await app.request('/text?text=planted-secret-value', { headers: { traceparent, Authorization: 'Bearer planted' } });

    expect(lines).toHaveLength(1);
    const line: unknown = JSON.parse(lines[0] ?? '');
    expect(line).toMatchObject({ trace_id: trace, method: 'GET', route: '/text', status: 200, msg: 'request' });
    expect(line).toHaveProperty('duration_ms', expect.any(Number));
    expect(lines.join('')).not.toContain('planted');
  });

  test.for([
    ['as it is', '/items/token=abcdef123456', '/items/token=[redacted]'],
    ['percent-encoded', '/items/https%3A%2F%2Fuser%3aabcdef123456%40host', '/items/https://[redacted]@host'],
    ['beside what cannot be decoded', '/items/%e9%zz%3Aghp_abcdef123456abcdef123456', '/items/é%zz:[redacted]'],
    ['at the end of what is told', `/items/${'x'.repeat(230)}/https://user:abcdef123456@host`, /^.{0,255}\[redact/],
  ] as const)('a secret in the path is masked: %s', async ([, path, told]) => {
    const { app, lines } = createTestApp();

    await app.request(path);

    expect(lines.join('')).not.toContain('abcdef');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      path: told instanceof RegExp ? expect.stringMatching(told) : told,
    });
  });

  test('a path without one keeps its escaped slashes', async () => {
    const { app, lines } = createTestApp();

    await app.request('/items/a%2Fb%C3%A9');

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ path: '/items/a%2Fbé' });
  });
});

describe('measurements', () => {
  test('count by pattern, never by URL', async () => {
    const { app, answers } = createTestApp();

    await app.request('/items/1');
    await app.request('/items/2');
    await app.request('/nowhere');

    expect(answers.map(({ route, status }) => [route, status])).toEqual([
      ['/items/:id', 200],
      ['/items/:id', 200],
      ['unmatched', 404],
    ]);
  });
});

describe('answers', () => {
  test('carry headers that let nothing be loaded, framed, sniffed or shared', async () => {
    const { headers } = await createTestApp().app.request('/text');

    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'private, no-cache',
    });
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('are gzipped for those who ask and large enough, and say the same', async () => {
    const { app } = createTestApp();
    const path = `/text?text=${'x'.repeat(5000)}`;

    const plain = await app.request(path);
    const zipped = await app.request(path, { headers: { 'Accept-Encoding': 'gzip' } });
    const small = await app.request('/text?text=x', { headers: { 'Accept-Encoding': 'gzip' } });

    expect(zipped.headers.get('Content-Encoding')).toBe('gzip');
    expect(zipped.headers.get('Vary')).toContain('Accept-Encoding');
    expect(gunzipSync(await zipped.arrayBuffer()).toString()).toBe(await plain.text());
    expect(zipped.headers.get('ETag')).toBe(plain.headers.get('ETag'));
    expect(small.headers.get('Content-Encoding')).toBeNull();
  });

  test('are 304 without a body when the client has them, gzipped or not', async () => {
    const { app } = createTestApp();
    const etag = (await app.request('/text?text=a')).headers.get('ETag') ?? '';

    for (const known of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
      const response = await app.request('/text?text=a', {
        headers: { 'If-None-Match': known, 'Accept-Encoding': 'gzip' },
      });
      expect(response.status).toBe(304);
      expect(await response.text()).toBe('');
      expect(response.headers.get('ETag')).toBe(etag);
      expect(response.headers.get('Cache-Control')).toBe('private, no-cache');
    }
  });

  test('another content, and another link, are another ETag', async () => {
    const { app } = createTestApp();
    const etags = ['/text?text=a', '/text?text=b', '/items/1'].map(async (path) => {
      return (await app.request(path)).headers.get('ETag');
    });

    expect(new Set(await Promise.all(etags)).size).toBe(3);
    const [first = ''] = await Promise.all(etags);
    const response = await app.request('/text?text=b', { headers: { 'If-None-Match': first ?? '' } });
    expect(response.status).toBe(200);
  });

  test('to HEAD have the headers and no body', async () => {
    const { app } = createTestApp();

    const response = await app.request('/text?text=a', { method: 'HEAD' });

    expect(response.status).toBe(200);
    expect(response.headers.get('ETag')).toMatch(/^W\//);
    expect(await response.text()).toBe('');
  });

  test('close their connection once the process is ending', async () => {
    const stopping = new AbortController();
    const { app } = createTestApp(stopping.signal);

    expect((await app.request('/text')).headers.get('Connection')).toBeNull();
    stopping.abort();
    expect((await app.request('/text')).headers.get('Connection')).toBe('close');
  });
});
