// Which tokens of an issuer are accepted and what they prove, with tokens made and spoilt one claim at a time.
import fc from 'fast-check';
import { exportSPKI, generateKeyPair, importJWK, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { oidcSchema } from '#core/config.ts';
import { createHttpClient } from '#core/http.ts';
import { createLogger } from '#core/log.ts';
import { type OidcIssuer, openOidcIssuer, toAnswer } from '#testkit/oidc/issuer.ts';
import type { Identity } from './env.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createTokenVerifier, type Refusal } from './oidc.ts';

const now = Math.floor(Date.now() / 1000);
const clock = { ...systemClock, now: () => new Date(now * 1000) };
const http = createHttpClient({ proxyEnv: {}, maxRetries: 0 });

const lines: string[] = [];

let issuer: OidcIssuer;
let publicKey: JWK;
beforeAll(async () => {
  issuer = await openOidcIssuer();
  const document = await (await fetch(issuer.jwks_uri)).json();
  [publicKey = {}] = z.object({ keys: z.array(z.looseObject({})) }).parse(document).keys;
});
afterAll(async () => {
  await http.close();
  await issuer.close();
});

/** A verifier of the issuer's tokens, as a configuration of these parts makes it. */
function createVerifier(parts: Partial<z.input<typeof oidcSchema>> = {}, { url }: Pick<OidcIssuer, 'url'> = issuer) {
  const config = oidcSchema.parse({ mode: 'oidc', issuer: url, audience: 'inventory', ...parts });
  const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  const signal = new AbortController().signal;
  const keys = createIssuerKeys({ issuer: url, http, elapsedMs: () => 0, log, signal });
  return createTokenVerifier(config, { keys, clock, log });
}

/** The claims of a good token, of which those given as undefined are left out. */
function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const good = { iss: issuer.url, aud: 'inventory', sub: 'ada', exp: now + 300, iat: now };
  return { ...good, tenant: 'acme', scope: 'openid inventory:read', ...changes };
}

async function verify(changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) {
  return await createVerifier()(await issuer.sign(claims(changes), header));
}

const refusedAs = (reason: string) => ({ refused: expect.stringContaining(reason) });

describe('a good token', () => {
  test('is its subject, its tenant, its scopes and its end', async () => {
    expect(await verify()).toEqual({
      name: 'ada',
      tenant_id: 'acme',
      scopes: ['openid', 'inventory:read'],
      expires_ms: (now + 360) * 1000,
    });
  });

  test.for([
    ['of an access token', { typ: 'at+jwt' }],
    ['with its long name', { typ: 'application/AT+JWT' }],
    ['of an ID token', { typ: 'JWT' }],
  ] as const)('may have the type %s', async ([, header]) => {
    expect(await verify({}, header)).toMatchObject({ name: 'ada' });
  });

  test('may have a long subject, as Kubernetes makes them', async () => {
    const sub = `system:serviceaccount:${'n'.repeat(63)}:${'a'.repeat(253)}`;

    expect(await verify({ sub })).toMatchObject({ name: sub });
  });

  test('may be meant for others too', async () => {
    expect(await verify({ aud: ['grafana', 'inventory'] })).toMatchObject({ name: 'ada' });
  });

  test('may be meant for any of several audiences', async () => {
    const check = createVerifier({ audience: ['cli', 'console'] });

    expect(await check(await issuer.sign(claims({ aud: 'console' })))).toMatchObject({ name: 'ada' });
    expect(await check(await issuer.sign(claims({ aud: 'inventory' })))).toMatchObject(refusedAs('somebody else'));
  });

  test('needs no key id where the issuer has one key', async () => {
    expect(await verify({}, { kid: undefined })).toMatchObject({ name: 'ada' });
  });
});

