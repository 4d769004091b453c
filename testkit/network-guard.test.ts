// The guard is what keeps the suite offline, so it is itself tried with every way to open a connection.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blockNetwork, type NetworkGuard } from './network-guard.ts';

let guard: NetworkGuard;
beforeEach(() => {
  guard = blockNetwork();
});
afterEach(() => guard.restore());

// 192.0.2.0/24 is reserved for documentation (RFC 5737): if the guard failed, nobody would answer.
test.for<[string, () => net.Socket | http.ClientRequest]>([
  ['a port and a host', () => net.connect(9, '192.0.2.1')],
  ['options', () => net.connect({ host: '192.0.2.1', port: 9 })],
  ['a socket made earlier', () => new net.Socket().connect(9, '192.0.2.1')],
  ['TLS', () => tls.connect({ host: '192.0.2.1', port: 9 })],
  ['an HTTP request', () => http.get('http://192.0.2.1:9/')],
])('%s outside this machine is refused and remembered', async ([, connect]) => {
  const [error] = await once(connect(), 'error');

  expect(String(error)).toContain('192.0.2.1:9 was refused');
  expect(guard.takeRefused()).toEqual(['192.0.2.1:9']);
});

test('fetch to a host name is refused before the name is resolved', async () => {
  await expect(fetch('http://inventory.invalid:9000/')).rejects.toThrow();

  expect(guard.takeRefused()).toEqual(['inventory.invalid:9000']);
});

test('loopback connects', async () => {
  const server = net.createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');

  const [greeting] = await once(net.connect(address.port, '127.0.0.1'), 'data');

  expect(String(greeting)).toBe('hello');
  expect(guard.takeRefused()).toEqual([]);
  server.close();
});
