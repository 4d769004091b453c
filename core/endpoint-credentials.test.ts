// Credentials from variables, files and token servers, and what is said when they cannot be had.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPrometheusFake } from '#testkit/prometheus/fake.ts';
import { secretMarker } from '#testkit/secrets.ts';
import type { Auth } from './endpoint-auth.ts';
import { principalOf, readAuthorization } from './endpoint-credentials.ts';
import { createHttpClient } from './http.ts';
import { describeError } from './redact.ts';

const signal = new AbortController().signal;

function read(auth: Auth) {
  const http = createHttpClient({ proxyEnv: {}, backoffMs: 1 });
  onTestFinished(() => http.close());
  return readAuthorization(auth, { http, timeoutMs: 2000, signal });
}

async function createFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'endpoint-credentials-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'secret');
  await writeFile(path, text);
  return path;
}

async function startOauth() {
  const fake = await openPrometheusFake();
  onTestFinished(() => fake.close());
  const client_secret = `${secretMarker}/+ ü`;
  // Encoded as RFC 6749 wants it.
  const encoded = new URLSearchParams({ _: client_secret }).toString().slice(2);
  fake.world.access = { mode: 'oauth', client_id: 'inventory', client_secret: encoded };
  const client = {
    token_url: fake.token_url,
    client_id: 'inventory',
    client_secret: { value: client_secret },
    scopes: ['read'],
    audience: undefined,
  };
  return { fake, client };
}

test('no authentication is no header', async () => {
  expect(await read({ mode: 'none' })).toEqual({});
});

test('a user and a password are a Basic header, the password from a file without its line break', async () => {
  const password = { file: await createFile(`${secretMarker} with blanks\n`) };

  const { authorization = '' } = await read({ mode: 'basic', username: 'ops', password });

  expect(Buffer.from(authorization.slice('Basic '.length), 'base64').toString()).toBe(
    `ops:${secretMarker} with blanks`,
  );
});

test('a token is a Bearer header', async () => {
  expect(await read({ mode: 'token', token: { value: 'abc' } })).toEqual({ authorization: 'Bearer abc' });
});

test('an OAuth client is given a token for its secret', async () => {
  const { fake, client } = await startOauth();

  const { authorization } = await read({ mode: 'oauth', client });

  expect([...fake.world.tokens].map((token) => `Bearer ${token}`)).toEqual([authorization]);
});

test('a wrong client secret is told by the word of the token server and without a secret', async () => {
  const { client } = await startOauth();
  const wrong = { ...client, client_secret: { value: `${secretMarker}wrong` } };

  const error: unknown = await read({ mode: 'oauth', client: wrong }).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ code: 'credentials_refused', status: 401 });
  expect(describeError(error)).toContain('401 invalid_client');
  expect(describeError(error)).not.toContain(secretMarker);
});

test('a token server that is not there is told', async () => {
  const { client } = await startOauth();
  const gone = { ...client, token_url: 'http://127.0.0.1:9/token' };

  await expect(read({ mode: 'oauth', client: gone })).rejects.toMatchObject({ code: 'unreachable' });
});

test.for([
  ['is not there', undefined],
  ['is empty', ''],
  ['has two lines', `${secretMarker}\nx`],
  ['holds what no header can', `${secretMarker}€`],
  ['holds more than a token', `Bearer ${secretMarker}`],
])('a file that %s is told by its name', async ([, text]) => {
  const file = text === undefined ? '/nowhere/token' : await createFile(text);

  const error: unknown = await read({ mode: 'token', token: { file } }).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ code: 'no_credentials' });
  expect(describeError(error)).toContain(file);
  expect(describeError(error)).not.toContain(secretMarker);
});

test('the principal is a user or a client, never a token', () => {
  expect(principalOf({ mode: 'none' })).toBeNull();
  expect(principalOf({ mode: 'token', token: { value: 'abc' } })).toBeNull();
  expect(principalOf({ mode: 'basic', username: 'ops', password: { value: 'x' } })).toBe('ops');
});
