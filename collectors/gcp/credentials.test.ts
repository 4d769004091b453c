// Whose token a source uses, and that one which cannot be had is told by name and never ends the process.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { gcpConfigSchema } from './config.ts';
import { type Credentials, openCredentials } from './credentials.ts';

const reader = 'reader@tools-project.iam.gserviceaccount.com';
const audience = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/clusters/providers/c';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const key = { type: 'service_account', client_email: reader, private_key: privateKey, private_key_id: 'k1' };

// What could be set outside and would change whose credentials the library finds.
beforeEach(() => {
  for (const name of ['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CLOUD_QUOTA_PROJECT', 'GOOGLE_CLOUD_PROJECT']) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  vi.stubEnv('HOME', join(tmpdir(), 'no-such-home'));
  vi.stubEnv('CLOUDSDK_CONFIG', join(tmpdir(), 'no-such-config'));
});

function open(source: Record<string, unknown>, signal = new AbortController().signal): Promise<Credentials> {
  const [parsed] = gcpConfigSchema.parse({ sources: [{ name: 'main', root: 'organizations/1', ...source }] }).sources;
  if (parsed === undefined) throw new Error('no source');
  return openCredentials(parsed, signal);
}

const readToken = async (credentials: Credentials) =>
  (await credentials.readHeaders(new AbortController().signal))['authorization'];

function write(document: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'gcp-credentials-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return path;
}

