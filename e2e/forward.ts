// Lends servers of loopback to the pods of the cluster, which reach this machine by one address only.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A port on the address that pods reach. */
export interface Forwarder {
  readonly port: number;
  /** How many were made so far. */
  connections(): number;
  close(): Promise<void>;
}

/** Forwards a free port of `host` to a port of loopback. */
export async function openForwarder(host: string, target: number): Promise<Forwarder> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((from) => {
    connections += 1;
    const to = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => open.delete(socket));
    }
    from.pipe(to).pipe(from);
  }).listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('listens on no port');
  return {
    port: address.port,
    connections: () => connections,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
