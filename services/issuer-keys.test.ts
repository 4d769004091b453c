// When an issuer is asked for its keys, and what holds while it does not answer: a fake issuer and a clock that is set by hand.
import { errors } from 'jose';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createHttpClient } from '#core/http.ts';
import { createLogger } from '#core/log.ts';
import type { HttpOutcome } from '#testkit/loopback-server.ts';
import { type OidcIssuer, openOidcIssuer, toAnswer } from '#testkit/oidc/issuer.ts';
import { cooldownMs, createIssuerKeys, freshMs, type IssuerKeys, validMs } from './issuer-keys.ts';

let issuer: OidcIssuer;
let timeMs: number;
let lines: string[];
beforeEach(async () => {
  timeMs = 0;
  lines = [];
  issuer = await openOidcIssuer({ algorithm: 'ES256' });
  onTestFinished(() => issuer.close());
});

function open(url = issuer.url, signal = new AbortController().signal): IssuerKeys {
  const http = createHttpClient({ proxyEnv: {}, maxRetries: 0 });
  onTestFinished(() => http.close());
  const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  return createIssuerKeys({
    issuer: url,
    http,
    log,
    elapsedMs: () => timeMs,
    signal,
  });
}

const find = (keys: IssuerKeys, kid: string) => keys.find({ alg: 'ES256', kid }, { payload: '', signature: '' });
const asked = () => issuer.requests.length / 2;

const reset: HttpOutcome = { kind: 'reset' };

