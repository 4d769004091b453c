// Whose tokens a source uses: federated ones, rotated secrets, and what a token must say.
import { writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { describeError } from '#core/redact.ts';
import { createTenant } from '#testkit/azure/create-tenant.ts';
import { tokenExchangeAudience } from '#testkit/azure/federation.ts';
import { openOidcIssuer } from '#testkit/oidc/issuer.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { toEndpoints } from './clouds.ts';
import { azureConfigSchema } from './config.ts';
import { createCredential, readIdentity } from './credentials.ts';
import { createFile, observe, startAzure, tenantId } from './observe.contract.ts';

const subject = 'system:serviceaccount:inventory:azure';

async function startFederated() {
  const issuer = await openOidcIssuer();
  onTestFinished(() => issuer.close());
  const { fake, source } = await startAzure();
  const application = fake.addApplication({
    tenants: [tenantId],
    federated_credentials: [{ issuer: issuer.url, subject }],
  });
  const { client_secret_file: _unused, ...rest } = source;
  const sourceWith = async (token: string) => ({
    ...rest,
    client_id: application.client_id,
    federated_token_file: await createFile(token),
  });
  return { issuer, fake, sourceWith };
}

test("a pod's federated token is worth the tenant's subscriptions", async () => {
  const { issuer, sourceWith } = await startFederated();

  const read = await observe(await sourceWith(await issuer.issue({ subject, audience: tokenExchangeAudience })));

  expect(read.error).toBeUndefined();
  expect(read.accounts.size).toBe(45);
});

test.for([
  ['subject', { subject: 'system:serviceaccount:other:other' }],
  ['audience', { audience: 'elsewhere' }],
] as const)('a federated token of another %s is refused with what to check', async ([what, plan]) => {
  const { issuer, sourceWith } = await startFederated();
  const token = await issuer.issue({ subject, audience: tokenExchangeAudience, ...plan });

  const read = await observe(await sourceWith(token));

  expect(read.error).toMatchObject({ code: 'credentials_refused', message: expect.stringContaining(what) });
  expect(String(read.error) + read.log).not.toContain(token);
});

test('a rotated secret is taken up without a restart, an unchanged one asks for one token only', async () => {
  const { fake, application, source } = await startAzure();
  const path = await createFile(application.client_secret);
  const config = azureConfigSchema.parse({ sources: [{ ...source, client_secret_file: path }] });
  const [parsed] = config.sources;
  if (parsed === undefined) throw new TypeError('one source');
  const endpoints = toEndpoints(parsed);
  const credential = createCredential(parsed, endpoints);
  const countTokens = () => fake.requests.filter(({ operation }) => operation === 'Token').length;

  await credential.getToken(endpoints.token_scope);
  await credential.getToken(endpoints.token_scope);
  const unchanged = countTokens();
  await writeFile(path, 'rotated-but-not-yet-known');
  const refused = credential.getToken(endpoints.token_scope);

  await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('AADSTS7000215') });
  expect(unchanged).toBe(1);
  expect(countTokens()).toBe(2);
});

test('what stands in front of the login endpoint is told by its status, without its headers and its page', async () => {
  const { fake, source } = await startAzure();
  const body = `<html>${secretMarker}</html>`;
  fake.faults.plan({ operation: 'Token', effect: { kind: 'raw', status: 403, body } });

  const { error, log } = await observe(source);

  const told = describeError(error);
  expect(told).toMatch(/proxy.*Http status code: 403/);
  expect(`${told}${log}`).not.toContain(secretMarker);
});

test('credentials that answer for another tenant are an error, and nothing is asked of Resource Manager', async () => {
  const other = createTenant({ id: '99999999-aaaa-4bbb-8ccc-0123456789ab', subscriptions: 1 });
  const { fake, source } = await startAzure();
  // A login endpoint that hands out another tenant's token, whatever is asked for.
  const claims = Buffer.from(JSON.stringify({ tid: other.id, appid: source['client_id'] })).toString('base64url');
  fake.faults.plan({
    operation: 'Token',
    effect: { kind: 'alter', alter: (body) => ({ ...body, access_token: `e30.${claims}.e30` }) },
  });

  const read = await observe(source);

  expect(read.error).toMatchObject({ code: 'wrong_root' });
  expect(read.observations).toEqual([]);
  expect(fake.requests.filter(({ service }) => service === 'arm')).toEqual([]);
});

test.for(['not-a-token', 'e30.e30.e30'])('a token that names no tenant is refused, and not repeated: %s', (token) => {
  const read = () => readIdentity({ token, expiresOnTimestamp: 0 });

  expect(read).toThrow('does not name its tenant');
  expect(read).not.toThrow(token);
});
