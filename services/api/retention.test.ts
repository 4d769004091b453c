// What the API answers about a past that was pruned, on both databases: a clear refusal, and never a wrong or shortened answer.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import type { App } from '#services/app.ts';
import { problemSchema } from '#services/problem.ts';
import { account, newActor, node, run } from '#store/scenario.contract.ts';
import { databases, type TestStore } from '#store/stores.contract.ts';
import { createApi } from './api.ts';

const beforeAnything = '2020-01-01T00:00:00Z';

describe.for(databases)('a pruned past over HTTP on $dialect', ({ open }) => {
  const actor = newActor();
  let store: TestStore;
  let app: App;
  let passedCursor: string;
  let quietCursor: string;

  beforeAll(async () => {
    store = await open();
    const options = { clock: systemClock, log: createLogger({ level: 'silent' }), reader: store.reader, ops: false };
    const rest = { schemaVersionExpected: 1, version: '1.2.3', stopping: new AbortController().signal };
    ({ app } = createApi({ ...options, ...rest, auth: { mode: 'none' }, tenant: actor.tenant }));
    await run(store.writer, actor, [account('1', { name: 'a' }), account('2'), node('ou-1', { name: 'ou' })]);
    await store.settle();
    passedCursor = await cursorOf('/api/v1/events?limit=2');
    quietCursor = await cursorOf('/api/v1/events?event_type=org_node.discovered');
    await run(store.writer, actor, [account('1', { name: 'b' }), account('2'), node('ou-1', { name: 'ou' })]);
    await run(store.writer, actor, [account('1', { name: 'c' }), account('2'), node('ou-1', { name: 'ou' })]);
    await store.settle();
    const before = new Date(Date.now() + 60_000).toISOString();
    for (const what of ['versions', 'events'] as const) {
      await store.pruner.prune(what, { tenant_id: actor.tenant, before, limit: 1000 });
    }
    await run(store.writer, actor, [account('1', { name: 'd' }), account('2'), node('ou-1', { name: 'ou' })]);
    await store.settle();
  });

  afterAll(() => store?.close());

  const request = async (path: string, headers: Record<string, string> = {}) =>
    await app.request(`http://localhost${path}`, { headers });

  async function cursorOf(path: string): Promise<string> {
    return /cursor=([^&>]+)/.exec((await request(path)).headers.get('Link') ?? '')?.[1] ?? '';
  }

  async function refusalOf(path: string, headers: Record<string, string> = {}) {
    const response = await request(path, headers);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    return problemSchema.parse(await response.json());
  }

  test.for([
    '/api/v1/accounts?as_of=',
    '/api/v1/accounts/aws/1?as_of=',
    '/api/v1/accounts/aws/nobody?as_of=',
    '/api/v1/org-nodes?as_of=',
    '/api/v1/org-nodes/o-1%2Fou-1?as_of=',
    '/api/v1/org-nodes/o-1/ou-1?as_of=',
    '/api/v1/diff?from=',
    `/api/v1/diff?to=${beforeAnything}&kind=org_node&from=`,
  ])('%s before the horizon is a 400 that tells the earliest time, which is answered', async (path) => {
    const problem = await refusalOf(`${path}${beforeAnything}`);

    expect(problem).toMatchObject({ status: 400, code: 'history_pruned' });
    expect(problem.detail).toMatch(path.startsWith('/api/v1/diff') ? /^from: / : /^as_of: /);
    const [earliest = ''] = /\d{4}-\S+Z$/.exec(problem.detail) ?? [];
    const answered = await request(`${path.replace(/to=[^&]+&/, '')}${earliest}`);
    expect(answered.status).toBe(path.includes('nobody') ? 404 : 200);
  });

  test('the earliest time shows what was recorded then, and the difference since then what changed', async () => {
    const { detail } = await refusalOf(`/api/v1/accounts?as_of=${beforeAnything}`);
    const [earliest = ''] = /\d{4}-\S+Z$/.exec(detail) ?? [];

    const [first] = z.array(z.unknown()).parse(await (await request(`/api/v1/accounts?as_of=${earliest}`)).json());
    const differences = z.array(z.unknown()).parse(await (await request(`/api/v1/diff?from=${earliest}`)).json());

    expect(first).toMatchObject({ id: '1', name: 'c' });
    expect(differences).toMatchObject([{ key: 'aws/1', fields: [{ path: '/name', from: 'c', to: 'd' }] }]);
  });

  test.for(['text/csv', 'application/x-ndjson'])('an export as %s of a pruned time is refused too', async (Accept) => {
    for (const path of ['/api/v1/accounts?as_of=', '/api/v1/diff?from=']) {
      expect(await refusalOf(`${path}${beforeAnything}`, { Accept })).toMatchObject({ code: 'history_pruned' });
    }
  });

  test('a cursor of the log that was passed is a 410, and without one the log begins at the oldest that is kept', async () => {
    expect(await refusalOf(`/api/v1/events?limit=2&cursor=${passedCursor}`)).toMatchObject({
      status: 410,
      code: 'events_pruned',
      detail: expect.stringContaining('begin the log without a cursor'),
    });
    const events = await (await request('/api/v1/events')).json();
    expect(events).toMatchObject([{ event_type: 'account.updated', payload: { id: '1' } }]);
  });

  test('a cursor of a type of which nothing was pruned since goes on', async () => {
    const response = await request(`/api/v1/events?event_type=org_node.discovered&cursor=${quietCursor}`);

    expect([response.status, await response.json()]).toEqual([200, []]);
  });

  test('a stream is refused before it begins, so that no client comes back for ever', async () => {
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': passedCursor };

    expect(await refusalOf('/api/v1/events', headers)).toMatchObject({ status: 410, code: 'events_pruned' });
  });
});
