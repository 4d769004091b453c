// The read API behind an auth proxy that is not ours: Apache's mod_auth_openidc logs people in at oidc-provider and passes their ID token on.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pickPort } from '#testkit/pick-port.ts';
import { type Apache, callbackOf, hasApache, openApache } from './apache.ts';
import { openAws } from './aws.ts';
import { type Browser, openBrowser, type Page } from './browser.ts';
import { type CheckedDatabase, databases } from './databases.ts';
import { type Api, inventory, serveApi } from './inventory.ts';
import { findProvider, type IndependentProvider, logIn, openProvider, site } from './oidc-provider.ts';

const isSkipped = findProvider() === undefined || !(await hasApache());

// Short, so that a check lives through several tokens, and long enough for a busy machine to use one.
const livesSeconds = 8;
const refreshSeconds = 5;

const [{ open }] = databases;

describe.skipIf(isSkipped)('the read API behind mod_auth_openidc', () => {
  let folder: string;
  let database: CheckedDatabase;
  let provider: IndependentProvider;
  let api: Api;
  let apache: Apache;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
    database = await open();
    const aws = await openAws(20);
    const collected = await inventory({ ...aws.addCaller().variables, ...database.collector }, 'collect', 'aws');
    expect(collected).toMatchObject({ code: 0 });
    await aws.fake.close();
    const port = await pickPort();
    const claimsOf = (subject: string) => ({
      tenant: subject === 'eve' ? 'globex' : 'default',
      groups: subject === 'guest' ? [] : ['platform-team'],
    });
    provider = await openProvider({ redirectUri: callbackOf(port), claimsOf, livesSeconds });
    const parts = [
      `issuer: '${provider.issuer}', audience: ${site.id}`,
      'scopes_claim: groups, scopes: { platform-team: [inventory:read] }, clock_skew: 0s',
    ];
    api = await serveApi(database.api, { folder, auth: `{ mode: oidc, ${parts.join(', ')} }` });
    apache = await openApache({ port, upstream: api.url, issuer: provider.issuer, client: site, refreshSeconds });
  });
  afterAll(async () => {
    await apache?.close();
    await api?.stop();
    await provider?.close();
    await database?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const accounts = (below = '') => `${apache.url}${below}/api/v1/accounts`;

  /** A browser in which somebody has logged in, and the page that this led to. */
  async function enter(subject: string, url = accounts()): Promise<{ browser: Browser; page: Page }> {
    const browser = openBrowser();
    return { browser, page: await logIn(browser, await browser.open(url), subject) };
  }

  const bearer = async () => ({ Authorization: `Bearer ${await provider.fetchToken('inventory:read')}` });

  test.for([
    '/api/v1/accounts',
    '/openapi.json',
    '/metrics',
    '/readyz',
    '/',
  ])('%s leads who is not logged in to the issuer', async (path) => {
    const page = await openBrowser().open(`${apache.url}${path}`, { until: provider.issuer });

    expect(page.status).toBe(302);
    expect(page.url).toMatch(`${provider.issuer}/auth?`);
    expect(page.url).toContain('code_challenge_method=S256');
  });

  test('a program that is not logged in is told so and led nowhere', async () => {
    const answer = await fetch(accounts(), { redirect: 'manual', headers: { accept: 'application/json' } });

    expect(answer.status).toBe(401);
  });

  test('after the login the page that was asked for is there', async () => {
    const { page } = await enter('ada');

    expect([page.status, page.url]).toEqual([200, accounts()]);
    expect(JSON.parse(page.text)).toHaveLength(20);
  });

  test('who lacks the group is known, and is refused by the API', async () => {
    const { page } = await enter('guest');

    expect(page.status).toBe(403);
    expect(JSON.parse(page.text)).toMatchObject({ code: 'insufficient_scope' });
  });

  test("another tenant's people see nothing", async () => {
    const { page } = await enter('eve');

    expect([page.status, page.text]).toEqual([200, '[]']);
  });

  test('a token of somebody else opens nothing, without a login', async () => {
    const page = await openBrowser().open(accounts(), { headers: await bearer(), until: provider.issuer });

    expect([page.status, page.url]).toEqual([302, expect.stringContaining(`${provider.issuer}/auth?`)]);
  });

  test('a token of somebody else is not passed on, after a login', async () => {
    const { browser } = await enter('eve');

    const answers = [
      await browser.open(accounts(), { headers: await bearer() }),
      await browser.open(accounts(), { headers: { Authorization: 'Basic YWRhOmFkYQ==' } }),
      await browser.open(accounts(), {
        headers: { 'X-Forwarded-User': 'ada', OIDC_id_token: 'x', 'OIDC-id-token': 'x' },
      }),
    ];

    // Eve's own tenant each time: neither all of ours, nor a refusal.
    expect(answers.map(({ status, text }) => [status, text])).toEqual(Array(3).fill([200, '[]']));
  });

  test('a session goes on past the end of its first token, for the proxy fetches the next one in time', async () => {
    const { browser } = await enter('ada');
    const before = provider.countRequests('/token');
    const endsMs = performance.now() + 3 * livesSeconds * 1000;
    const statuses: number[] = [];

    await expect
      .poll(
        async () => {
          statuses.push((await browser.open(accounts())).status);
          return performance.now() > endsMs;
        },
        { interval: 500, timeout: 120_000 },
      )
      .toBe(true);

    expect(statuses.length).toBeGreaterThan(3);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(provider.countRequests('/token') - before).toBeGreaterThan(1);
  });

  test('without that the API refuses what the proxy goes on to send', async () => {
    const { browser, page } = await enter('ada', accounts('/stale'));
    expect(page.status).toBe(200);

    await expect
      .poll(async () => (await browser.open(accounts('/stale'))).status, { interval: 1000, timeout: 60_000 })
      .toBe(401);

    expect((await browser.open(accounts('/stale'))).headers['www-authenticate']).toContain('the token has expired');
  });

  test('no token is in the log of the proxy', async () => {
    expect(await apache.readLog()).not.toMatch(/eyJ[\w-]+\.eyJ/);
  });
});