interface Asked {
  readonly url: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** Token services on loopback: each path has its answers, the last of them for good. */
async function serve(answers: Readonly<Record<string, readonly { status?: number; body: unknown }[]>>) {
  const asked: Asked[] = [];
  const counts = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const url = request.url ?? '';
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    asked.push({ url, body, headers: request.headers });
    const count = counts.get(url) ?? 0;
    counts.set(url, count + 1);
    const answer = answers[url]?.[count] ?? answers[url]?.at(-1) ?? { status: 404, body: {} };
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', 'metadata-flavor': 'Google' });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, asked };
}

const issue = (access_token: string) => ({
  body: {
    access_token,
    expires_in: 3600,
    token_type: 'Bearer',
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  },
});

function federation(url: string, more: Record<string, unknown> = {}) {
  return {
    type: 'external_account',
    audience,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${url}/v1/token`,
    credential_source: { file: write('the-pod-token') },
    ...more,
  };
}

describe('a key', () => {
  test('signs a token for reading only, and asks nobody', async () => {
    const credentials = await open({ credentials_file: write(key) });

    const [, claims] = ((await readToken(credentials)) ?? '').split('.');
    expect(JSON.parse(Buffer.from(claims ?? '', 'base64url').toString())).toMatchObject({
      iss: reader,
      scope: 'https://www.googleapis.com/auth/cloud-platform.read-only',
    });
    expect(credentials.principal).toBe(reader);
    expect(credentials.universe_domain).toBe('googleapis.com');
  });

  test('that is broken is told without repeating it', async () => {
    const opened = open({ credentials_file: write({ ...key, private_key: 'not-a-key-at-all' }) });

    const error = await opened.catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ name: 'ProviderError', code: 'no_credentials' });
    expect(String(error)).not.toContain('not-a-key-at-all');
  });

  test('of another universe is refused before anything is asked, and used in its own', async () => {
    const path = write({ ...key, universe_domain: 'apis.example' });

    await expect(open({ credentials_file: path, universe_domain: 'googleapis.com' })).rejects.toMatchObject({
      code: 'wrong_universe',
    });
    expect((await open({ credentials_file: path })).universe_domain).toBe('apis.example');
  });
});

describe('a file', () => {
  test('that is not there is named', async () => {
    await expect(open({ credentials_file: '/no/such/file.json' })).rejects.toMatchObject({
      code: 'no_credentials',
      message: expect.stringContaining('/no/such/file.json cannot be read'),
    });
  });

  test.for(['{"private_key": "s3cret', '"s3cret"'])('of %s is no document, and is not repeated', async (text) => {
    const error = await open({ credentials_file: write(text) }).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'no_credentials', message: expect.stringContaining('is no JSON object') });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('s3cret');
  });

  test('a federation file that lacks its audience is told as that, not in the words of a bug', async () => {
    await expect(open({ credentials_file: write({ type: 'external_account' }) })).rejects.toMatchObject({
      code: 'no_credentials',
      message: expect.stringContaining('lacks what its type needs'),
    });
  });

  test('without a key is told as a credential that is missing', async () => {
    await expect(open({ credentials_file: write({ type: 'service_account' }) })).rejects.toMatchObject({
      code: 'no_credentials',
    });
  });
});

describe('federation', () => {
  test("exchanges the pod's token, read anew each time, and counts on the quota project", async () => {
    const { url, asked } = await serve({ '/v1/token': [issue('first'), issue('second')] });

    const credentials = await open({ credentials_file: write(federation(url)), quota_project: 'tools-project' });

    const headers = await credentials.readHeaders(new AbortController().signal);
    expect(headers).toMatchObject({ authorization: 'Bearer first', 'x-goog-user-project': 'tools-project' });
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toMatchObject({
      audience,
      subject_token: 'the-pod-token',
      scope: 'https://www.googleapis.com/auth/cloud-platform.read-only',
    });
    expect(asked).toHaveLength(1);
    expect(credentials.principal).toBe(audience);
  });

  test('gets a new token when the old one has been refused', async () => {
    const { url } = await serve({ '/v1/token': [issue('first'), issue('second')] });
    const credentials = await open({ credentials_file: write(federation(url)) });

    credentials.expire();

    expect(await readToken(credentials)).toBe('Bearer second');
  });

  test('that is refused, or has no token to show, is a credential that is missing', async () => {
    const refusal = { status: 400, body: { error: 'invalid_grant', error_description: 'The issuer is not trusted.' } };
    const { url } = await serve({ '/v1/token': [refusal] });

    const refused = await open({ credentials_file: write(federation(url)) }).catch((thrown: unknown) => thrown);
    const lost = open({ credentials_file: write(federation(url, { credential_source: { file: '/no/such/token' } })) });

    expect(refused).toMatchObject({
      code: 'no_credentials',
      cause: { message: expect.stringContaining('The issuer is not trusted') },
    });
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain('the-pod-token');
    await expect(lost).rejects.toMatchObject({ code: 'no_credentials' });
  });

  test.for([
    403, 200,
  ])('answered with a page of a proxy, with %i, says so and repeats nothing of it', async (status) => {
    const { url } = await serve({ '/v1/token': [{ status, body: '<html>s3cret</html>' }] });

    const refused = open({ credentials_file: write(federation(url)) });

    await expect(refused).rejects.toMatchObject({
      code: 'no_credentials',
      cause: { message: expect.stringMatching(/^(?!.*s3cret).*proxy/) },
    });
  });

  test('through a service account that the file names says who it is', async () => {
    const path = `/v1/projects/-/serviceAccounts/${reader}:generateAccessToken`;
    const token = { accessToken: 'of-the-account', expireTime: '2100-01-01T00:00:00Z' };
    const { url } = await serve({ '/v1/token': [issue('federated')], [path]: [{ body: token }] });

    const credentials = await open({
      credentials_file: write(federation(url, { service_account_impersonation_url: `${url}${path}` })),
    });

    expect(await readToken(credentials)).toBe('Bearer of-the-account');
    expect(credentials.principal).toBe(reader);
  });
});

describe('impersonation', () => {
  const path = `/v1/projects/-/serviceAccounts/${reader}:generateAccessToken`;

  test('asks with the source identity for a token that can only read', async () => {
    const token = { accessToken: 'of-the-account', expireTime: '2100-01-01T00:00:00Z' };
    const { url, asked } = await serve({ '/v1/token': [issue('federated')], [path]: [{ body: token }] });

    const credentials = await open({
      credentials_file: write(federation(url)),
      impersonate: reader,
      iam_endpoint: url,
    });

    expect(await readToken(credentials)).toBe('Bearer of-the-account');
    expect(credentials.principal).toBe(reader);
    expect(new URLSearchParams(asked[0]?.body).get('scope')).toBe('https://www.googleapis.com/auth/cloud-platform');
    expect(JSON.parse(asked[1]?.body ?? '')).toMatchObject({
      scope: ['https://www.googleapis.com/auth/cloud-platform.read-only'],
    });
    expect(asked[1]?.headers.authorization).toBe('Bearer federated');
  });

  test('that is refused says so', async () => {
    const refusal = {
      status: 403,
      body: { error: { status: 'PERMISSION_DENIED', message: 'iam.serviceAccounts.getAccessToken denied' } },
    };
    const { url } = await serve({ '/v1/token': [issue('federated')], [path]: [refusal] });

    const opened = open({ credentials_file: write(federation(url)), impersonate: reader, iam_endpoint: url });

    await expect(opened).rejects.toMatchObject({
      code: 'no_credentials',
      cause: { message: expect.stringContaining('unable to impersonate') },
    });
  });
});

describe('without a file', () => {
  test('where nothing gives credentials that is a clear error, and the process lives on', async () => {
    await expect(open({})).rejects.toMatchObject({
      name: 'ProviderError',
      code: 'no_credentials',
      message: expect.stringContaining('Workload Identity Federation'),
    });
  });

  test('the metadata server of a GKE pod gives token and name', async () => {
    const metadata = '/computeMetadata/v1/instance';
    const { url } = await serve({
      [`${metadata}/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform.read-only`]:
        [issue('of-the-pod')],
      [`${metadata}/service-accounts/default/email`]: [{ body: 'tools-project.svc.id.goog' }],
    });
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    vi.stubEnv('GCE_METADATA_HOST', new URL(url).host);

    const credentials = await open({});

    expect(await readToken(credentials)).toBe('Bearer of-the-pod');
    expect(credentials.principal).toBe('tools-project.svc.id.goog');
  });
});

test('a stop ends the wait for a token with the reason of the stop', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const controller = new AbortController();
  const reason = new Error('told to stop');
  server.once('request', () => controller.abort(reason));

  await expect(open({ credentials_file: write(federation(url)) }, controller.signal)).rejects.toBe(reason);
});
