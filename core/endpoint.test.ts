// Endpoints asked over a real connection: what is sent where, what is recorded, and what is made of answers that are none.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createCertificate } from '#testkit/certificate.ts';
import { type HttpAnswer, type HttpOutcome, type HttpRequest, openLoopbackServer } from '#testkit/loopback-server.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { type EndpointAccess, openEndpoint } from './endpoint.ts';
import { toPlainUrl, toToldUrl } from './endpoint-url.ts';
import { isLoginPage, judgeNoAnswer, judgeRefusal } from './endpoint-verdict.ts';
import { ProviderError } from './errors.ts';
import { createHttpClient } from './http.ts';
import type { Request } from './provenance.ts';

const token = `${secretMarker}token`;
const auth = { mode: 'token', token: { value: token } } as const;

const send = (status: number, body = '', headers: Record<string, string> = {}): HttpOutcome => ({
  kind: 'send',
  answer: { status, headers, body },
});

/** A server that answers by path; what it has seen. */
async function serve(answers: Readonly<Record<string, HttpOutcome>>, tls = false) {
  const seen: HttpRequest[] = [];
  const certificate = tls ? await createCertificate() : undefined;
  const server = await openLoopbackServer({ port: 0, ...(certificate && { certificate }) }, async (request) => {
    seen.push(request);
    return answers[request.path] ?? send(404);
  });
  onTestFinished(() => server.close());
  return { url: server.url, seen, certificate };
}

async function open(access: EndpointAccess, options = {}) {
  const http = createHttpClient({ proxyEnv: {} });
  onTestFinished(() => http.close());
  const fetched: Request[] = [];
  const context = {
    http,
    proxyEnv: {},
    signal: new AbortController().signal,
    fetched: (request: Request) => void fetched.push(request),
  };
  const endpoint = await openEndpoint(context, access, {
    service: 'thing',
    timeoutMs: 2000,
    maxBytes: 100,
    ...options,
  });
  onTestFinished(() => endpoint.close());
  return { endpoint, fetched };
}

const question = { operation: 'State', path: '/state' };

test('a question carries headers and credentials, and an anonymous one no credentials; both are recorded without them', async () => {
  const { url, seen } = await serve({ '/base/state': send(200, '{}', { 'x-request-id': 'r1' }) });
  const { endpoint, fetched } = await open({ url: `${url}/base`, auth, headers: { 'x-tenant': 'a' } });

  const answer = await endpoint.ask(question);
  await endpoint.ask({ ...question, isAnonymous: true });

  expect(answer).toMatchObject({ status: 200, body: '{}' });
  expect(seen.map(({ headers }) => [headers.authorization, headers['x-tenant']])).toEqual([
    [`Bearer ${token}`, 'a'],
    [undefined, 'a'],
  ]);
  expect(fetched).toHaveLength(2);
  expect(fetched).toEqual(endpoint.requests);
  expect(fetched[0]).toMatchObject({ operation: 'thing:State', endpoint: url, request_ids: ['r1'], http_status: 200 });
  expect(JSON.stringify(fetched)).not.toContain(secretMarker);
});

test('a redirect of the same origin is followed, each request recorded', async () => {
  const { url, seen } = await serve({
    '/state': send(307, '', { location: '/moved' }),
    '/moved': send(200, 'here'),
  });
  const { endpoint } = await open({ url, auth });

  expect(await endpoint.ask(question)).toMatchObject({ status: 200, body: 'here' });
  expect(seen.map(({ path, headers }) => [path, headers.authorization !== undefined])).toEqual([
    ['/state', true],
    ['/moved', true],
  ]);
  expect(endpoint.requests).toHaveLength(2);
});

test('a redirect to another host, or to a login page, is the answer; nobody else is asked', async () => {
  const other = await serve({});
  const { url, seen } = await serve({
    '/state': send(302, '', { location: `${other.url}/state` }),
    '/page': send(302, '', { location: '/user/login?next=/page' }),
  });
  const { endpoint } = await open({ url, auth });

  expect((await endpoint.ask(question)).status).toBe(302);
  expect((await endpoint.ask({ operation: 'Page', path: '/page' })).status).toBe(302);
  expect(seen).toHaveLength(2);
  expect(other.seen).toEqual([]);
});

test('redirects that go in a circle end', async () => {
  const { url, seen } = await serve({ '/state': send(302, '', { location: '/state' }) });
  const { endpoint } = await open({ url, auth });

  expect((await endpoint.ask(question)).status).toBe(302);
  expect(seen).toHaveLength(4);
});

