// The chart on a real cluster, in a namespace that enforces Pod Security *restricted*: installed, run by its own schedules,
// asked with an issuer's tokens, upgraded.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Answer, type Client, openClient } from './client.ts';
import { awaitEnd, awaitScheduled } from './jobs.ts';
import { names, openStand, type Stand } from './stand.ts';

const accounts = 60;
const everyMinute = { suspend: false, schedule: '* * * * *' };

let stand: Stand;
let client: Client;
let tenant = 'default';
/** A token that is to have expired when it is used, and when the last clock will think so. */
let expired: { readonly token: string; readonly atMs: number };

beforeAll(async () => {
  stand = await openStand({ accounts, tenant: () => tenant });
  const token = await stand.issuer.fetchToken('inventory:read', { livesSeconds: 1 });
  expired = { token, atMs: Date.now() + 1000 + 60_000 };
});
afterAll(() => stand.close());

/** A real token, of the issuer's token endpoint. */
async function fetchToken(scope: string, { of = 'default', audience = 'inventory' } = {}): Promise<string> {
  tenant = of;
  return await stand.issuer.fetchToken(scope, { audience });
}

async function get(path: string, token: string | null): Promise<Answer> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const [answer] = await client.ask({ url: `http://${names.api}${path}`, headers });
  return answer ?? expect.unreachable();
}

const accountsSchema = z.array(z.object({ id: z.string(), name: z.string(), status: z.string() }));

async function readAccounts(): Promise<z.output<typeof accountsSchema>> {
  const path = '/api/v1/accounts?fields=id,name,status&limit=1000';
  const { status, text } = await get(path, await fetchToken('inventory:read'));
  expect(status, text).toBe(200);
  return accountsSchema.parse(JSON.parse(text));
}

function reported() {
  const all = [...stand.organization.accounts.values()].map(({ id, name, state }) => ({ id, name, status: state }));
  return all.sort((a, b) => a.id.localeCompare(b.id));
}

test('it installs: the database is migrated, and API and ingest become ready', async () => {
  const { code, stderr } = await stand.install({ collectors: { aws: everyMinute }, prune: everyMinute });

  expect(stderr).not.toContain('would violate PodSecurity');
  expect(code, stderr).toBe(0);
});

test('its own smoke test passes', async () => {
  const { code, stdout, stderr } = await stand.namespace.helm('test', '--logs');

  expect(code, stdout + stderr).toBe(0);
});

test('a CronJob fires on its schedule, its pod ends 0, and its accounts are read with a token of the issuer', async () => {
  const job = await awaitEnd(stand.namespace, await awaitScheduled(stand.namespace, names.aws, new Date(0)));
  client = await openClient(stand.namespace, 'client');

  expect(job.scheduledFor?.getUTCSeconds()).toBe(0);
  expect({ ...job, log: '' }).toMatchObject({ succeeded: true, exitCodes: [0] });
  expect(job.log).toMatch(/"event":"run_finished".*"outcome":"complete"/);
  expect((await readAccounts()).sort((a, b) => a.id.localeCompare(b.id))).toEqual(reported());
});

test('pruning fires on its schedule, and its pod ends 0', async () => {
  const job = await awaitEnd(stand.namespace, await awaitScheduled(stand.namespace, names.prune, new Date(0)));

  expect({ ...job, log: '' }).toMatchObject({ succeeded: true, exitCodes: [0] });
});

test('missing and wrong tokens are a 401 that says why', async () => {
  await new Promise((resolve) => setTimeout(resolve, expired.atMs - Date.now()));
  const good = await fetchToken('inventory:read');
  const [header, , signature] = good.split('.');
  const payload = Buffer.from(JSON.stringify({ sub: 'me', tenant: 'default', scope: 'inventory:read' }));
  const wrong: Readonly<Record<string, [token: string | null, told: string]>> = {
    missing: [null, 'Bearer realm="inventory"'],
    garbage: ['garbage', 'not a signed JSON Web Token'],
    expired: [expired.token, 'the token has expired'],
    'meant for somebody else': [await fetchToken('inventory:read', { audience: 'grafana' }), 'meant for somebody else'],
    forged: [`${header}.${payload.toString('base64url')}.${signature}`, 'the signature of the token does not hold'],
  };

  expect((await get('/api/v1/accounts', good)).status).toBe(200);
  for (const [name, [token, told]] of Object.entries(wrong)) {
    const { status, challenge, text } = await get('/api/v1/accounts', token);
    expect([status, challenge], name).toEqual([401, expect.stringContaining(told)]);
    expect(text, name).not.toContain(stand.organization.management_account_id);
  }
});

test('a token without the scope is a 403, and one of another tenant sees nothing', async () => {
  const one = `/api/v1/accounts/aws/${stand.organization.management_account_id}`;
  const foreign = await fetchToken('inventory:read', { of: 'globex' });

  expect((await get(one, await fetchToken('inventory:read'))).status).toBe(200);
  expect((await get(one, await fetchToken('inventory:seed'))).status).toBe(403);
  expect(await get('/api/v1/accounts', foreign)).toMatchObject({ status: 200, text: '[]' });
  expect((await get(one, foreign)).status).toBe(404);
});

test('what is pasted into ingest with a token is read through the API, by its tenant alone', async () => {
  const seed = { id: 'pasted', kind: 'prometheus', url: 'https://prometheus.example:9090' };
  const post = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const question = { url: `http://${names.ingest}/api/v1/monitoring`, method: 'POST', headers };
    const [answer] = await client.ask({ ...question, body: JSON.stringify(seed) });
    return answer?.status;
  };

  expect(await post('garbage')).toBe(401);
  expect(await post(await fetchToken('inventory:read'))).toBe(403);
  expect(await post(await fetchToken('inventory:seed', { of: 'globex' }))).toBe(200);
  expect((await get('/api/v1/monitoring/pasted', await fetchToken('inventory:read'))).status).toBe(404);
  expect(await post(await fetchToken('inventory:seed'))).toBe(200);
  const { status, text } = await get('/api/v1/monitoring/pasted', await fetchToken('inventory:read'));
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ ...seed, status: 'unknown', scope: 'seed:pasted' });
});

test('it upgrades in place, and nothing that was collected is lost', async () => {
  const before = await readAccounts();
  const { code, stderr } = await stand.install({ logLevel: 'debug' });

  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain('would violate PodSecurity');
  expect(await readAccounts()).toEqual(before);
  const history = await stand.namespace.kubectl(['get', 'secrets', '-l', 'owner=helm', '-o', 'name']);
  expect(history.trim().split('\n')).toHaveLength(2);
});
