// What is said of an address that cannot be listened on, and whether one can before anything depends on it.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';
import { describeError } from '#core/redact.ts';

/** An address by its key in the configuration. */
export interface Address {
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

/** For the operator, who has to choose another. */
export function toListenProblem({ key, host, port }: Address, cause: unknown): ConfigProblem {
  return { key, remedy: `cannot listen on ${host}:${port} (${describeError(cause)}): choose another` };
}

/** Throws ConfigError with every address that is taken, by somebody else or by one before it, and leaves all of them free. */
export async function requireFree(addresses: readonly Address[]): Promise<void> {
  const servers = [];
  const problems: ConfigProblem[] = [];
  for (const address of addresses) {
    const server = createServer().listen(address.port, address.host);
    try {
      await once(server, 'listening');
      servers.push(server);
    } catch (error) {
      problems.push(toListenProblem(address, error));
    }
  }
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  if (problems.length > 0) throw new ConfigError('cannot_listen', problems);
}