describe('a token is refused', () => {
  test.for([
    ['of another issuer', { iss: 'https://elsewhere.example' }, 'another issuer'],
    ['of the same issuer with a slash', { iss: 'slash' }, 'another issuer'],
    ['of no issuer', { iss: undefined }, 'another issuer'],
    ['for another audience', { aud: 'grafana' }, 'somebody else'],
    ['for an audience that only begins alike', { aud: 'inventory2' }, 'somebody else'],
    ['for no audience', { aud: undefined }, 'somebody else'],
    ['for an empty list of audiences', { aud: [] }, 'somebody else'],
    ['for an audience in an object', { aud: { inventory: true } }, 'somebody else'],
    ['of nobody', { sub: undefined }, 'no subject'],
    ['of an empty subject', { sub: '' }, 'no subject'],
    ['of a number', { sub: 7 }, 'no subject'],
    ['of a subject that no index takes', { sub: 'x'.repeat(513) }, 'at most 512 characters'],
    ['of a subject that reads like another one', { sub: 'ada\u0000' }, 'at most 512 characters'],
    ['of a subject that is no text', { sub: 'ada\ud800' }, 'at most 512 characters'],
    ['that never expires', { exp: undefined }, 'never expires'],
    ['with a time in words', { exp: '2099-01-01' }, 'never expires'],
    ['without a tenant', { tenant: undefined }, 'no tenant'],
    ['with an empty tenant', { tenant: '' }, 'no tenant'],
    ['with a tenant that is no name', { tenant: "acme' or true" }, 'no tenant'],
    ['with several tenants', { tenant: ['acme', 'globex'] }, 'no tenant'],
    ['that tells of a logout', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, 'event'],
    ['bound to a key', { cnf: { jkt: 'x' } }, 'bound to a key'],
  ] as const)('%s', async ([, changes, reason]) => {
    const slashed = 'iss' in changes && changes.iss === 'slash' ? { iss: `${issuer.url}/` } : changes;

    expect(await verify(slashed)).toEqual(refusedAs(reason));
  });

  test.for(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'jwt2', '', 7])('of the type %j', async (typ) => {
    expect(await verify({}, { typ })).toEqual(refusedAs('another type'));
  });

  test('with a header that must be understood and is not', async () => {
    const token = await issuer.sign(claims());
    const [header = '', ...rest] = token.split('.');
    const critical = { ...JSON.parse(Buffer.from(header, 'base64url').toString()), crit: ['exp'], exp: 1 };

    const spoilt = [Buffer.from(JSON.stringify(critical)).toString('base64url'), ...rest].join('.');

    expect(await createVerifier()(spoilt)).toEqual(refusedAs('not a signed'));
  });

  test('signed by another key under the name of theirs', async () => {
    const plan = { subject: 'ada', audience: 'inventory', claims: { tenant: 'acme' } };

    expect(await createVerifier()(await issuer.issue({ ...plan, forged: true }))).toEqual(refusedAs('does not hold'));
  });

  test('signed by a key that is in the token itself', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...publicKey, kid: 'mine' };
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'RS256', jwk, jku: 'https://evil.example/keys', x5u: 'https://evil.example/x5u' })
      .sign(pair.privateKey);

    expect(await createVerifier()(token)).toEqual(refusedAs('does not hold'));
  });

  test('that is not signed', async () => {
    const unsigned = new UnsecuredJWT(claims()).encode();

    expect(await createVerifier()(unsigned)).toMatchObject({ refused: expect.any(String) });
  });

  test('signed with the public key as if it were a shared secret', async () => {
    const spki = await exportSPKI(
      z.instanceof(CryptoKey).parse(await importJWK(publicKey, 'RS256', { extractable: true })),
    );
    const forge = (secret: string) =>
      new SignJWT(claims())
        .setProtectedHeader({ alg: 'HS256', kid: String(publicKey.kid) })
        .sign(new TextEncoder().encode(secret));

    for (const secret of [spki, spki.trim(), JSON.stringify(publicKey), publicKey.n ?? '']) {
      expect(await createVerifier()(await forge(secret))).toEqual(refusedAs('algorithm'));
    }
  });

  test('signed with an algorithm that the configuration leaves out', async () => {
    const check = createVerifier({ algorithms: ['ES256'] });

    expect(await check(await issuer.sign(claims()))).toEqual(refusedAs('algorithm'));
  });

  test('when the key it names is another one of the issuer', async () => {
    const other = await openOidcIssuer();
    const token = await other.sign(claims());
    await other.close();

    expect(await createVerifier()(token)).toEqual(refusedAs('does not hold'));
  });

  test.for([
    '',
    'x',
    'a.b.c',
    'a.b.c.d.e',
    '..',
    'null.null.null',
    `${'A'.repeat(100_000)}.A.A`,
    'eyJhbGciOiJSUzI1NiJ9..',
  ])('that is none: %.20s', async (token) => {
    expect(await createVerifier()(token)).toMatchObject({ refused: expect.any(String) });
  });
});

