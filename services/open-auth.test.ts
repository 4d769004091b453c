// Opening the configured way to know callers: what is asked of the issuer at the start, over which trust, and what is left behind.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#core/clock.ts';
import { type AuthConfig, oidcSchema } from '#core/config.ts';
import { ConfigError } from '#core/errors.ts';
import { createLogger } from '#core/log.ts';
import { createCertificate } from '#testkit/certificate.ts';
import { type OidcIssuer, type OidcIssuerOptions, openOidcIssuer } from '#testkit/oidc/issuer.ts';
import { openAuth } from './open-auth.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-auth-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function startIssuer(options: OidcIssuerOptions = {}): Promise<OidcIssuer> {
  const issuer = await openOidcIssuer(options);
  onTestFinished(() => issuer.close());
  return issuer;
}

async function open(config: AuthConfig) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  return { ...(await openAuth('api.auth', config, { proxyEnv: {}, clock: systemClock, log })), lines };
}

/** What becomes of a good token of this issuer. */
async function verifyOne(issuer: OidcIssuer, ca_file?: string) {
  const parts = { mode: 'oidc', issuer: issuer.url, audience: 'inventory' };
  const { auth, close, lines } = await open(oidcSchema.parse(ca_file === undefined ? parts : { ...parts, ca_file }));
  onTestFinished(close);
  if (auth.mode !== 'oidc') throw new Error(auth.mode);
  const token = await issuer.issue({ subject: 'ada', audience: 'inventory', claims: { tenant: 'acme' } });
  return { verified: auth.verify(token), lines };
}

describe('mode oidc', () => {
  test('asks for the keys at once, so that a wrong issuer is in the log before the first request', async () => {
    const issuer = await startIssuer();
    issuer.misbehave({ discovery: { kind: 'reset' } });

    const { close, lines } = await open(oidcSchema.parse({ mode: 'oidc', issuer: issuer.url, audience: 'inventory' }));
    onTestFinished(close);

    await expect.poll(() => lines.join('')).toContain('"event":"issuer_unavailable"');
  });

  test('closes while the issuer leaves it waiting', async () => {
    const issuer = await startIssuer();
    issuer.misbehave({ discovery: { kind: 'hang' } });
    const { close } = await open(oidcSchema.parse({ mode: 'oidc', issuer: issuer.url, audience: 'inventory' }));
    await expect.poll(() => issuer.requests).toHaveLength(1);

    await expect(close()).resolves.toBeUndefined();
  });

  test('trusts an issuer by the authority it is told of, and by that alone', async () => {
    const certificate = await createCertificate();
    const issuer = await startIssuer({ certificate });
    const ca_file = join(folder, 'ca.pem');
    await writeFile(ca_file, certificate.certificate_pem);

    const trusting = await verifyOne(issuer, ca_file);
    const wary = await verifyOne(issuer);

    expect(issuer.url).toMatch(/^https:/);
    await expect(trusting.verified).resolves.toMatchObject({ name: 'ada', tenant_id: 'acme' });
    await expect(wary.verified).rejects.toMatchObject({ code: 'issuer_unavailable' });
    expect(wary.lines.join('')).toMatch(/self-signed/);
  });

  test('cannot start without the authority it is told of', async () => {
    const config = { mode: 'oidc', issuer: 'https://idp.example', audience: 'x', ca_file: join(folder, 'no.pem') };

    const error = await open(oidcSchema.parse(config)).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ problems: [{ key: 'api.auth.ca_file', remedy: expect.stringContaining('ENOENT') }] });
  });
});

test('other modes need nothing opened', async () => {
  const { auth, close } = await open({ mode: 'none' });

  expect(auth).toEqual({ mode: 'none' });
  await close();
});
