// Tests of the API's questions about time on both databases: the event log, its stream, and the difference of two times.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventSchema } from '#contracts/events.ts';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import type { App } from '#services/app.ts';
import { account, newActor, node, run } from '#store/scenario.contract.ts';
import { databases, type TestStore } from '#store/stores.contract.ts';
import { createApi } from './api.ts';

const eventsSchema = z.array(eventSchema);
const differencesSchema = z.array(
  z.strictObject({
    kind: z.string(),
    key: z.string(),
    change: z.string(),
    fields: z.array(z.strictObject({ path: z.string(), from: z.unknown().optional(), to: z.unknown().optional() })),
  }),
);

describe.for(databases)('time over HTTP on $dialect', ({ open }) => {
  const actor = newActor();
  const stopping = new AbortController();
  let store: TestStore;
  let app: App;
  let openApp: (tenant: string) => App;
  let between: string;

  beforeAll(async () => {
    store = await open();
    const options = { clock: systemClock, log: createLogger({ level: 'silent' }), reader: store.reader, ops: false };
    const rest = { schemaVersionExpected: 1, version: '1.2.3', stopping: stopping.signal };
    openApp = (tenant) => createApi({ ...options, ...rest, auth: { mode: 'none' }, tenant }).app;
    app = openApp(actor.tenant);
    const kept = [account('2', { name: 'kept' }), account('3', { name: 'kept' })];
    const before = account('1', { name: 'before', tags: { env: 'dev' }, parent_id: 'o-1/r-1' });
    await run(store.writer, actor, [before, ...kept, node('ou-1', { name: 'ou' })]);
    between = await latestTime();
    await run(store.writer, actor, [account('1', { name: 'after', tags: {}, parent_id: 'o-1/ou-1' }), ...kept]);
    await run(store.writer, actor, [account('4', { name: 'new' }), account('1'), ...kept.slice(1)]);
    await run(store.writer, actor, [account('4', { name: 'new' }), account('1'), ...kept.slice(1)]);
    await store.settle();
  });

  afterAll(() => store?.close());

  async function latestTime(): Promise<string> {
    const rows = await (await app.request('http://localhost/api/v1/accounts?sort=-valid_from')).json();
    return z.array(z.object({ valid_from: z.string() })).parse(rows)[0]?.valid_from ?? '';
  }

  async function get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    const response = await app.request(`http://localhost${path}`);
    expect([path, response.status]).toEqual([path, 200]);
    return schema.parse(await response.json());
  }

  test('the log is exactly the envelopes, oldest first, and its link goes on at the end too', async () => {
    const types: string[] = [];
    let url: string | undefined = '/api/v1/events?limit=3';
    for (let page = 0; page < 5 && url; page += 1) {
      const response: Response = await app.request(`http://localhost${url}`);
      types.push(...eventsSchema.parse(await response.json()).map(({ event_type }) => event_type));
      url = /^<(.+)>; rel="next"$/.exec(response.headers.get('Link') ?? '')?.[1];
    }

    expect(types.slice(4)).toEqual(['account.moved', 'account.discovered', 'account.vanished']);
    expect(types.slice(0, 4).sort()).toEqual([...Array(3).fill('account.discovered'), 'org_node.discovered']);
    expect(url).toContain('cursor=');
  });

  test('the log is filtered, exported, and refuses the cursor of another filter', async () => {
    expect(await get('/api/v1/events?event_type=account.moved', eventsSchema)).toHaveLength(1);
    const csv = await app.request('http://localhost/api/v1/events', { headers: { Accept: 'text/csv' } });
    expect((await csv.text()).split('\r\n').filter(Boolean)).toHaveLength(8);
    const first = await app.request('http://localhost/api/v1/events?limit=1');
    const cursor = /cursor=([^&>]+)/.exec(first.headers.get('Link') ?? '')?.[1];
    const other = await app.request(`http://localhost/api/v1/events?event_type=account.moved&cursor=${cursor}`);
    expect(other.status).toBe(400);
  });

  test('a difference says what became of each record, leaves out what is as it was, and is asked of one kind', async () => {
    const { tenant, ...rest } = newActor();
    const see = (...accounts: ReturnType<typeof account>[]) => run(store.writer, { tenant, ...rest }, accounts);
    const stays = ['5', '6', '7', '8'].map((id) => account(id));
    const moving = (parent_id: string) => account('3', { parent_id });
    await see(account('1', { name: 'a' }), account('2', { name: 'a' }), moving('ou-1'), account('4'), ...stays);
    for (let again = 0; again < 2; again += 1)
      await see(account('1', { name: 'a' }), account('2', { name: 'a' }), moving('ou-1'), ...stays);
    const json = await store.reader.getAccount({ tenant_id: tenant, provider: 'aws', id: '4' });
    const { vanished_at: from } = z.object({ vanished_at: z.string() }).parse(JSON.parse(json ?? ''));
    await see(account('1', { name: 'b' }), account('2', { name: 'b' }), moving('ou-2'), account('4'), ...stays);
    await see(account('1', { name: 'b' }), account('2', { name: 'a' }), moving('ou-2'), account('4'), ...stays);
    await see(...['1', '2', '3', '4'].map((id) => account(id)), ...stays, node('ou-1'));

    const path = `http://localhost/api/v1/diff?from=${from}`;
    const ask = async (query: string) =>
      differencesSchema.parse(await (await openApp(tenant).request(`${path}${query}`)).json());

    expect((await ask('&kind=account')).map(({ key, change }) => [key, change])).toEqual([
      ['aws/1', 'updated'],
      ['aws/3', 'moved'],
      ['aws/4', 'returned'],
    ]);
    expect(await ask('&kind=org_node')).toMatchObject([{ key: 'o-1/ou-1', change: 'discovered' }]);
  });

  test('a stream sends what is there, then what is written, and goes on after the last id', async () => {
    const stream = await openStream({});
    const before = await stream.take(7);
    await run(store.writer, actor, [account('4', { name: 'renamed' }), account('1'), account('3')]);
    const [written] = await stream.take(1);
    await stream.close();

    const resumed = await openStream({ 'Last-Event-ID': before.at(-1)?.id ?? '' });
    const [again] = await resumed.take(1);
    await resumed.close();

    expect(written).toMatchObject({ event: 'account.updated' });
    expect(eventSchema.parse(JSON.parse(written?.data ?? '')).payload).toMatchObject({ id: '4' });
    expect(again).toEqual(written);
  });

  test('whoever breaks off anywhere goes on right after the last event it got, by its id alone', async () => {
    const stream = await openStream({});
    const sent = await stream.take(7);
    await stream.close();

    expect(new Set(sent.map(({ id }) => id)).size).toBe(7);
    for (const [index, { id = '' }] of sent.slice(0, -1).entries()) {
      const resumed = await openStream({ 'Last-Event-ID': id });
      expect(await resumed.take(1)).toEqual([sent[index + 1]]);
      await resumed.close();
    }
  });

  test('a stream begins after its cursor, and after the last id where a client comes back to the same URL', async () => {
    const whole = await openStream({});
    const [, , , fourth, fifth] = await whole.take(5);
    await whole.close();
    const link = async (limit: number) =>
      /cursor=([^&>]+)/.exec(
        (await app.request(`http://localhost/api/v1/events?limit=${limit}`)).headers.get('Link') ?? '',
      )?.[1];
    const query = `?cursor=${await link(3)}`;

    const begun = await openStream({}, query);
    const [first] = await begun.take(1);
    await begun.close();
    const resumed = await openStream({ 'Last-Event-ID': (await link(4)) ?? '' }, query);
    const [next] = await resumed.take(1);
    await resumed.close();

    expect([first?.data, next?.data]).toEqual([fourth?.data, fifth?.data]);
  });

  test('a stream is for who wants it: who rules it out and takes nothing else is told what there is', async () => {
    const headers = { Accept: 'text/event-stream;q=0' };
    const refused = await app.request('http://localhost/api/v1/events', { headers });

    expect(refused.status).toBe(406);
    expect(await refused.text()).toContain('text/event-stream');
  });

  test('a stream with a limit is a 400, for it would be ignored', async () => {
    const headers = { Accept: 'text/event-stream' };
    const refused = await app.request('http://localhost/api/v1/events?limit=5', { headers });

    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('limit: ');
  });

  test('the difference of two times tells what happened to whom, and nothing of what stayed', async () => {
    const differences = await get(`/api/v1/diff?from=${between}`, differencesSchema);

    expect(differences.map(({ key, change }) => [key, change])).toEqual([
      ['aws/1', 'moved'],
      ['aws/2', 'vanished'],
      ['aws/4', 'discovered'],
    ]);
    expect(differences[0]?.fields).toEqual([
      { path: '/name', from: 'before', to: 'after' },
      { path: '/parent_id', from: 'o-1/r-1', to: 'o-1/ou-1' },
      { path: '/tags/env', from: 'dev' },
    ]);
    expect(differences[2]?.fields).toMatchObject([{ path: '', to: { id: '4' } }]);
    expect(differences[2]?.fields[0]).not.toHaveProperty('from');
  });

  test('differences are paged and exported alike, and a from after its to is refused', async () => {
    const keys: string[] = [];
    let url: string | undefined = `/api/v1/diff?from=2020-01-01T00:00:00Z&limit=1`;
    for (let page = 0; page < 20 && url; page += 1) {
      const response: Response = await app.request(`http://localhost${url}`);
      keys.push(...differencesSchema.parse(await response.json()).map(({ key }) => key));
      url = /^<(.+)>; rel="next"$/.exec(response.headers.get('Link') ?? '')?.[1];
    }
    const headers = { Accept: 'application/x-ndjson' };
    const lines = await app.request('http://localhost/api/v1/diff?from=2020-01-01T00:00:00Z', { headers });

    expect(keys).toEqual(['aws/1', 'aws/2', 'aws/3', 'aws/4', 'o-1/ou-1']);
    expect((await lines.text()).trim().split('\n')).toHaveLength(5);
    for (const query of [`from=${between}&to=2020-01-01T00:00:00Z`, `from=${between}&knd=account`]) {
      expect((await app.request(`http://localhost/api/v1/diff?${query}`)).status).toBe(400);
    }
    expect(await get(`/api/v1/diff?from=${between}&to=${between}`, differencesSchema)).toEqual([]);
  });

  test('the cursor of one difference is refused for another', async () => {
    const path = `/api/v1/diff?from=2020-01-01T00:00:00Z`;
    const first = await app.request(`http://localhost${path}&limit=1`);
    const cursor = /cursor=([^&>]+)/.exec(first.headers.get('Link') ?? '')?.[1];

    const others = [
      `/api/v1/diff?from=2021-01-01T00:00:00Z`,
      `${path}&kind=account`,
      `${path}&to=2999-01-01T00:00:00Z`,
    ];
    for (const other of others) {
      expect([other, (await app.request(`http://localhost${other}&cursor=${cursor}`)).status]).toEqual([other, 400]);
    }
    expect((await app.request(`http://localhost${path}&cursor=${cursor}`)).status).toBe(200);
  });

  /** Server-sent events, one by one. */
  async function openStream(headers: Record<string, string>, query = '') {
    const response = await app.request(`http://localhost/api/v1/events${query}`, {
      headers: { Accept: 'text/event-stream', ...headers },
    });
    expect(response.headers.get('Content-Type')).toContain('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (reader === undefined) throw new Error('no stream');
    let text = '';
    return {
      async take(count: number) {
        const taken: { event?: string; data?: string; id?: string }[] = [];
        while (taken.length < count) {
          const end = text.indexOf('\n\n');
          if (end !== -1) {
            const lines = text
              .slice(0, end)
              .split('\n')
              .filter((line) => !line.startsWith(':'));
            text = text.slice(end + 2);
            taken.push(Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2))));
            continue;
          }
          const { value, done } = await reader.read();
          if (done) throw new Error('the stream ended');
          text += value;
        }
        return taken;
      },
      close: () => reader.cancel(),
    };
  }
});
