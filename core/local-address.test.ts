// Hosts that a pasted URL may not lead to, in every spelling that the URL parser accepts.
import { describe, expect, test } from 'vitest';
import { allowedHostSchema, createHostGuard } from './local-address.ts';

const guard = createHostGuard([]);
const hostOf = (authority: string) => new URL(`http://${authority}/`).hostname;

describe('refused', () => {
  test.for([
    '127.0.0.1',
    '127.255.255.254:9090',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '127.0.0.1.',
    '１２７.０.０.１',
    '0.0.0.0',
    '0',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    'localhost.localdomain',
    'ip6-loopback',
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '169.254.170.23',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'metadata',
    'metadata.google.internal',
    'Metadata.Google.Internal.',
    'metadata.goog',
    'instance-data.ec2.internal',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::]',
    '[fe80::1]',
    '[febf::1]',
    '[fd00:ec2::254]',
    '[fd00:ec2::23]',
    '[fd20:ce::254]',
    '[fd00:c1::a9fe:a9fe]',
    '[::ffff:127.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '[::127.0.0.1]',
    '[::ffff:0:169.254.169.254]',
    '[64:ff9b::169.254.169.254]',
    '[64:ff9b:1::169.254.169.254]',
    '[2002:7f00:1::]',
  ])('%s', (authority) => {
    expect(guard(hostOf(authority))).toBe(true);
  });
});

describe('not refused', () => {
  test.for([
    'prometheus.example',
    '10.0.0.7',
    '192.168.1.1',
    '100.64.0.1',
    '169.253.1.1',
    '128.0.0.1',
    '[fd12::1]',
    '[2001:db8::1]',
    '[::ffff:10.0.0.7]',
    '[2002:a00:1::]',
    'localhost.example',
    'notlocalhost',
    'metadata.example',
    '127.0.0.1.example',
  ])('%s', (authority) => {
    expect(guard(hostOf(authority))).toBe(false);
  });
});

describe('allowed by configuration', () => {
  test.for([
    {
      allowed: ['127.0.0.0/8'],
      yes: ['127.0.0.1', '0x7f.2', '[::ffff:127.0.0.1]'],
      no: ['localhost', '169.254.169.254', '[::1]'],
    },
    { allowed: ['localhost', '::1'], yes: ['localhost', 'localhost.', '[::1]'], no: ['127.0.0.1', 'a.localhost'] },
    { allowed: ['fe80::/10'], yes: ['[fe80::7]'], no: ['[::1]'] },
  ])('$allowed and nothing else', ({ allowed, yes, no }) => {
    const allowing = createHostGuard(allowed);

    expect(yes.filter((authority) => allowing(hostOf(authority)))).toEqual([]);
    expect(no.filter((authority) => !allowing(hostOf(authority)))).toEqual([]);
  });

  test.for([
    '127.0.0.0/33',
    '127.0.0/8',
    '::1/129',
    'a b',
    'http://localhost',
    '*',
    '',
    '127.0.0.1/8/8',
  ])('%s is no host', (text) => {
    expect(allowedHostSchema.safeParse(text).success).toBe(false);
  });

  test('names are compared in lower case', () => {
    expect(allowedHostSchema.parse('LocalHost')).toBe('localhost');
  });
});