test.for([
  ['too short', { n: 'AQAB'.repeat(20) }],
  ['no number', { n: '' }],
  ['cut off', { n: undefined }],
] as const)('nobody can tell by a key that is %s, and the log says so', async ([, changes]) => {
  const careless = await openOidcIssuer();
  onTestFinished(() => careless.close());
  careless.misbehave({ keys: toAnswer({ keys: [{ ...publicKey, ...changes }] }) });
  lines.length = 0;

  const verified = createVerifier({}, careless)(await careless.sign({ ...claims(), iss: careless.url }));

  await expect(verified).rejects.toMatchObject({ name: 'ProviderError', code: 'issuer_key_unusable' });
  expect(lines.join('')).toContain('"event":"issuer_key_unusable"');
});

describe('clocks may differ by the skew', () => {
  test.for([
    ['expired 59 s ago', { exp: now - 59 }, undefined],
    ['expired 60 s ago', { exp: now - 60 }, 'expired'],
    ['holds from in 60 s on', { nbf: now + 60 }, undefined],
    ['holds from in 61 s on', { nbf: now + 61 }, 'not hold yet'],
  ] as const)('a token that %s', async ([, changes, reason]) => {
    const verified = await verify(changes);

    expect(verified).toEqual(reason === undefined ? expect.objectContaining({ name: 'ada' }) : refusedAs(reason));
  });

  test('of the configuration', async () => {
    const check = createVerifier({ clock_skew: '0s' });

    expect(await check(await issuer.sign(claims({ exp: now })))).toEqual(refusedAs('expired'));
    expect(await check(await issuer.sign(claims({ exp: now + 1 })))).toMatchObject({ expires_ms: (now + 1) * 1000 });
  });
});

describe('claims mean what the configuration says', () => {
  const identityOf = async (parts: Parameters<typeof createVerifier>[0], changes: Record<string, unknown>) =>
    await createVerifier(parts)(await issuer.sign(claims(changes)));

  test('a tenant may have another claim and another name', async () => {
    const parts = { tenant_claim: 'https://acme.example/org', tenants: { 'Acme Inc.': 'acme' } };

    const found = await identityOf(parts, { 'https://acme.example/org': 'Acme Inc.' });

    expect(found).toMatchObject({ tenant_id: 'acme' });
  });

  test.for([
    'Globex',
    'acme',
    'toString',
    '__proto__',
    ['Acme Inc.'],
  ])('%j, which no table names, is no tenant', async (tenant) => {
    expect(await identityOf({ tenants: { 'Acme Inc.': 'acme' } }, { tenant })).toEqual(refusedAs('no tenant'));
  });

  test('one issuer for one tenant needs no claim beside its name', async () => {
    const found = await identityOf({ tenant_claim: 'iss', tenants: { [issuer.url]: 'acme' } }, { tenant: undefined });

    expect(found).toMatchObject({ tenant_id: 'acme' });
  });

  test('groups may stand for scopes', async () => {
    const parts = {
      scopes_claim: 'groups',
      scopes: { ops: ['inventory:read', 'inventory:metrics'], dev: ['inventory:read'] },
    };

    const found = await identityOf(parts, { groups: ['dev', 'inventory:seed', 'toString', 'ops'] });

    expect(found).toMatchObject({ scopes: ['inventory:read', 'inventory:read', 'inventory:metrics'] });
  });

  test('people may have groups where machines have scopes', async () => {
    const scopes = { ops: ['inventory:metrics'], 'inventory:read': ['inventory:read'] };
    const parts = { scopes_claim: ['groups', 'scope'], scopes };

    expect(await identityOf(parts, { groups: ['ops'], scope: undefined })).toMatchObject({
      scopes: ['inventory:metrics'],
    });
    expect(await identityOf(parts, { scope: 'openid inventory:read' })).toMatchObject({ scopes: ['inventory:read'] });
  });

  test.for([
    [['inventory:read'], ['inventory:read']],
    ['inventory:read', ['inventory:read']],
    ['', []],
    [undefined, []],
    [7, []],
    [{ 'inventory:read': true }, []],
    [['inventory:read', 7], []],
  ] as const)('the scopes %j are %j', async ([scope, scopes]) => {
    expect(await identityOf({}, { scope })).toMatchObject({ scopes });
  });
});

