// Tests of the fake's token services with the bare auth library, up to the calls that their tokens open.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, status } from '@grpc/grpc-js';
import { type AuthClient, Compute, ExternalAccountClient, GoogleAuth, Impersonated, JWT } from 'google-auth-library';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type OidcIssuer, openOidcIssuer, type TokenPlan } from '../oidc/issuer.ts';
import { secretMarker } from '../secrets.ts';
import { createOrganization } from './create-organization.ts';
import { defaultAudience, type FederationPlan, type GcpFake, type GcpFakeOptions } from './fake.ts';
import { once, openClients, openSecureClients, startFake } from './sdk-for-tests.ts';

const subject = 'system:serviceaccount:inventory:collector';
const federated = `principal://iam.googleapis.com/projects/600000000001/locations/global/workloadIdentityPools/inventory/subject/${subject}`;
const reader = 'inventory-reader@acme-tools.iam.gserviceaccount.com';
const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
const readOnly = ['https://www.googleapis.com/auth/cloud-platform.read-only'];
const organization = createOrganization({ id: '123456789012' });

// No look for credentials leaves this machine.
beforeEach(() => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
});

function start(options: Partial<GcpFakeOptions> = {}): Promise<GcpFake> {
  return startFake({ organizations: [organization], tls: true, ...options });
}

async function startIssuer(): Promise<OidcIssuer> {
  const issuer = await openOidcIssuer();
  onTestFinished(() => issuer.close());
  return issuer;
}

/** A fake that trusts an issuer, and a file in which a token of that issuer lies. */
async function startFederation(plan: Partial<TokenPlan> = {}, options: Partial<GcpFakeOptions> = {}) {
  const [fake, issuer] = await Promise.all([start(options), startIssuer()]);
  const audience = fake.trustIssuer(issuer);
  const folder = mkdtempSync(join(tmpdir(), 'gcp-fake-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const token_file = join(folder, 'token');
  const writeToken = async (change: Partial<TokenPlan>) =>
    writeFileSync(token_file, await issuer.issue({ subject, audience, ...change }));
  await writeToken(plan);
  const connect = (federation: Partial<FederationPlan> = {}, asked = scopes) =>
    openFederated({ ...fake.toExternalAccount({ token_file, ...federation }), scopes: asked });
  return { fake, issuer, connect, writeToken };
}

function openFederated(document: Record<string, unknown>): AuthClient {
  // A boundary cast: the library takes what has been read from a file.
  const client = ExternalAccountClient.fromJSON(
    document as unknown as Parameters<typeof ExternalAccountClient.fromJSON>[0],
  );
  if (client === null) throw new Error('this is no external account');
  return client;
}

const readOrganization = (fake: GcpFake, client: AuthClient) =>
  openSecureClients(fake, client).organizations.getOrganization({ name: organization.name }, once);

describe('with TLS', () => {
  test('a call without a token, with an unknown one, or past its life is unauthenticated', async () => {
    let now = new Date();
    const fake = await start({ now: () => now });
    fake.addServiceAccount(reader);
    fake.world.identities.machine = reader;
    vi.stubEnv('GCE_METADATA_HOST', fake.metadata_host);
    const machine = new Compute();
    const stranger = new Compute();
    stranger.setCredentials({ access_token: 'ya29.unknown', expiry_date: Date.now() + 3_600_000 });

    await readOrganization(fake, machine);
    now = new Date(now.getTime() + 3_601_000);

    const unauthenticated = (reason: string) => ({ code: status.UNAUTHENTICATED, reason });
    await expect(readOrganization(fake, machine)).rejects.toMatchObject(unauthenticated('ACCESS_TOKEN_EXPIRED'));
    await expect(readOrganization(fake, stranger)).rejects.toMatchObject(
      unauthenticated('ACCESS_TOKEN_TYPE_UNSUPPORTED'),
    );
    const bare = openClients(fake, credentials.createSsl(Buffer.from(fake.ca_pem ?? '')));
    await expect(bare.organizations.getOrganization({ name: organization.name }, once)).rejects.toMatchObject(
      unauthenticated('CREDENTIALS_MISSING'),
    );
  });

  test('a client that does not trust the certificate gets no answer', async () => {
    const fake = await start();

    const call = openClients(fake, credentials.createSsl()).organizations.getOrganization(
      { name: organization.name },
      once,
    );

    await expect(call).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(fake.requests).toEqual([]);
  });
});

describe('federation', () => {
  test('a cluster’s token is exchanged for one that reads', async () => {
    const { fake, connect } = await startFederation();

    const [found] = await readOrganization(fake, connect());

    expect(found.name).toBe(organization.name);
    expect(fake.requests).toMatchObject([
      { service: 'sts', operation: 'ExchangeToken', code: 'OK', principal: federated },
      { operation: 'GetOrganization', code: 'OK', principal: federated },
    ]);
  });

  test('a token for reading is enough, one for other purposes is not', async () => {
    const { fake, connect } = await startFederation();

    await readOrganization(fake, connect({}, readOnly));
    const call = readOrganization(fake, connect({}, ['https://www.googleapis.com/auth/devstorage.read_only']));

    await expect(call).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
    });
  });

  test.for([
    ['forged', { forged: true }, 'invalid_grant'],
    ['expired', { lives_seconds: -60 }, 'invalid_grant'],
    ['for another audience', { audience: 'sts.amazonaws.com' }, 'invalid_grant'],
    ['of another issuer', { issuer: 'https://elsewhere.example' }, 'invalid_grant'],
  ] as const)('a token that is %s is refused', async ([, plan, word]) => {
    const { connect, fake } = await startFederation(plan);

    await expect(connect().getAccessToken()).rejects.toThrow(`Error code ${word}`);
    expect(fake.requests).toMatchObject([{ operation: 'ExchangeToken', code: word, principal: null }]);
  });

  test('a pool that trusts nobody is refused', async () => {
    const { connect } = await startFederation();

    const call = connect({ audience: `${defaultAudience}-other` }).getAccessToken();

    await expect(call).rejects.toThrow('Error code invalid_target');
  });

  test('a new key of the issuer is seen at once', async () => {
    const { connect, issuer, writeToken } = await startFederation();
    await connect().getAccessToken();

    await issuer.rotateKeys({ withdraw: true });
    await expect(connect().getAccessToken()).rejects.toThrow('Error code invalid_grant');
    await writeToken({});

    await expect(connect().getAccessToken()).resolves.toHaveProperty('token');
  });

  test('with a service account that may be impersonated, calls are made in its name', async () => {
    const { fake, connect } = await startFederation();
    fake.addServiceAccount(reader, [federated]);

    await readOrganization(fake, connect({ service_account: reader }));

    expect(fake.requests.map(({ operation, principal }) => [operation, principal])).toEqual([
      ['ExchangeToken', federated],
      ['GenerateAccessToken', reader],
      ['GetOrganization', reader],
    ]);
  });

  test('a service account that trusts somebody else, or none at all, is not impersonated', async () => {
    const { fake, connect } = await startFederation();
    fake.addServiceAccount(reader, ['somebody@else']);

    for (const service_account of [reader, 'nobody-there@acme-tools.iam.gserviceaccount.com']) {
      await expect(connect({ service_account }).getAccessToken()).rejects.toMatchObject({
        status: 403,
        message: expect.stringContaining('iam.serviceAccounts.getAccessToken'),
      });
    }
  });
});

