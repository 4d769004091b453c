// A real port: what is answered there that never becomes a request, and how it is given back.
import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { createApp } from './app.ts';
import { listen } from './listen.ts';
import { problemSchema } from './problem.ts';

const silentLog = createLogger({ level: 'silent' });
const clock = systemClock;

/** A listening app whose route /slow answers when `release` is called. */
async function openListener(log = silentLog) {
  const stopping = new AbortController();
  const app = createApp({ clock, log, stopping: stopping.signal, observe: () => undefined });
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  app.get('/fast', (c) => c.text('fast'));
  app.get('/slow', async (c) => {
    arrived.resolve();
    await gate.promise;
    return c.text('slow');
  });
  const listener = await listen({ app, host: '127.0.0.1', port: 0, clock, log });
  onTestFinished(async () => {
    gate.resolve();
    await listener.close({ drainMs: 0, graceMs: 0 }).catch(() => undefined);
  });
  return { app, listener, stopping, release: gate.resolve, arrived: arrived.promise };
}

async function fetchWith(agent: Agent, url: string): Promise<{ response: IncomingMessage; body: string }> {
  const request = get(url, { agent });
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  return { response, body: await text(response) };
}

async function sendRaw(url: string, data: string): Promise<{ head: string; body: unknown }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(data);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { head, body: JSON.parse(body) };
}

test('an idle connection is kept longer than any balancer keeps it', async () => {
  const { listener } = await openListener();
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());

  const { response } = await fetchWith(agent, `${listener.url}/fast`);

  expect(response.headers['keep-alive']).toBe('timeout=620');
});

test('a client that takes nothing of its answer for as long is given up too', async () => {
  const { listener, app } = await openListener();
  app.get('/timeout', (c) => c.text(String(c.env.outgoing?.socket?.timeout)));

  const { body } = await fetchWith(new Agent(), `${listener.url}/timeout`);

  expect(body).toBe('620000');
});

test('an answer does not wait for its line in the log', async () => {
  const written = Promise.withResolvers<boolean | undefined>();
  let outgoing: ServerResponse | undefined;
  const write = () => written.resolve(outgoing?.writableEnded);
  const { listener, app } = await openListener(createLogger({ level: 'info', destination: { write } }));
  app.get('/outgoing', (c) => {
    outgoing = c.env.outgoing;
    return c.text('sent');
  });

  await fetchWith(new Agent(), `${listener.url}/outgoing`);

  expect(await written.promise).toBe(true);
});

test('what cannot be parsed as HTTP is problem+json too', async () => {
  const { listener } = await openListener();

  const { head, body } = await sendRaw(listener.url, 'NONSENSE\r\n\r\n');

  expect(head).toMatch(/^HTTP\/1.1 400 Bad Request/);
  expect(head).toContain('application/problem+json');
  expect(problemSchema.parse(body).code).toBe('invalid_request');
});

test('what cannot be parsed never ends up inside an answer that is under way', async () => {
  const { app, listener } = await openListener();
  const begun = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('begun')) });
  app.get('/begun', (c) => c.body(begun));
  const socket = connect(Number(new URL(listener.url).port), '127.0.0.1');
  // The second request waits for its turn, and is no reason to take the first for answered.
  socket.write('GET /begun HTTP/1.1\r\nHost: localhost\r\n\r\nGET /fast HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [first] = await once(socket, 'data');
  socket.write('GARBAGE\r\n\r\n');

  const received = `${first}${await text(socket)}`;

  expect(received).toContain('begun');
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
});

test.for([
  ['two hosts', 'Host: localhost\r\nHost: other.example', 400, 'invalid_request'],
  ['an expectation that nobody knows', 'Host: localhost\r\nExpect: a-miracle', 417, 'unknown_expectation'],
] as const)('a request with %s is refused', async ([, head, status, code]) => {
  const { listener } = await openListener();

  const answer = await sendRaw(listener.url, `GET /fast HTTP/1.1\r\n${head}\r\n\r\n`);

  expect(answer.head).toContain(`HTTP/1.1 ${status}`);
  expect(answer.head.toLowerCase()).toContain('content-type: application/problem+json');
  expect(problemSchema.parse(answer.body)).toMatchObject({ status, code });
});

test('headers beyond reason are a 431', async () => {
  const { listener } = await openListener();

  const { head, body } = await sendRaw(listener.url, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);

  expect(head).toMatch(/^HTTP\/1.1 431 /);
  expect(problemSchema.parse(body).code).toBe('headers_too_large');
});

test.for([
  ['that makes no URL', 'Host: a b\r\n'],
  ['that is not there', ''],
])('a Host header %s is a 400', async ([, header]) => {
  const { listener } = await openListener();

  const { head, body } = await sendRaw(listener.url, `GET / HTTP/1.1\r\n${header}Connection: close\r\n\r\n`);

  expect(head).toMatch(/^HTTP\/1.1 400 /);
  expect(problemSchema.parse(body).code).toBe('invalid_request');
});

test('a port that is taken is an error', async () => {
  const { listener } = await openListener();
  const app = createApp({ clock, log: silentLog, stopping: new AbortController().signal, observe: () => undefined });
  const port = Number(new URL(listener.url).port);

  await expect(listen({ app, host: '127.0.0.1', port, clock, log: silentLog })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('closing lets the request under way end and takes no other', async () => {
  const { listener, stopping, release, arrived } = await openListener();
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const slow = fetchWith(agent, `${listener.url}/slow`);
  await arrived;

  stopping.abort();
  const closed = listener.close({ drainMs: 0, graceMs: 10_000 });
  await expect
    .poll(() => fetchWith(new Agent(), `${listener.url}/fast`).then(() => 'answered', String))
    .toContain('ECONNREFUSED');
  release();

  const { response, body } = await slow;
  expect(body).toBe('slow');
  expect(response.headers.connection).toBe('close');
  await closed;
});

test('a connection on which nothing was ever sent is not waited for', async () => {
  const { listener } = await openListener();
  // As browsers open them in advance.
  const socket = connect(Number(new URL(listener.url).port), '127.0.0.1');
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  await fetchWith(new Agent(), `${listener.url}/fast`);

  await listener.close({ drainMs: 0, graceMs: 60_000 });

  await ended;
});

test('a request that does not end in time is cut off', async () => {
  const { listener, arrived } = await openListener();
  const slow = fetchWith(new Agent(), `${listener.url}/slow`);
  slow.catch(() => undefined);
  await arrived;

  await listener.close({ drainMs: 0, graceMs: 20 });

  await expect(slow).rejects.toThrow('socket hang up');
});

test('while it drains it goes on answering', async () => {
  const { listener, stopping } = await openListener();

  stopping.abort();
  const closed = listener.close({ drainMs: 300, graceMs: 1000 });
  const { response, body } = await fetchWith(new Agent(), `${listener.url}/fast`);

  expect([response.statusCode, body]).toEqual([200, 'fast']);
  await closed;
});
