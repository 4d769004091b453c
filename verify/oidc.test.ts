// Tokens of an issuer that is not ours, oidc-provider, at the running read API: rotation, refusals, and an issuer that is away.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listen } from '#testkit/loopback-server.ts';
import { openAws } from './aws.ts';
import { type Browser, openBrowser } from './browser.ts';
import { type CheckedDatabase, databases } from './databases.ts';
import { type Api, inventory, serveApi } from './inventory.ts';
import { findProvider, type IndependentProvider, logIn, openProvider, site } from './oidc-provider.ts';

const redirectUri = 'http://127.0.0.1/callback';
const isSkipped = findProvider() === undefined;

describe.skipIf(isSkipped).for(databases)('the read API on $dialect, by tokens of oidc-provider', ({ open }) => {
  let folder: string;
  let database: CheckedDatabase;
  let provider: IndependentProvider;
  let api: Api;
  let tenant = 'default';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
    database = await open();
    const aws = await openAws(20);
    expect(await inventory({ ...aws.addCaller().variables, ...database.collector }, 'collect', 'aws')).toMatchObject({
      code: 0,
    });
    await aws.fake.close();
    const claimsOf = (subject: string) => ({ tenant, groups: subject === 'ada' ? ['platform-team'] : ['guests'] });
    provider = await openProvider({ redirectUri, claimsOf, livesSeconds: 300 });
    api = await serve(provider.issuer);
  });
  afterAll(async () => {
    await api?.stop();
    await provider?.close();
    await database?.close();
    await rm(folder, { recursive: true, force: true });
  });

  function serve(issuer: string, more = 'audience: inventory'): Promise<Api> {
    return serveApi(database.api, { folder, auth: `{ mode: oidc, issuer: '${issuer}', ${more} }` });
  }

  async function get(path: string, token: string, { url } = api): Promise<Response> {
    const headers = { Authorization: `Bearer ${token}` };
    return await fetch(new URL(path, url), { headers, signal: AbortSignal.timeout(20_000) });
  }

  test('a machine reads by its credentials what its scope allows', async () => {
    const accounts = await get('/api/v1/accounts', await provider.fetchToken('inventory:read'));
    expect(accounts.status).toBe(200);
    expect(await accounts.json()).toHaveLength(20);

    expect((await get('/metrics', await provider.fetchToken('inventory:read'))).status).toBe(403);
    expect((await get('/metrics', await provider.fetchToken('inventory:metrics'))).status).toBe(200);
  });

  test("another tenant's token sees nothing", async () => {
    onTestFinished(() => {
      tenant = 'default';
    });
    tenant = 'globex';

    const accounts = await get('/api/v1/accounts', await provider.fetchToken('inventory:read'));

    expect([accounts.status, await accounts.json()]).toEqual([200, []]);
  });

  test('a key that the issuer changes to is found, and the old one holds on', async () => {
    const mine = await openProvider({
      redirectUri,
      claimsOf: () => ({ tenant }),
      livesSeconds: 300,
    });
    onTestFinished(() => mine.close());
    const its = await serve(mine.issuer);
    onTestFinished(async () => void (await its.stop()));
    const old = await mine.fetchToken('inventory:read');
    expect((await get('/api/v1/accounts', old, its)).status).toBe(200);

    await mine.rotateKeys();
    const young = await mine.fetchToken('inventory:read');

    // Until the cooldown is over nobody asks the issuer again.
    await expect
      .poll(async () => (await get('/api/v1/accounts', young, its)).status, { timeout: 20_000, interval: 500 })
      .toBe(200);
    expect((await get('/api/v1/accounts', old, its)).status).toBe(200);
    expect(mine.countRequests('/jwks')).toBe(2);
  });

  test('what comes from another issuer, or is meant for another audience, is a 401', async () => {
    const other = await openProvider({ redirectUri, claimsOf: () => ({ tenant }), livesSeconds: 300 });
    onTestFinished(() => other.close());
    const elsewhere = await serve(provider.issuer, 'audience: [grafana, prometheus]');
    onTestFinished(async () => void (await elsewhere.stop()));
    const own = await provider.fetchToken('inventory:read');

    const answers = [
      await get('/api/v1/accounts', await other.fetchToken('inventory:read')),
      await get('/api/v1/accounts', own, elsewhere),
    ];

    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    const challenges = answers.map(({ headers }) => headers.get('www-authenticate'));
    expect(challenges).toEqual([
      // Its key has the same name as one of ours.
      expect.stringContaining('the signature of the token does not hold'),
      expect.stringContaining('the token is meant for somebody else'),
    ]);
  });

  test("a person's ID token, from a login by code, reads what the person's groups stand for", async () => {
    const its = await serve(
      provider.issuer,
      'audience: console, scopes_claim: groups, scopes: { platform-team: [inventory:read] }',
    );
    onTestFinished(async () => void (await its.stop()));
    const browser = openBrowser();
    const question = { client_id: site.id, redirect_uri: redirectUri, response_type: 'code', scope: 'openid' };
    const tokenOf = async (subject: string, person: Browser) => {
      const login = await person.open(
        `${provider.issuer}/auth?${new URLSearchParams({ ...question, nonce: subject })}`,
      );
      const { url } = await logIn(person, login, subject, { until: redirectUri });
      return await provider.redeem(new URL(url).searchParams.get('code') ?? '');
    };

    const ada = await tokenOf('ada', browser);
    const guest = await tokenOf('guest', openBrowser());

    expect(await (await get('/api/v1/accounts', ada.id_token, its)).json()).toHaveLength(20);
    expect((await get('/api/v1/accounts', guest.id_token, its)).status).toBe(403);
    // What is meant for the issuer's own userinfo says nothing to us.
    expect((await get('/api/v1/accounts', ada.access_token, its)).status).toBe(401);
    // An ID token is for who logged in the person, here the console.
    expect((await get('/api/v1/accounts', ada.id_token)).status).toBe(401);
  });

  test('an issuer that leaves everybody waiting makes a 503, after seconds, and leaves the service ready', async () => {
    const silent = createServer(() => undefined);
    const issuer = `http://127.0.0.1:${await listen(silent, 0)}`;
    onTestFinished(() => {
      silent.close();
      silent.closeAllConnections();
    });
    const its = await serve(issuer);
    onTestFinished(async () => void (await its.stop()));
    const token = await provider.fetchToken('inventory:read');

    expect((await fetch(new URL('/readyz', its.url))).status).toBe(200);
    const answer = await get('/api/v1/accounts', token, its);

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10']);
    expect((await get('/api/v1/accounts', token, its)).status).toBe(503);
    expect((await fetch(new URL('/readyz', its.url))).status).toBe(200);
  });
});
