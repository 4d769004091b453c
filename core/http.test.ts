// The HTTP client against a real server on loopback: deadlines, retries, bounded bodies, proxies.
import { getEventListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Certificate, createCertificate } from '#testkit/certificate.ts';
import { ConfigError } from './errors.ts';
import { createHttpClient, type HttpOptions } from './http.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  // A boundary cast: the address of a server that listens on TCP.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers one request after the other with these, and the last one for ever. */
async function serve(...handlers: readonly Handler[]) {
  const seen: { method: string | undefined; url: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const handler = handlers[Math.min(seen.length, handlers.length - 1)];
    seen.push({ method: request.method, url: request.url });
    handler?.(request, response);
  });
  onTestFinished(() => server.closeAllConnections());
  return { url: `http://${await listen(server)}/`, seen };
}

function openClient(options: Partial<HttpOptions> = {}) {
  const client = createHttpClient({ proxyEnv: {}, backoffMs: 1, ...options });
  onTestFinished(() => client.close());
  return client;
}

const answer =
  (status: number, body = '', headers: Record<string, string> = {}): Handler =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);
const hang: Handler = () => undefined;
const drop: Handler = (request) => void request.socket.destroy();
const signal = new AbortController().signal;

test.for([200, 204, 302, 404, 500])('status %i is an answer', async (status) => {
  const { url, seen } = await serve(
    answer(status, status === 204 ? '' : 'text', { 'x-request-id': 'r1', location: '/x' }),
  );

  const answered = await openClient().request(url, { signal });

  expect(answered).toMatchObject({ status, body: status === 204 ? '' : 'text', attempts: 1, retry_delay_ms: 0 });
  expect(answered.headers).toMatchObject({ 'x-request-id': 'r1' });
  expect(seen).toHaveLength(1);
});

test('method, headers and body arrive; a compressed answer is read', async () => {
  let received = '';
  const { url } = await serve((request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += `${request.method} ${request.headers['x-a']} ${chunk}`;
    });
    request.on('end', () => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('compressed ü')));
  });

  const answered = await openClient().request(url, { method: 'POST', headers: { 'x-a': 'b' }, body: 'sent', signal });

  expect(received).toBe('POST b sent');
  expect(answered.body).toBe('compressed ü');
});

test.for([429, 503])('%i is asked again after its Retry-After', async (status) => {
  const past = new Date(0).toUTCString();
  const { url, seen } = await serve(
    answer(status, '', { 'retry-after': '0' }),
    answer(status, '', { 'retry-after': past }),
    answer(200, 'at last'),
  );

  const answered = await openClient({ backoffMs: 60_000 }).request(url, { signal });

  expect(answered).toMatchObject({ status: 200, body: 'at last', attempts: 3, retry_delay_ms: 0 });
  expect(seen).toHaveLength(3);
});

test.for([
  ['0.02', 20],
  ['-5', 30],
  ['soon', 30],
  ['5s', 30],
])('a Retry-After of %s makes a wait of %i ms', async ([header, waitMs]) => {
  const { url } = await serve(answer(503, '', { 'retry-after': String(header) }), answer(200));

  expect(await openClient({ backoffMs: 30 }).request(url, { signal })).toMatchObject({ retry_delay_ms: waitMs });
});

test('a refusal that does not say how long is asked again later and later', async () => {
  const { url } = await serve(answer(503), answer(503), answer(200));

  const answered = await openClient({ backoffMs: 2 }).request(url, { method: 'POST', body: '', signal });

  expect(answered).toMatchObject({ status: 200, attempts: 3, retry_delay_ms: 6 });
});

test('a refusal that stays is the answer', async () => {
  const { url, seen } = await serve(answer(503, 'down for maintenance', { 'retry-after': '0' }));

  const answered = await openClient({ maxRetries: 1 }).request(url, { signal });

  expect(answered).toMatchObject({ status: 503, body: 'down for maintenance', attempts: 2 });
  expect(seen).toHaveLength(2);
});