describe('while the issuer answers', () => {
  test('it is asked once for as long as the keys are fresh, however many look at once', async () => {
    const keys = open();

    await Promise.all(Array.from({ length: 20 }, () => find(keys, 'key-1')));
    timeMs += freshMs - 1;
    await find(keys, 'key-1');
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/openid/v1/jwks']);

    timeMs += 1;
    await find(keys, 'key-1');
    expect(asked()).toBe(2);
  });

  test('a new key is found at once', async () => {
    const keys = open();
    await find(keys, 'key-1');
    timeMs += cooldownMs;

    await issuer.rotateKeys();

    await expect(find(keys, 'key-2')).resolves.toMatchObject({ type: 'public' });
    expect(asked()).toBe(2);
  });

  test('whoever makes up key ids has it asked once per cooldown', async () => {
    const keys = open();
    for (let times = 0; times < 5; times += 1) {
      await expect(find(keys, `made-up-${times}`)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
    }
    expect(asked()).toBe(1);

    timeMs += cooldownMs;
    await expect(find(keys, 'made-up')).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
    await expect(find(keys, 'made-up')).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
    expect(asked()).toBe(2);
  });

  test('a key that it withdraws is trusted no longer than keys are fresh', async () => {
    const keys = open();
    await find(keys, 'key-1');
    await issuer.rotateKeys({ withdraw: true });
    await find(keys, 'key-1');

    timeMs += freshMs;

    await expect(find(keys, 'key-1')).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
  });

  test('when it withdraws the last key, that one is trusted no longer than keys are fresh either, and the log says why', async () => {
    const keys = open();
    await find(keys, 'key-1');
    issuer.misbehave({ keys: toAnswer({ keys: [] }) });

    timeMs += freshMs;

    await expect(find(keys, 'key-1')).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
    expect(lines).toEqual([expect.stringContaining('"event":"issuer_without_keys"')]);
  });

  test('an issuer whose name ends in a slash has one slash before its document', async () => {
    await open(`${issuer.url}/`).refresh();

    expect(issuer.requests).toEqual(['/.well-known/openid-configuration']);
  });
});

describe('while the issuer does not answer', () => {
  const unavailable = { name: 'ProviderError', code: 'issuer_unavailable' };

  test('nobody can tell without keys, and it is asked again once per cooldown', async () => {
    const keys = open();
    issuer.misbehave({ discovery: reset });

    await expect(find(keys, 'key-1')).rejects.toMatchObject(unavailable);
    await expect(find(keys, 'key-1')).rejects.toMatchObject(unavailable);
    expect(issuer.requests).toHaveLength(1);

    issuer.misbehave({});
    timeMs += cooldownMs;
    await expect(find(keys, 'key-1')).resolves.toMatchObject({ type: 'public' });
  });

  test('the last keys hold for an hour', async () => {
    const keys = open();
    await find(keys, 'key-1');
    issuer.misbehave({ keys: reset });

    timeMs += validMs - 1;
    await expect(find(keys, 'key-1')).resolves.toMatchObject({ type: 'public' });

    timeMs += 1;
    await expect(find(keys, 'key-1')).rejects.toMatchObject(unavailable);
  });

  test('who has one of the last keys waits once for it and not at every other time that it is asked', async () => {
    const leaving = new AbortController();
    const keys = open(issuer.url, leaving.signal);
    await find(keys, 'key-1');
    issuer.misbehave({ keys: reset });
    timeMs += freshMs;
    await find(keys, 'key-1');
    expect(lines).toHaveLength(1);

    issuer.misbehave({ keys: { kind: 'hang' } });
    timeMs += cooldownMs;
    await expect(find(keys, 'key-1')).resolves.toMatchObject({ type: 'public' });

    // The second attempt is under way and has not failed yet.
    await expect.poll(asked).toBe(3);
    expect(lines).toHaveLength(1);
    leaving.abort(new Error('leaving'));
    await keys.refresh();
  });

  test('nobody can tell whether an unknown key is a new one', async () => {
    const keys = open();
    await find(keys, 'key-1');
    issuer.misbehave({ keys: reset });
    timeMs += cooldownMs;

    await expect(find(keys, 'key-2')).rejects.toMatchObject(unavailable);
    await expect(find(keys, 'key-1')).resolves.toMatchObject({ type: 'public' });
  });

  test('an answer that never comes is given up when the service ends, without a word', async () => {
    issuer.misbehave({ keys: { kind: 'hang' } });
    const leaving = new AbortController();
    const keys = open(issuer.url, leaving.signal);

    const refreshed = keys.refresh();
    await expect.poll(() => issuer.requests).toHaveLength(2);
    leaving.abort(new Error('leaving'));

    expect(await refreshed).toBe(false);
    expect(lines).toEqual([]);
  });

  test.for([
    [
      'another issuer',
      () => ({ discovery: toAnswer({ issuer: 'https://elsewhere.example', jwks_uri: issuer.jwks_uri }) }),
      'calls the issuer https://elsewhere.example',
    ],
    [
      'an issuer with a slash',
      () => ({ discovery: toAnswer({ issuer: `${issuer.url}/`, jwks_uri: issuer.jwks_uri }) }),
      'calls the issuer',
    ],
    [
      'keys elsewhere without https',
      () => ({ discovery: toAnswer({ issuer: issuer.url, jwks_uri: 'http://keys.example/' }) }),
      'must be https',
    ],
    [
      'keys in a file',
      () => ({ discovery: toAnswer({ issuer: issuer.url, jwks_uri: 'file:///etc/passwd' }) }),
      'must be https',
    ],
    ['no place of keys', () => ({ discovery: toAnswer({ issuer: issuer.url }) }), 'jwks_uri'],
    ['an error', () => ({ discovery: toAnswer({}, 500) }), 'answers 500'],
    [
      'a redirect',
      () => ({ keys: { kind: 'send', answer: { status: 302, headers: { location: issuer.url }, body: '' } } as const }),
      'answers 302',
    ],
    [
      'no JSON',
      () => ({ keys: { kind: 'send', answer: { status: 200, headers: {}, body: '<html>' } } as const }),
      'is not what it should be',
    ],
    ['keys that are none', () => ({ keys: toAnswer({ keys: ['x'] }) }), 'is not what it should be'],
    ['more than it could need', () => ({ keys: toAnswer({ keys: [], more: 'x'.repeat(1_000_001) }) }), 'larger than'],
  ] as const)('%s is no answer, and the log says why', async ([, faults, reason]) => {
    issuer.misbehave(faults());

    await expect(find(open(), 'key-1')).rejects.toMatchObject(unavailable);

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"event":"issuer_unavailable"');
    expect(lines[0]).toContain(reason);
  });
});
