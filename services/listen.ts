// Puts an app on a port, and takes it off again without breaking a request.
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '#core/clock.ts';
import { pause } from '#core/deadline.ts';
import type { Logger } from '#core/log.ts';
import { toTraceId } from '#core/trace.ts';
import type { App } from './app.ts';
import { type Problem, toProblemBody } from './problem.ts';

export interface ListenOptions {
  readonly app: App;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A listening server. */
export interface Listener {
  /** With the port that was taken: `http://127.0.0.1:8080`. */
  readonly url: string;
  /**
   * Goes on answering for `drainMs`, so that balancers see /readyz fail first; then takes no more connections, lets
   * requests end for up to `graceMs`, and cuts off what is left. Whoever calls it aborts the apps' `stopping` before.
   */
  close(times: { drainMs: number; graceMs: number }): Promise<void>;
}

// Longer than balancers keep an idle connection (60 s at AWS, 600 s at Google Cloud): whoever closes first must be
// the side that sends the next request, or that request meets a closed socket.
const keepAliveTimeoutMs = 620_000;
// A request has no body, or a small one: whoever takes longer to send it is not a client.
const requestTimeoutMs = 15_000;

/** Listens, or rejects with the reason why it cannot (EADDRINUSE, EACCES). */
export async function listen({ app, host, port, clock, log }: ListenOptions): Promise<Listener> {
  // Only what never reached the app ends here: a Host header that is missing, where Node would answer without a word, or makes no URL.
  const errorHandler = () => {
    return Response.json(toProblemBody(badTarget, toTraceId(clock.uuid())), {
      status: badTarget.status,
      headers: { 'Content-Type': 'application/problem+json', Connection: 'close' },
    });
  };
  const timeouts = { headersTimeout: requestTimeoutMs, requestTimeout: requestTimeoutMs };
  const listener = getRequestListener(app.fetch, { errorHandler });
  const options = { ...timeouts, keepAliveTimeout: keepAliveTimeoutMs, requireHostHeader: false };
  const refuse = (outgoing: ServerResponse, problem: Problem) =>
    sendRefusal(outgoing, problem, toTraceId(clock.uuid()));
  const connections: Connections = new Map();
  const server = createServer(options, (incoming, outgoing) => {
    keepAnswer(connections, incoming.socket, outgoing);
    // Whoever is in front of us may have looked at the other one (RFC 9112 §3.2).
    if ((incoming.headersDistinct['host'] ?? []).length > 1) return refuse(outgoing, badTarget);
    listener(incoming, outgoing).catch((error: unknown) => log.error({ err: error }, 'answer broke off'));
  });
  // Whatever waits for a client to take what was written ends with its connection; pings that are taken keep a stream open.
  server.setTimeout(keepAliveTimeoutMs);
  server.on('connection', (socket) => {
    connections.set(socket, new Set());
    socket.once('close', () => connections.delete(socket));
  });
  server.on('checkExpectation', (_incoming, outgoing) => refuse(outgoing, badExpectation));
  server.on('clientError', (error, socket) => {
    // In the middle of an answer another one would be taken for a part of it.
    const isAnswering = [...(connections.get(socket) ?? [])].some((answer) => answer.headersSent);
    if (isAnswering) socket.destroy();
    else refuseMalformed(error, socket, toTraceId(clock.uuid()));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { url: toUrl(server, host), close: (times) => closeServer(server, connections, times) };
}

const badTarget = { status: 400, code: 'invalid_request', detail: 'the request has no valid URL or Host' } as const;
const badExpectation = {
  status: 417,
  code: 'unknown_expectation',
  detail: 'only 100-continue can be expected: leave Expect out',
} as const;

// Open connections with the answers that have not ended: several where requests are sent without waiting.
type Connections = Map<Duplex, Set<ServerResponse>>;

function keepAnswer(connections: Connections, socket: Duplex, answer: ServerResponse): void {
  const answers = connections.get(socket);
  answers?.add(answer);
  answer.once('close', () => answers?.delete(answer));
}

function sendRefusal(outgoing: ServerResponse, problem: Problem, traceId: string): void {
  const text = JSON.stringify(toProblemBody(problem, traceId));
  const headers = { 'Content-Type': 'application/problem+json', 'Content-Length': Buffer.byteLength(text) };
  outgoing.writeHead(problem.status, { ...headers, Connection: 'close' }).end(text);
}

async function closeServer(
  server: Server,
  connections: Connections,
  { drainMs, graceMs }: { drainMs: number; graceMs: number },
): Promise<void> {
  await pause(drainMs, new AbortController().signal);
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  // Opened in advance, as browsers do; to Node they are requests that are about to come.
  for (const socket of connections.keys()) if (socket instanceof Socket && socket.bytesRead === 0) socket.destroy();
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(deadline);
}

function toUrl(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

// What Node could not parse never becomes a request, but deserves the same kind of answer.
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex, traceId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = toMalformedProblem(error.code);
  const body = toProblemBody(problem, traceId);
  const text = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${body.title}`,
      'Connection: close',
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(text)}`,
      '',
      text,
    ].join('\r\n'),
  );
}

function toMalformedProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { status: 431, code: 'headers_too_large', detail: 'URL and headers are larger than 16 KiB' };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: 408, code: 'request_timeout', detail: 'the request did not arrive in time' };
  }
  return { status: 400, code: 'invalid_request', detail: 'this is not an HTTP request' };
}