test('a Retry-After beyond the deadline is not waited for', async () => {
  const { url, seen } = await serve(answer(429, '', { 'retry-after': '3600' }));

  const answered = await openClient().request(url, { signal, timeoutMs: 5_000 });

  expect(answered).toMatchObject({ status: 429, attempts: 1 });
  expect(seen).toHaveLength(1);
});

test('a connection that breaks, before or within the answer, is asked again', async () => {
  const half: Handler = (request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half', () => request.socket.destroy());
  };
  const { url } = await serve(drop, half, answer(200, 'whole'));

  const answered = await openClient().request(url, { signal });

  expect(answered).toMatchObject({ body: 'whole', attempts: 3 });
});

test('a POST without an answer is not sent twice', async () => {
  const { url, seen } = await serve(drop);

  const asked = openClient().request(url, { method: 'POST', body: '{}', signal });

  await expect(asked).rejects.toMatchObject({ name: 'ProviderError', code: 'unreachable' });
  expect(seen).toHaveLength(1);
});

test('nobody listening is unreachable, told without the credentials of the URL', async () => {
  const server = createSocketServer();
  const address = await listen(server);
  await new Promise<void>((resolve) => void server.close(() => resolve()));

  const asked = openClient().request(`http://${address}/path?token=hunter2`, { signal });

  await expect(asked).rejects.toMatchObject({ code: 'unreachable', retryable: true });
  const message = await asked.catch((error: Error) => error.message);
  expect(message).toContain(address);
  expect(message).not.toContain('hunter2');
});

test.for([
  ['never answers', hang],
  ['stops in the middle of its answer', (_request, response) => void response.writeHead(200).write('begun')],
] as const satisfies readonly (readonly [string, Handler])[])('a server that %s runs into the deadline', async ([
  ,
  handler,
]) => {
  const { url, seen } = await serve(handler);

  const asked = openClient().request(url, { signal, timeoutMs: 50 });

  await expect(asked).rejects.toMatchObject({ name: 'ProviderError', code: 'timeout', retryable: true });
  expect(seen).toHaveLength(1);
});

test.for([
  ['one piece', (_request, response) => void response.end('x'.repeat(101))],
  [
    'many pieces without an end',
    (_request, response) => {
      const write = () => void (response.destroyed || response.write('x'.repeat(60), () => setImmediate(write)));
      write();
    },
  ],
  [
    'few compressed bytes',
    (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(100_000)));
    },
  ],
] as const satisfies readonly (readonly [
  string,
  Handler,
])[])('an answer that is too large, in %s, is refused and not asked again', async ([, handler]) => {
  const { url, seen } = await serve(handler);

  const asked = openClient().request(url, { signal, maxBytes: 100 });

  await expect(asked).rejects.toMatchObject({
    code: 'answer_too_large',
    message: expect.stringContaining('100 bytes'),
  });
  expect(seen).toHaveLength(1);
});

test('an answer of exactly the largest size is read', async () => {
  const { url } = await serve(answer(200, 'x'.repeat(100)));

  expect((await openClient().request(url, { signal, maxBytes: 100 })).body).toHaveLength(100);
});

