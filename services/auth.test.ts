// Who gets in: tokens, rights, and the loopback rule of mode none.
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type AuthConfig, authSchema } from '#core/config.ts';
import { hashText } from '#core/json.ts';
import { type Auth, authorize, authProblems } from './auth.ts';
import type { AppEnv } from './env.ts';

const auth: AuthConfig & Auth = {
  mode: 'token',
  tokens: [
    { name: 'reader', sha256: hashText('token-of-reader'), tenant: 'acme', scopes: ['inventory:read'] },
    { name: 'seeder', sha256: hashText('token-of-seeder'), tenant: 'acme', scopes: ['inventory:seed'] },
  ],
};

function createGuarded(config: Auth) {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('traceId', 'f'.repeat(32));
    await next();
  });
  app.use(authorize(config, 'default', 'inventory:read'));
  app.get('/', (c) => c.json(c.var.identity));
  return app;
}

async function get(config: Auth, authorization?: string, url = '/') {
  const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
  return await createGuarded(config).request(url, { headers });
}

describe('mode token', () => {
  test('a known token is its tenant and its rights', async () => {
    const response = await get(auth, 'Bearer token-of-reader');

    expect(await response.json()).toEqual({ name: 'reader', tenant_id: 'acme', scopes: ['inventory:read'] });
  });

  test('the scheme is compared without case', async () => {
    expect((await get(auth, 'bearer token-of-reader')).status).toBe(200);
  });

  test('without a token it is a 401 that names the scheme and no error', async () => {
    const response = await get(auth);

    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="inventory"');
    expect(await response.json()).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  test.for([
    'Bearer token-of-nobody',
    'Bearer token-of-reader2',
    'Bearer token-of-reade',
    'Bearer ',
    'Bearer',
    'Basic dG9rZW4tb2YtcmVhZGVyOg==',
    'token-of-reader',
    `Bearer ${hashText('token-of-reader')}`,
  ])('%s is a 401 that says so', async (authorization) => {
    const response = await get(auth, authorization);

    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toContain('error="invalid_token"');
  });

  test('a token without the right is a 403 that names the right', async () => {
    const response = await get(auth, 'Bearer token-of-seeder');

    expect(response.status).toBe(403);
    expect(response.headers.get('WWW-Authenticate')).toContain('scope="inventory:read"');
    expect(await response.json()).toMatchObject({ status: 403, code: 'insufficient_scope' });
  });
});

describe('mode none', () => {
  test.for(['http://localhost/', 'http://127.0.0.1:8080/', 'http://[::1]:8080/'])('%s is answered', async (url) => {
    const response = await get({ mode: 'none' }, undefined, url);

    expect(await response.json()).toMatchObject({ tenant_id: 'default', scopes: 'all' });
  });

  test.for([
    'http://rebound.example/',
    'http://127.0.0.1.example/',
    'http://192.0.2.1/',
  ])('%s, which a foreign page may have let point here, is refused', async (url) => {
    const response = await get({ mode: 'none' }, undefined, url);

    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'host_refused' });
  });

  test('is a problem of the configuration unless every listener is on loopback', () => {
    expect(authProblems('api', { mode: 'none' }, ['127.0.0.1', '::1', 'localhost', '127.9.9.9'])).toEqual([]);
    expect(authProblems('api', { mode: 'none' }, ['127.0.0.1', '0.0.0.0'])).toMatchObject([{ key: 'api.auth.mode' }]);
    expect(authProblems('ingest', auth, ['0.0.0.0'])).toEqual([]);
    expect(authProblems('ingest', { mode: 'none' }, ['0.0.0.0'])).toMatchObject([{ key: 'ingest.auth.mode' }]);
    const oidc = authSchema.parse({ mode: 'oidc', issuer: 'https://idp.example', audience: 'inventory' });
    expect(authProblems('api', oidc, ['0.0.0.0'])).toEqual([]);
  });

  test.for([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.example',
    'localhost.example',
    '',
    '127.1',
    'LOCALHOST ',
  ])('is a problem on %j, which is not loopback', (host) => {
    expect(authProblems('api', { mode: 'none' }, [host])).toHaveLength(1);
  });
});
