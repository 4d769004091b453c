// Server-sent events under a real server: what a client is told when the database fails, and that who takes no body costs nothing.
import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { StoreError } from '#core/errors.ts';
import { createLogger } from '#core/log.ts';
import { createApp } from '#services/app.ts';
import { listen } from '#services/listen.ts';
import type { ListPage } from '#store/store.ts';
import { streamEvents } from './event-stream.ts';

const clock = systemClock;
const position = z.object({ value: z.null(), key: z.array(z.string()) });

/** An app with one stream; `read` answers the log. */
function createStreamApp(read: () => Promise<ListPage>) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  const stopping = new AbortController().signal;
  const app = createApp({ clock, log, stopping, observe: () => undefined });
  const listing = { name: 'events', columns: [], identity: {}, position, log, read };
  app.get('/events', (c) => {
    c.set('identity', { name: 'ci', tenant_id: 'default', scopes: 'all' });
    return streamEvents(c, { cursor: undefined, listing, stopping, now: () => clock.now() });
  });
  return { app, lines };
}

/** A server with such a stream. */
async function openServer(read: () => Promise<ListPage>) {
  const { app, lines } = createStreamApp(read);
  const listener = await listen({ app, host: '127.0.0.1', port: 0, clock, log: createLogger({ level: 'silent' }) });
  onTestFinished(() => listener.close({ drainMs: 0, graceMs: 0 }));
  return { url: `${listener.url}/events`, lines };
}

test('a stream whose database fails ends, and only the log tells why', async () => {
  let reads = 0;
  const { url, lines } = await openServer(async () => {
    reads += 1;
    if (reads > 1) throw new StoreError('ECONNREFUSED', 'cannot reach db.internal:5432', { retryable: true });
    const event = { event_type: 'account.updated', event_id: '1' };
    return { json: JSON.stringify([event]), next: { value: null, key: ['1'] } };
  });
  const [response]: IncomingMessage[] = await once(get(url, { agent: false }), 'response');
  const received = response && (await text(response));

  expect(received).toMatch(/^event: account\.updated\ndata: \{.*\}\nid: \S+\n\n$/);
  expect(lines.join('')).toContain('cannot reach db.internal:5432');
});

test('only the last event of a batch has an id, for who breaks off before it needs the whole batch again', async () => {
  let reads = 0;
  const { url } = await openServer(async () => {
    reads += 1;
    if (reads > 1) throw new StoreError('ECONNREFUSED', 'gone', { retryable: true });
    const events = ['1', '2', '3'].map((event_id) => ({ event_type: 'account.updated', event_id }));
    return { json: JSON.stringify(events), next: { value: null, key: ['3'] } };
  });
  const [response]: IncomingMessage[] = await once(get(url, { agent: false }), 'response');

  const events = (response === undefined ? '' : await text(response)).trimEnd().split('\n\n');

  expect(events.map((event) => /^id: /m.test(event))).toEqual([false, false, true]);
});

test('who asks for the headers of a stream alone leaves none behind', async () => {
  let reads = 0;
  const { url } = await openServer(async () => {
    reads += 1;
    // With a next page nothing is waited for: a stream that was left behind would have read on before the answer arrives.
    return { json: '[]', next: reads < 10 ? { value: null, key: ['1'] } : null };
  });
  const asked = request(url, { method: 'HEAD', agent: false }).end();
  const [response]: IncomingMessage[] = await once(asked, 'response');

  expect(response?.headers['content-type']).toBe('text/event-stream');
  expect(reads).toBe(1);
});

test('of who has left no more is read', async () => {
  let reads = 0;
  const { url } = await openServer(async () => {
    reads += 1;
    await new Promise(setImmediate);
    return { json: JSON.stringify([{ event_type: 'account.updated' }]), next: { value: null, key: [`${reads}`] } };
  });
  const asked = get(url, { agent: false }).on('error', () => undefined);
  const [response]: IncomingMessage[] = await once(asked, 'response');
  await expect.poll(() => reads).toBeGreaterThan(3);

  response?.on('error', () => undefined).destroy();

  let before = -1;
  await expect
    .poll(
      () => {
        const isSettled = before === reads;
        before = reads;
        return isSettled;
      },
      { interval: 100 },
    )
    .toBe(true);
});

test('on a quiet stream something comes every 20 s, for proxies drop a connection on which nothing does', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { app } = createStreamApp(async () => ({ json: '[]', next: null }));
  const response = await app.request('/events');
  const reader = z
    .instanceof(ReadableStream<Uint8Array>)
    .parse(response.body)
    .getReader();
  const received: string[] = [];
  const reading = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      received.push(new TextDecoder().decode(part.value));
    }
  })();

  await vi.advanceTimersByTimeAsync(60_000);
  await reader.cancel();
  await reading;

  expect(received).toEqual([': still here\n\n', ': still here\n\n', ': still here\n\n']);
});