test("stopping ends the request, and the wait between two, with the stop's own reason", async () => {
  const reason = new Error('stopped');
  const asking = new AbortController();
  const waiting = new AbortController();
  const hanging = await serve(() => asking.abort(reason));
  const refusing = await serve((_request, response) => {
    response.writeHead(503, { 'retry-after': '60' }).end(() => setImmediate(() => waiting.abort(reason)));
  });
  const client = openClient();

  await expect(client.request(hanging.url, { signal: asking.signal })).rejects.toBe(reason);
  await expect(client.request(refusing.url, { signal: waiting.signal, timeoutMs: 90_000 })).rejects.toBe(reason);
  await expect(client.request(hanging.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('a deadline that passes while the next attempt is waited for is a timeout like any other', async () => {
  const { url } = await serve(answer(503));
  const client = openClient({ backoffMs: 60_000 });
  // As if there were always time for one more.
  const clock = vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(-1_000_000);
  onTestFinished(() => clock.mockRestore());

  await expect(client.request(url, { signal, timeoutMs: 50 })).rejects.toMatchObject({
    name: 'ProviderError',
    code: 'timeout',
  });
});

test('closing does not wait for a server that takes no connection', async () => {
  const silent = createSocketServer((socket) => onTestFinished(() => void socket.destroy()));
  const client = createHttpClient({ proxyEnv: {}, maxRetries: 0 });
  const asked = client.request(`https://${await listen(silent)}/`, { signal, timeoutMs: 50 });
  await expect(asked).rejects.toMatchObject({ code: 'timeout' });
  const startedMs = performance.now();

  await client.close();

  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

/** A proxy that answers requests itself and opens no tunnel; what it was asked for. */
async function serveProxy(body: string) {
  const proxy = createServer();
  const asked: (string | undefined)[] = [];
  proxy.on('connect', (request, socket) => {
    asked.push(request.url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.on('request', (request, response) => {
    asked.push(request.url);
    response.end(body);
  });
  // By its name: to an address undici connects under the name of the server behind it, which is none of this machine.
  return { url: `http://${(await listen(proxy)).replace('127.0.0.1', 'localhost')}`, asked };
}

test('requests go through the proxy of the environment, but not those it exempts', async () => {
  const direct = await serve(answer(200, 'direct'));
  const { url: http_proxy, asked } = await serveProxy('by proxy');

  const proxied = openClient({ proxyEnv: { http_proxy }, maxRetries: 0 });
  const exempt = openClient({ proxyEnv: { HTTP_PROXY: http_proxy, NO_PROXY: '127.0.0.1' } });
  const plain = await proxied.request('http://inventory.invalid/', { signal });
  const tunnelled = proxied.request('https://inventory.invalid/', { signal });

  await expect(tunnelled).rejects.toMatchObject({ code: 'unreachable' });
  expect(plain.body).toBe('by proxy');
  expect(asked).toEqual(['http://inventory.invalid/', 'inventory.invalid:443']);
  expect((await exempt.request(direct.url, { signal })).body).toBe('direct');
});

test.for([
  ['127.0.0.0/8', 'directly'],
  ['.svc, .cluster.local,10.0.0.0/8\t127.0.0.1/32,fd00::/8', 'directly'],
  ['0.0.0.0/0', 'directly'],
  ['10.0.0.0/8,172.16.0.0/12,::/0', 'by the proxy'],
  ['127.0.0.0/33,127.0.0/8,127.0.0.0/,/8,127.0.0.0/8/8,localhost/8', 'by the proxy'],
] as const)('with NO_PROXY=%s an address is asked %s', async ([NO_PROXY, how]) => {
  const direct = await serve(answer(200, 'directly'));
  const proxy = await serve(answer(200, 'by the proxy'));
  const HTTP_PROXY = proxy.url.replace('127.0.0.1', 'localhost');
  const client = openClient({ proxyEnv: { HTTP_PROXY, NO_PROXY }, maxRetries: 0 });

  expect((await client.request(direct.url, { signal })).body).toBe(how);
});

test('each scheme has the proxy that is named for it, in either case', async () => {
  const [first, second] = [await serveProxy('first'), await serveProxy('second')];
  const upper = openClient({ proxyEnv: { HTTPS_PROXY: first.url, HTTP_PROXY: second.url }, maxRetries: 0 });
  const lower = openClient({ proxyEnv: { https_proxy: second.url, http_proxy: first.url }, maxRetries: 0 });

  for (const [client, host] of [
    [upper, 'upper.invalid'],
    [lower, 'lower.invalid'],
  ] as const) {
    const tunnelled = client.request(`https://${host}/`, { signal });
    await expect(tunnelled).rejects.toMatchObject({ code: 'unreachable' });
  }

  expect((await upper.request('http://inventory.invalid/', { signal })).body).toBe('second');
  expect((await lower.request('http://inventory.invalid/', { signal })).body).toBe('first');
  expect([first.asked[0], second.asked[0]]).toEqual(['upper.invalid:443', 'lower.invalid:443']);
});

test.for([
  'http://proxy.example',
  'HTTP://proxy.example:3128/',
  'http://inventory:p%40ss%2F@proxy.example',
])('%s is a proxy', (HTTPS_PROXY) => {
  expect(() => openClient({ proxyEnv: { HTTPS_PROXY } })).not.toThrow();
});

test('a request that has ended leaves nothing with the signal that it was given', async () => {
  const { url } = await serve(answer(503, '', { 'retry-after': '0' }), answer(200), drop);
  const stop = new AbortController();

  await openClient().request(url, { signal: stop.signal });
  await openClient({ maxRetries: 0 })
    .request(url, { signal: stop.signal })
    .catch(() => undefined);

  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
});

test.for<readonly [string, string]>([
  ['HTTPS_PROXY', 'proxy.example:3128'],
  ['HTTPS_PROXY', 'http://inventory:hunter2@'],
  ['HTTP_PROXY', 'proxy'],
  ['HTTP_PROXY', 'http://proxy.example:3128/path'],
  ['HTTP_PROXY', 'http://proxy.example:3128/?a=1'],
  ['HTTP_PROXY', 'ftp://proxy.example:3128'],
  ['HTTP_PROXY', 'my-http://proxy.example:3128'],
  ['HTTP_PROXY', 'http://inventory:100%@proxy.example'],
])('a proxy that is none is told by its variable and without its value: %s=%s', ([name, value]) => {
  const open = () => openClient({ proxyEnv: { [name.toLowerCase()]: value } });

  const remedy = 'must be a URL, as http://proxy.example:3128';
  expect(open).toThrow(new ConfigError('bad_proxy', [{ key: name, remedy }]));
});

/** An https server that lets in whoever shows a certificate of this authority. */
async function serveTls(own: Certificate, clients?: Certificate) {
  const clientOptions = clients && { ca: clients.certificate_pem, requestCert: true };
  const options = { key: own.key_pem, cert: own.certificate_pem, ...clientOptions };
  const server = createHttpsServer(options, answer(200, 'over tls'));
  onTestFinished(() => server.closeAllConnections());
  return `https://${await listen(server)}/`;
}

test('a server of the named authority is trusted, and its certificate is told; no other authority is', async () => {
  const [own, other] = [await createCertificate(), await createCertificate()];
  const url = await serveTls(own);
  const ends: string[] = [];
  const trusting = (ca: string) =>
    openClient({ maxRetries: 0, tls: { ca, onCertificate: ({ valid_to }) => void ends.push(valid_to) } });

  const answered = await trusting(own.certificate_pem).request(url, { signal });
  const refused = trusting(other.certificate_pem).request(url, { signal });

  await expect(refused).rejects.toMatchObject({ code: 'unreachable' });
  expect(answered.body).toBe('over tls');
  expect(ends).toHaveLength(1);
  expect(Date.parse(ends[0] ?? '')).toBeGreaterThan(Date.now());
});

test('a client certificate is shown to the server, and without one it does not answer', async () => {
  const [own, client] = [await createCertificate(), await createCertificate()];
  const url = await serveTls(own, client);
  const ca = own.certificate_pem;

  const known = openClient({ tls: { ca, certificate: client.certificate_pem, key: client.key_pem } });
  const unknown = openClient({ maxRetries: 0, tls: { ca } });

  expect((await known.request(url, { signal })).body).toBe('over tls');
  await expect(unknown.request(url, { signal })).rejects.toMatchObject({ code: 'unreachable' });
});
