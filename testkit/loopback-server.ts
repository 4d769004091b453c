// A loopback server that reads whole requests, and can misbehave on the wire; with a certificate it speaks https.
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import type { Certificate } from './certificate.ts';

/** A request as it came over the wire. */
export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A finished answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What to do with the connection. With `sent`, `reset` cuts it in the middle of that answer, and `hang` says no more after it. */
export type HttpOutcome =
  | { readonly kind: 'send'; readonly answer: HttpAnswer }
  | { readonly kind: 'reset'; readonly sent?: HttpAnswer }
  | { readonly kind: 'hang'; readonly sent?: HttpAnswer };

type Handle = (request: HttpRequest) => Promise<HttpOutcome>;

/** Where to listen. */
export interface LoopbackOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** How the URL names 127.0.0.1. */
  readonly host?: 'localhost' | '127.0.0.1';
  readonly certificate?: Certificate;
}

/** A listening server. */
export interface LoopbackServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves on 127.0.0.1. */
export async function openLoopbackServer(options: LoopbackOptions, handle: Handle): Promise<LoopbackServer> {
  const { port, host = '127.0.0.1', certificate } = options;
  const listener = (message: IncomingMessage, response: ServerResponse) => {
    serve(message, response, handle).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  };
  const server =
    certificate === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ key: certificate.key_pem, cert: certificate.certificate_pem }, listener);
  const listening = await listen(server, port);
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://${host}:${listening}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        // Clients keep connections alive, and hanging answers never end by themselves.
        server.closeAllConnections();
      }),
  };
}

/** Lets any server listen, on 127.0.0.1 unless told where, and answers the port that it got. */
export async function listen(server: Server, port: number, address = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  const listening = server.address();
  if (listening === null || typeof listening === 'string') throw new TypeError('the server has no port');
  return listening.port;
}

async function serve(message: IncomingMessage, response: ServerResponse, handle: Handle): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  const outcome = await handle({
    method: message.method ?? '',
    path: message.url ?? '',
    headers: message.headers,
    body: Buffer.concat(chunks),
  });
  if (outcome.kind === 'send') {
    writeHead(response, outcome.answer);
    response.end(outcome.answer.body);
    return;
  }
  const leave = () => {
    if (outcome.kind === 'reset') reset(message);
  };
  if (outcome.sent === undefined) {
    leave();
    return;
  }
  const { body } = outcome.sent;
  writeHead(response, outcome.sent);
  response.write(body.slice(0, body.length / 2), leave);
}

function writeHead(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
}

// A TLS socket cannot send a reset of its own; to the client its sudden end is one.
function reset({ socket }: IncomingMessage): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
