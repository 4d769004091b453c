// The HTTP side: a loopback server for the token services, which can misbehave on the wire.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request as it came over the wire. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What becomes of it. */
export type HttpOutcome =
  | { readonly kind: 'send'; readonly status: number; readonly body: string; readonly content_type: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** A listening server. */
export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function openHttpServer(handle: (request: HttpRequest) => Promise<HttpOutcome>): Promise<HttpServer> {
  const server = createServer((message, response) => {
    serve(message, response, handle).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
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
  handle: (request: HttpRequest) => Promise<HttpOutcome>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  const outcome = await handle({
    method: message.method ?? '',
    url: new URL(message.url ?? '/', 'http://127.0.0.1'),
    headers: message.headers,
    body: Buffer.concat(chunks).toString(),
  });
  if (outcome.kind === 'hang') return;
  if (outcome.kind === 'reset') {
    message.socket.resetAndDestroy();
    return;
  }
  // Clients of the metadata server believe only answers that say who answers.
  response.writeHead(outcome.status, { 'content-type': outcome.content_type, 'metadata-flavor': 'Google' });
  response.end(outcome.body);
}
