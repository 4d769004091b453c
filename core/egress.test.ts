// Names and patterns of declared peers.
import { expect, test } from 'vitest';
import { isDeclared } from './egress.ts';

const peers = ['login.example.com', 'sts.*.example.com'].map((host) => ({ host, port: 443, purpose: '' }));

test.for(['login.example.com', 'sts.eu-west-1.example.com'])('%s is declared', (host) => {
  expect(isDeclared(peers, host)).toBe(true);
});

test.for([
  'example.com',
  'login.example.com.evil.test',
  'loginXexample.com',
  'sts.example.com',
  'sts.a.b.example.com',
  'x.sts.a.example.com',
])('%s is not declared', (host) => {
  expect(isDeclared(peers, host)).toBe(false);
});