test('an answer that is too large, and none in time, are thrown and recorded, and nothing is asked twice', async () => {
  const { url, seen } = await serve({ '/state': send(200, 'x'.repeat(101)), '/slow': { kind: 'hang' } });
  const patient = await open({ url, auth });
  const impatient = await open({ url, auth }, { timeoutMs: 50 });

  await expect(patient.endpoint.ask(question)).rejects.toMatchObject({ code: 'answer_too_large' });
  await expect(impatient.endpoint.ask({ operation: 'Slow', path: '/slow' })).rejects.toMatchObject({ code: 'timeout' });
  for (const { fetched } of [patient, impatient]) expect(fetched).toMatchObject([{ http_status: null }]);
  // On a busy machine the time is up before the server hears of it.
  expect(new Set(seen.map(({ path }) => path)).size).toBe(seen.length);
});

test('the end of a certificate is known when a trusted authority vouches for it, and not else', async () => {
  const { url, certificate } = await serve({ '/state': send(200) }, true);
  const folder = await mkdtemp(join(tmpdir(), 'endpoint-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const ca_file = join(folder, 'ca.pem');
  await writeFile(ca_file, certificate?.certificate_pem ?? '');
  const trusting = (await open({ url, auth, ca_file })).endpoint;
  const doubting = (await open({ url, auth })).endpoint;

  await trusting.ask(question);

  await expect(doubting.ask(question)).rejects.toSatisfy(
    (error) => error instanceof ProviderError && /trusted authority$/.test(judgeNoAnswer(error).reason),
  );
  const { validTo } = new X509Certificate(certificate?.certificate_pem ?? '');
  expect(trusting.certificateEnd()).toEqual(new Date(validTo));
  expect(doubting.certificateEnd()).toBeUndefined();
});

test('what does not speak HTTP is something else; what is not there is unreachable', async () => {
  const chatter = createServer((socket) => socket.resume().end('220 smtp.example ESMTP\r\n'));
  await new Promise<void>((resolve) => chatter.listen(0, '127.0.0.1', resolve));
  const address = chatter.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const judge = async () => {
    const { endpoint } = await open({ url, auth });
    const error: unknown = await endpoint.ask(question).catch((thrown: unknown) => thrown);
    if (!(error instanceof ProviderError)) throw error;
    return judgeNoAnswer(error);
  };

  const chatting = await judge();
  await new Promise((resolve) => chatter.close(resolve));
  const gone = await judge();

  expect(chatting).toEqual({ status: 'foreign', reason: 'it does not speak HTTP' });
  expect(gone).toEqual({ status: 'unreachable', reason: 'the connection is refused' });
});

test.for([
  [401, '', { status: 'auth_required', reason: '/state answers 401' }],
  [403, '', { status: 'auth_required', reason: '/state answers 403' }],
  [302, '/login', { status: 'auth_required', reason: 'it redirects to its login page' }],
  [
    302,
    'https://login.example/x',
    { status: 'auth_required', reason: 'it redirects to https://login.example, where its credentials are not sent' },
  ],
  [
    301,
    'https://other.example/x',
    { status: 'foreign', reason: 'it redirects to https://other.example, where its credentials are not sent' },
  ],
  [302, '/state', { status: 'foreign', reason: '/state redirects and leads nowhere' }],
  [200, '/login', undefined],
  [404, '', undefined],
] as const)('%i to "%s" is judged %o', ([status, location, expected]) => {
  const answer: HttpAnswer = { status, headers: location === '' ? {} : { location }, body: '' };
  const answered = { ...answer, attempts: 1, retry_delay_ms: 0, duration_ms: 1 };

  expect(judgeRefusal(answered, { url: 'https://a.example', path: '/state' })).toEqual(expected);
});

test.for([
  ['https://a.example/login', true],
  ['https://a.example/user/sign-in', true],
  ['https://a.example/oauth2/start', true],
  ['https://sso.a.example/', true],
  ['https://a.example/associations', false],
  ['https://a.example/authors', false],
] as const)('%s is a login page: %s', ([url, expected]) => {
  expect(isLoginPage(new URL(url))).toBe(expected);
});

test.for([
  ['HTTP://User:Secret@A.Example:80/p/?token=x#y', 'http://a.example/p'],
  ['https://a.example', 'https://a.example'],
  ['postgres://user:secret@a.example/db', undefined],
  ['a.example:5432', undefined],
] as const)('of %s is left %s', ([text, expected]) => {
  expect(toPlainUrl(text)).toBe(expected);
});

test('an endless URL that somebody has told is none', () => {
  const longest = `https://a.example/${'x'.repeat(2030)}`;

  expect([toToldUrl(longest), toToldUrl(`${longest}x`)]).toEqual([longest, undefined]);
});

test('closing slashes are cut off in a moment, however many there are', () => {
  const slashes = '/'.repeat(100_000);
  const startedMs = performance.now();

  expect(toPlainUrl(`https://a.example/b${slashes}`)).toBe('https://a.example/b');
  expect(toPlainUrl(`https://a.example${slashes}b`)).toBe(`https://a.example${slashes}b`);

  expect(performance.now() - startedMs).toBeLessThan(1000);
});
