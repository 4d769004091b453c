// The gRPC side: a loopback server of every method that the SDK's package describes, and can misbehave on the wire.
import { createServer, type Socket } from 'node:net';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { listen } from '../loopback-server.ts';
import type { Outcome, RawCall } from './handle.ts';
import type { Method, Protos } from './protos.ts';

/** What is served, and how. */
export interface GrpcServerPlan {
  readonly port: number;
  readonly protos: Protos;
  readonly tls: { readonly key_pem: string; readonly certificate_pem: string } | null;
  handle(call: RawCall): Promise<Outcome>;
}

/** A listening server. */
export interface GrpcServer {
  readonly port: number;
  close(): Promise<void>;
}

type RawServerCall = ServerUnaryCall<Buffer, Buffer>;

/** Listens on 127.0.0.1; port 0 picks a free one. */
export async function openGrpcServer(plan: GrpcServerPlan): Promise<GrpcServer> {
  const server = new Server();
  const sockets = new Map<string, Socket>();
  const reset = (peer: string) => sockets.get(peer)?.resetAndDestroy();
  for (const [name, methods] of plan.protos.services) {
    const handlers = Object.entries(methods).map(([method, definition]) => {
      const operation = `${name.replace(/^.*\./, '')}/${method}`;
      return [method, createHandler(plan, { operation, definition, reset })] as const;
    });
    server.addService(toRawService(methods), Object.fromEntries(handlers));
  }
  // gRPC gets connections that we hold ourselves: it has no way to cut one.
  const injector = server.createConnectionInjector(toCredentials(plan.tls));
  const listener = createServer((socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(peer, socket);
    socket.once('close', () => sockets.delete(peer));
    injector.injectConnection(socket);
  });
  return {
    port: await listen(listener, plan.port),
    close: () =>
      new Promise((resolve, reject) => {
        listener.close((error) => (error === undefined ? resolve() : reject(error)));
        injector.destroy();
        server.forceShutdown();
        // Clients keep connections alive, and hanging calls never end by themselves.
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
}

function toCredentials(tls: GrpcServerPlan['tls']): ServerCredentials {
  if (tls === null) return ServerCredentials.createInsecure();
  const pair = { private_key: Buffer.from(tls.key_pem), cert_chain: Buffer.from(tls.certificate_pem) };
  return ServerCredentials.createSsl(null, [pair]);
}

/** Messages stay bytes, so that an answer can be one that no description fits. */
function toRawService(methods: Readonly<Record<string, Method>>): ServiceDefinition {
  const pass = (bytes: Buffer) => bytes;
  const raw = Object.entries(methods).map(([name, { path }]) => {
    const bytes = {
      requestSerialize: pass,
      requestDeserialize: pass,
      responseSerialize: pass,
      responseDeserialize: pass,
    };
    return [name, { path, requestStream: false, responseStream: false, ...bytes }] as const;
  });
  return Object.fromEntries(raw);
}

interface Served {
  readonly operation: string;
  readonly definition: Method;
  reset(peer: string): void;
}

function createHandler({ handle, protos }: GrpcServerPlan, { operation, definition, reset }: Served) {
  return (call: RawServerCall, reply: sendUnaryData<Buffer>): void => {
    const raw = {
      operation,
      method: definition,
      request: call.request,
      authorization: readHeader(call.metadata, 'authorization'),
      quota_project: readHeader(call.metadata, 'x-goog-user-project'),
    };
    handle(raw).then(
      (outcome) => {
        if (outcome.kind === 'answer') reply(null, outcome.message);
        if (outcome.kind === 'reset') reset(call.getPeer());
        if (outcome.kind !== 'refuse') return;
        const { refusal } = outcome;
        reply({ code: status[refusal.status], details: refusal.message, metadata: protos.toTrailer(refusal) });
      },
      // The client sees no cause; the handler has kept it for `assertNoUnexpected`.
      () => reply({ code: status.INTERNAL, details: 'the fake failed', metadata: new Metadata() }),
    );
  };
}

function readHeader(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return value?.toString();
}
