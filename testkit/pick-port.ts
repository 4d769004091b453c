// A port for a program that cannot take any free one itself.
import { createServer } from 'node:http';
import { listen } from './loopback-server.ts';

/** A free port of loopback. Between its closing here and the program's start somebody else may take it: rare, and then the start fails. */
export async function pickPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
