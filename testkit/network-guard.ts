// Refuses connections that leave this machine, so that a test which reaches for the internet fails and says where to.
import net from 'node:net';

/** A guard that is in force until `restore()`. */
export interface NetworkGuard {
  /** What was refused since the last call, as `host:port`. */
  takeRefused(): string[];
  /** Puts the previous behaviour back. */
  restore(): void;
}

/** Makes every TCP connection to anything but loopback fail like an unreachable network, and remembers where it was to go. */
export function blockNetwork(): NetworkGuard {
  const refused: string[] = [];
  const original = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function connect(this: net.Socket, ...parameters: unknown[]) {
    const target = readTarget(parameters);
    // Node declares `connect` with overloads; whatever came in is handed on unchanged.
    if (isLocal(target.host)) return Reflect.apply(original, this, parameters) as net.Socket;
    const destination = `${target.host}:${target.port}`;
    refused.push(destination);
    // A little later, as a network would: who opens the connection listens for its error only then.
    Object.assign(this, { connecting: true });
    setImmediate(() => this.destroy(new Error(`tests may not leave this machine: ${destination} was refused`)));
    return this;
  };
  return {
    takeRefused: () => refused.splice(0),
    restore: () => {
      net.Socket.prototype.connect = original;
    },
  };
}

/** The ways to call `connect`: `(port, host?)`, `(path)`, `(options)`, and Node's own `([options, callback])`. */
function readTarget(parameters: unknown[]): { host: string; port: string } {
  const [first, second] = Array.isArray(parameters[0]) ? parameters[0] : parameters;
  if (typeof first === 'object' && first !== null) {
    const { host, port }: { host?: unknown; port?: unknown } = first;
    return { host: typeof host === 'string' ? host : 'localhost', port: String(port) };
  }
  return { host: typeof second === 'string' ? second : 'localhost', port: String(first) };
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