describe('whatever is changed in a token', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const isAccepted = (verified: Identity | Refusal) => 'name' in verified;

  test.for(['RS256', 'ES256'])('it no longer holds: the end of a signature by %s', async (algorithm) => {
    const signer = await openOidcIssuer({ algorithm });
    onTestFinished(() => signer.close());
    const check = createVerifier({}, signer);
    const token = await signer.sign({ ...claims(), iss: signer.url });

    expect(isAccepted(await check(token))).toBe(true);
    const endings = [...alphabet].map((character) => token.slice(0, -1) + character).filter((made) => made !== token);
    for (const made of [...endings, ...['=', '==', 'A', '.', ' ', '\n'].map((more) => token + more)]) {
      expect(isAccepted(await check(made)), made.slice(-4)).toBe(false);
    }
  });

  test('it no longer holds: one character', async () => {
    const check = createVerifier();
    const token = await issuer.sign(claims());
    const place = fc.nat(token.length - 1);

    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom(...alphabet, '.', '=', '~', '+', '/'), async (at, character) => {
        fc.pre(token[at] !== character);
        const changed = token.slice(0, at) + character + token.slice(at + 1);

        expect(isAccepted(await check(changed))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('it no longer holds: a part dropped, doubled, emptied, swapped or of another token', async () => {
    const check = createVerifier();
    const token = await issuer.sign(claims());
    const another = await issuer.sign(claims({ sub: 'bob', tenant: 'globex' }));
    const parts = fc.array(fc.constantFrom(...token.split('.'), ...another.split('.'), ''), { maxLength: 6 });

    await fc.assert(
      fc.asyncProperty(parts, async (chosen) => {
        const made = chosen.join('.');
        fc.pre(made !== token && made !== another);

        expect(isAccepted(await check(made))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('it no longer holds: its claims, its header, under the same signature', async () => {
    const check = createVerifier();
    const token = await issuer.sign(claims());
    const [header = '', payload = '', signature = ''] = token.split('.');
    const read = (part: string) =>
      z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(part, 'base64url').toString()));
    const write = (members: unknown) => Buffer.from(JSON.stringify(members)).toString('base64url');
    const names = fc.constantFrom(
      'alg',
      'kid',
      'typ',
      'iss',
      'aud',
      'sub',
      'exp',
      'nbf',
      'tenant',
      'scope',
      'crit',
      'b64',
      'jwk',
    );

    await fc.assert(
      fc.asyncProperty(fc.boolean(), names, fc.jsonValue(), async (isHeader, name, value) => {
        const changed = { ...read(isHeader ? header : payload), [name]: value };
        const made = isHeader ? [write(changed), payload, signature] : [header, write(changed), signature];
        fc.pre(made.join('.') !== token);

        expect(isAccepted(await check(made.join('.')))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
