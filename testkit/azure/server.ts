// The HTTP side: a loopback https server that reads whole requests, and can misbehave on the wire.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Certificate } from './certificate.ts';
import type { Rendered } from './render.ts';

/** A request as it came over the wire. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What to do with the connection. `reset` with `sent` cuts it in the middle of that answer. */
export type Outcome =
  | { readonly kind: 'send'; readonly answer: Rendered }
  | { readonly kind: 'reset'; readonly sent?: Rendered }
  | { readonly kind: 'hang' };

/** A listening server. */
export interface LoopbackServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; port 0 picks a free one. */
export async function openLoopbackServer(
  certificate: Certificate,
  { port, host }: { readonly port: number; readonly host: 'localhost' | '127.0.0.1' },
  handle: (request: RawRequest) => Promise<Outcome>,
): Promise<LoopbackServer> {
  const { key_pem: key, certificate_pem: cert } = certificate;
  const server = createServer({ key, cert }, (message, response) => {
    serve(message, response, handle).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return {
    url: `https://${host}:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        // Clients keep connections alive, and hanging answers never end by themselves.
        server.closeAllConnections();
      }),
  };
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  handle: (request: RawRequest) => Promise<Outcome>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  const outcome = await handle({
    method: message.method ?? '',
    path: message.url ?? '',
    headers: message.headers,
    body: Buffer.concat(chunks),
  });
  if (outcome.kind === 'hang') return;
  if (outcome.kind === 'send') {
    const { status, headers, body } = outcome.answer;
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
    return;
  }
  // A TLS socket cannot send a reset of its own; to the client its sudden end is one.
  if (outcome.sent === undefined) {
    message.socket.destroy();
    return;
  }
  const { status, headers, body } = outcome.sent;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, body.length / 2), () => message.socket.destroy());
}