describe('keys', () => {
  test('a key is exchanged for a token where the library can be pointed at the fake', async () => {
    const fake = await start();
    fake.addServiceAccount(reader);
    const client = fromKey(fake);

    await readOrganization(fake, client);

    expect(fake.requests).toMatchObject([
      { operation: 'GrantToken', code: 'OK', principal: reader },
      { operation: 'GetOrganization', principal: reader },
    ]);
  });

  test('what the holder of a key signs himself is a token too', async () => {
    const fake = await start();
    fake.addServiceAccount(reader);
    const client = fromKey(fake);
    client.useJWTAccessWithScope = true;

    await readOrganization(fake, client);

    expect(fake.requests).toMatchObject([{ operation: 'GetOrganization', code: 'OK', principal: reader }]);
  });

  test('a key that was never given is refused both ways', async () => {
    const [fake, other] = await Promise.all([start(), start()]);
    other.addServiceAccount(reader);
    fake.addServiceAccount(reader);
    const key = other.createKey(reader);
    const signing = fromKey(fake, key);
    signing.useJWTAccessWithScope = true;

    await expect(fromKey(fake, key).getAccessToken()).rejects.toThrow('invalid_grant');
    await expect(readOrganization(fake, signing)).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  function fromKey(fake: GcpFake, file = fake.createKey(reader)): JWT {
    const client = new JWT({ email: file.client_email, key: file.private_key, keyId: file.private_key_id, scopes });
    // The library knows one place for it and takes no other.
    client.transporter.interceptors.request.add({
      resolved: async (config) => ({ ...config, url: new URL(`${fake.services_url}/token`) }),
    });
    return client;
  }
});

describe('the metadata server', () => {
  test('a machine’s default credentials are those of its service account', async () => {
    const fake = await start();
    fake.world.identities.machine = reader;
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    vi.stubEnv('GCE_METADATA_HOST', fake.metadata_host);
    vi.stubEnv('HOME', join(tmpdir(), 'no-such-home'));
    vi.stubEnv('CLOUDSDK_CONFIG', join(tmpdir(), 'no-such-config'));
    const auth = new GoogleAuth({ scopes: readOnly });

    const client = await auth.getClient();
    await readOrganization(fake, client);

    expect(fake.requests.at(-1)).toMatchObject({ operation: 'GetOrganization', principal: reader });
    expect((await auth.getCredentials()).client_email).toBe(reader);
    fake.assertNoUnexpected();
  });

  test('a machine without one has no token to give', async () => {
    const fake = await start();
    vi.stubEnv('GCE_METADATA_HOST', fake.metadata_host);

    await expect(new Compute().getAccessToken()).rejects.toMatchObject({ status: 404 });
  });

  test('who does not say that he knows whom he asks is refused', async () => {
    const fake = await start();

    const response = await fetch(`${fake.services_url}/computeMetadata/v1/instance/service-accounts/default/token`);

    expect(response.status).toBe(403);
  });

  test('a machine may impersonate, for an hour at most', async () => {
    const fake = await start();
    fake.world.identities.machine = 'node-machine@acme-tools.iam.gserviceaccount.com';
    fake.addServiceAccount(reader, [fake.world.identities.machine]);
    vi.stubEnv('GCE_METADATA_HOST', fake.metadata_host);
    const impersonate = (lifetime: number) =>
      new Impersonated({
        sourceClient: new Compute(),
        targetPrincipal: reader,
        targetScopes: readOnly,
        lifetime,
        endpoint: fake.services_url,
      });

    await readOrganization(fake, impersonate(3600));

    expect(fake.requests.at(-1)).toMatchObject({ operation: 'GetOrganization', principal: reader });
    await expect(impersonate(3601).getAccessToken()).rejects.toMatchObject({ status: 400 });
  });
});

describe('faults of the token services', () => {
  test('an exchange that is unavailable is tried again by the library, a refused one is not', async () => {
    const { fake, connect } = await startFederation();
    fake.faults.plan({ operation: 'ExchangeToken', nth: 1, effect: { kind: 'error', code: 'UNAVAILABLE' } });
    fake.faults.plan({ operation: 'ExchangeToken', nth: 3, effect: { kind: 'error', code: 'PERMISSION_DENIED' } });

    await connect().getAccessToken();
    await expect(connect().getAccessToken()).rejects.toThrow();

    expect(fake.requests.map(({ code, attempt }) => [code, attempt])).toEqual([
      ['UNAVAILABLE', 1],
      ['OK', 2],
      ['PERMISSION_DENIED', 1],
    ]);
  });

  test('answers that break off, lack the token, or never come give no token', async () => {
    const { fake, connect } = await startFederation();
    fake.faults.plan({ operation: 'ExchangeToken', nth: 1, effect: { kind: 'omit', member: 'access_token' } });
    fake.faults.plan({ operation: 'ExchangeToken', nth: 2, effect: { kind: 'hang' } });

    const without = await connect().getAccessToken();
    const hanging = connect().getAccessToken();
    const winner = await Promise.race([hanging.catch(() => 'failed'), vi.waitUntil(() => fake.requests.length === 2)]);

    expect(without.token).toBeUndefined();
    expect(winner).toBe(true);
  });

  test('a token that expires in the middle of a walk is replaced by the next exchange', async () => {
    const { fake, connect } = await startFederation();
    const client = connect();
    const clients = openSecureClients(fake, client);
    const read = () => clients.organizations.getOrganization({ name: organization.name }, once);
    await read();

    fake.expireTokens();
    await expect(read()).rejects.toMatchObject({ code: status.UNAUTHENTICATED, reason: 'ACCESS_TOKEN_EXPIRED' });
    client.setCredentials({ expiry_date: 1 });
    await read();

    expect(fake.requests.filter(({ operation }) => operation === 'ExchangeToken')).toHaveLength(2);
  });

  test('every token and key that was handed out is known as a secret and carries the marker', async () => {
    const { fake, connect } = await startFederation();
    fake.createKey(reader);

    const { token } = await connect().getAccessToken();

    expect(fake.secrets()).toContain(token);
    expect(token).toContain(secretMarker);
    expect(fake.secrets()).toHaveLength(3);
  });

  test('a path that no service has is refused and remembered', async () => {
    const fake = await start();

    const response = await fetch(`${fake.services_url}/v2/everything`);

    expect(response.status).toBe(404);
    expect(() => fake.assertNoUnexpected()).toThrow('/v2/everything');
  });
});

test('without TLS tokens can be asked for all the same', async () => {
  const { fake, connect } = await startFederation({}, { tls: false, requires_token: true });
  const { organizations } = openClients(fake);
  const authorization = (await connect().getRequestHeaders()).get('authorization') ?? '';
  const headers = { authorization, 'x-goog-user-project': '42' };

  const without = organizations.getOrganization({ name: organization.name }, once);
  await expect(without).rejects.toMatchObject({ code: status.UNAUTHENTICATED, reason: 'CREDENTIALS_MISSING' });
  await organizations.getOrganization({ name: organization.name }, { ...once, otherArgs: { headers } });

  expect(fake.requests.at(-1)).toMatchObject({ principal: federated, quota_project: '42', code: 'OK' });
});
