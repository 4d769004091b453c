// Tests of the fake's login endpoint with the SDK's credentials: secrets, federated tokens, tenants, scopes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientAssertionCredential, WorkloadIdentityCredential } from '@azure/identity';
import { expect, onTestFinished, test } from 'vitest';
import { openOidcIssuer, type TokenPlan } from '../oidc/issuer.ts';
import { secretMarker } from '../secrets.ts';
import { createTenant } from './create-tenant.ts';
import { tokenExchangeAudience } from './federation.ts';
import { secretCredential, startFake, startTenant, tenantId } from './sdk-for-tests.ts';

const otherTenantId = '22222222-aaaa-4bbb-8ccc-0123456789ab';
const subject = 'system:serviceaccount:inventory:azure';
const good = { subject, audience: tokenExchangeAudience };

async function startIssuer() {
  const issuer = await openOidcIssuer();
  onTestFinished(() => issuer.close());
  return issuer;
}

async function startFederated() {
  const issuer = await startIssuer();
  const fake = await startFake({ tenants: [createTenant({ id: tenantId })] });
  const application = fake.addApplication({
    tenants: [tenantId],
    federated_credentials: [{ issuer: issuer.url, subject }],
  });
  const scope = `${fake.audience}/.default`;
  const options = { authorityHost: fake.url, disableInstanceDiscovery: true, retryOptions: { maxRetries: 0 } };
  const askWith = async (plan: Partial<TokenPlan>, by = issuer) => {
    const assertion = await by.issue({ ...good, ...plan });
    const { client_id: clientId } = application;
    return new ClientAssertionCredential(tenantId, clientId, async () => assertion, options).getToken(scope);
  };
  return { issuer, fake, application, scope, options, askWith };
}

test('a client secret is worth a token whose claims name tenant, audience and application', async () => {
  const { fake, application, access } = await startTenant();

  const token = await secretCredential(fake, application).getToken(`${fake.audience}/.default`);

  const claims = JSON.parse(Buffer.from(token?.token.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({
    tid: tenantId,
    aud: fake.audience,
    appid: application.client_id,
    oid: access.object_id,
  });
  expect(token?.token).toContain(secretMarker);
  expect(fake.secrets()).toEqual([token?.token, application.client_secret]);
  expect(fake.requests.map((request) => request.operation)).toEqual(['OpenIdConfiguration', 'Token']);
  expect(JSON.stringify(fake.requests)).not.toContain(secretMarker);
});

test('a wrong secret, an expired one and a foreign application are refused with their AADSTS codes', async () => {
  const { fake, application } = await startTenant();
  const scope = `${fake.audience}/.default`;

  const wrong = secretCredential(fake, application, { client_secret: 'guessed' }).getToken(scope);
  await expect(wrong).rejects.toThrow('AADSTS7000215');

  application.secret_expires_at = new Date();
  await expect(secretCredential(fake, application).getToken(scope)).rejects.toThrow('AADSTS7000222');

  application.access.delete(tenantId);
  await expect(secretCredential(fake, application).getToken(scope)).rejects.toThrow('AADSTS700016');
  expect(fake.requests.at(-1)).toMatchObject({ operation: 'Token', error_code: 'AADSTS700016', http_status: 400 });
});

test('an unknown tenant does not even have a configuration', async () => {
  const { fake, application } = await startTenant();

  const token = secretCredential(fake, application, { tenant_id: otherTenantId }).getToken(`${fake.audience}/.default`);

  await expect(token).rejects.toThrow();
  expect(fake.requests).toMatchObject([{ operation: 'OpenIdConfiguration', error_code: 'AADSTS90002' }]);
});

test('a tenant may be named by its domain', async () => {
  const { fake, application, tenant } = await startTenant();

  const credential = secretCredential(fake, application, { tenant_id: tenant.default_domain });

  await expect(credential.getToken(`${fake.audience}/.default`)).resolves.toHaveProperty('token');
});

test('a scope must name one known resource and end with /.default', async () => {
  const { fake, application } = await startTenant();
  const credential = secretCredential(fake, application);

  await expect(credential.getToken('https://vault.azure.example/.default')).rejects.toThrow('AADSTS500011');
  await expect(credential.getToken(`${fake.audience}/user_impersonation`)).rejects.toThrow('AADSTS1002012');
});

test('a workload identity is worth a token, from the file that its cluster wrote', async () => {
  const { issuer, application, scope, options, fake } = await startFederated();
  const directory = await mkdtemp(join(tmpdir(), 'azure-identity-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const tokenFilePath = join(directory, 'token');
  await writeFile(tokenFilePath, await issuer.issue(good));
  const clientId = application.client_id;

  const credential = new WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath, ...options });

  await expect(credential.getToken(scope)).resolves.toHaveProperty('token');
  fake.assertNoUnexpected();
});

test('a federated token is checked for issuer, subject, audience, time and key', async () => {
  const { askWith } = await startFederated();
  const foreign = await startIssuer();

  await expect(askWith({}, foreign)).rejects.toThrow('AADSTS700211');
  await expect(askWith({ subject: 'system:serviceaccount:x:y' })).rejects.toThrow('AADSTS700213');
  await expect(askWith({ audience: 'sts.amazonaws.com' })).rejects.toThrow('AADSTS700212');
  await expect(askWith({ lives_seconds: -60 })).rejects.toThrow('AADSTS700024');
  await expect(askWith({ forged: true })).rejects.toThrow('AADSTS700027');
  await expect(askWith({})).resolves.toHaveProperty('token');
});

test('an issuer may rotate its keys: a new token counts, one of a withdrawn key does not', async () => {
  const { askWith, issuer, application, scope, options } = await startFederated();
  const old = await issuer.issue(good);
  await issuer.rotateKeys({ withdraw: true });

  await expect(askWith({})).resolves.toHaveProperty('token');
  const withOld = new ClientAssertionCredential(tenantId, application.client_id, async () => old, options);
  await expect(withOld.getToken(scope)).rejects.toThrow('AADSTS700027');
});

test('tokens of an issuer that cannot be reached are worth nothing', async () => {
  const { fake, scope, options } = await startFederated();
  const issuer = await openOidcIssuer();
  const assertion = await issuer.issue(good);
  await issuer.close();
  const { client_id: clientId } = fake.addApplication({
    tenants: [tenantId],
    federated_credentials: [{ issuer: issuer.url, subject }],
  });

  const credential = new ClientAssertionCredential(tenantId, clientId, async () => assertion, options);

  await expect(credential.getToken(scope)).rejects.toThrow('AADSTS50166');
});

test('an assertion that is no token is refused as such', async () => {
  const { application, scope, options } = await startFederated();
  const credential = new ClientAssertionCredential(tenantId, application.client_id, async () => 'no token', options);

  await expect(credential.getToken(scope)).rejects.toThrow('AADSTS50027');
});

test('a refusal carries what the operator is asked for: code, trace and correlation ids, time', async () => {
  const { fake, application } = await startTenant();

  const refused = secretCredential(fake, application, { client_secret: 'guessed' }).getToken(
    `${fake.audience}/.default`,
  );

  await expect(refused).rejects.toThrow(/Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-/);
});

test('a login endpoint that is too busy says so with 429', async () => {
  const { fake, application } = await startTenant();
  fake.faults.plan({ operation: 'Token', effect: { kind: 'throttle' } });

  await expect(secretCredential(fake, application).getToken(`${fake.audience}/.default`)).rejects.toThrow(
    'AADSTS90055',
  );
});
