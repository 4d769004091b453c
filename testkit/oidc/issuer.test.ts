// Tests of the local OpenID Connect issuer, with a verifier that knows nothing but its URL.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type OidcIssuer, openOidcIssuer } from './issuer.ts';

const plan = { subject: 'system:serviceaccount:inventory:collector', audience: 'the-cloud' };

async function startIssuer(now?: () => Date): Promise<OidcIssuer> {
  const issuer = await openOidcIssuer(now === undefined ? {} : { now });
  onTestFinished(() => issuer.close());
  return issuer;
}

/** Finds the keys as a cloud does, anew each time. */
async function verify(issuer: OidcIssuer, token: string) {
  const response = await fetch(`${issuer.url}/.well-known/openid-configuration`);
  const { jwks_uri: keys } = z.object({ jwks_uri: z.string() }).parse(await response.json());
  return jwtVerify(token, createRemoteJWKSet(new URL(keys)), { issuer: issuer.url, audience: plan.audience });
}

test('its tokens hold by the keys that its discovery document leads to', async () => {
  const issuer = await startIssuer();

  const { payload } = await verify(issuer, await issuer.issue({ ...plan, claims: { 'kubernetes.io': { pod: 'p' } } }));

  expect(payload).toMatchObject({
    iss: issuer.url,
    sub: plan.subject,
    aud: plan.audience,
    'kubernetes.io': { pod: 'p' },
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
});

test.for([
  ['expired', { lives_seconds: -1 }, 'ERR_JWT_EXPIRED'],
  ['forged', { forged: true }, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
  ['for another audience', { audience: 'another' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ['of another issuer', { issuer: 'https://elsewhere.example' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
] as const)('a token that is %s does not', async ([, change, code]) => {
  const issuer = await startIssuer();

  const verifying = verify(issuer, await issuer.issue({ ...plan, ...change }));

  await expect(verifying).rejects.toMatchObject({ code });
});

test('after a rotation old tokens hold until their key is withdrawn', async () => {
  const issuer = await startIssuer();
  const old = await issuer.issue(plan);

  await issuer.rotateKeys();
  await verify(issuer, old);
  await verify(issuer, await issuer.issue(plan));
  await issuer.rotateKeys({ withdraw: true });

  await verify(issuer, await issuer.issue(plan));
  await expect(verify(issuer, old)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('it has nothing but discovery and keys, and remembers who asked', async () => {
  const issuer = await startIssuer();

  const response = await fetch(`${issuer.url}/token`);

  expect(response.status).toBe(404);
  expect(issuer.requests).toEqual(['/token']);
  expect(issuer.secrets()).toEqual([]);
});
