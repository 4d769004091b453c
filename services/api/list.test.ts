// Exports under a real server: page by page as the client takes them, broken off visibly, left when the client leaves.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { StoreError } from '#core/errors.ts';
import { createLogger } from '#core/log.ts';
import { createApp } from '#services/app.ts';
import { listen } from '#services/listen.ts';
import type { ListPage, Position } from '#store/store.ts';
import { positionSchemas } from './cursor.ts';
import { sendList } from './list.ts';

const clock = systemClock;
const position = positionSchemas(z.array(z.string())).id;

/** An app with one list of `pages` pages of large rows. `failAt` is the page that the database cannot read. */
function createListApp({ pages, failAt = -1, isPast = false }: { pages: number; failAt?: number; isPast?: boolean }) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  const app = createApp({ clock, log, stopping: new AbortController().signal, observe: () => undefined });
  const reads: (string | null)[] = [];
  const limits: number[] = [];
  async function read({ limit, after }: { limit: number; after: Position | undefined }): Promise<ListPage> {
    reads.push(after?.value ?? null);
    limits.push(limit);
    const number = Number(after?.value ?? 0);
    if (number === failAt) throw new StoreError('unreachable', 'gone', { retryable: true });
    const rows = [0, 1].map((row) => ({ id: `${number}-${row}`, text: 'x'.repeat(200_000) }));
    const next = number + 1 < pages ? { value: String(number + 1), key: ['k'] } : null;
    return { json: JSON.stringify(rows), next };
  }
  app.get('/rows', (c) =>
    sendList(c, {}, { name: 'rows', columns: ['id', 'text'], identity: {}, position, log, read, isPast }),
  );
  return { app, reads, limits, lines };
}

async function openExport(options: { pages: number; failAt?: number }) {
  const { app, reads, lines } = createListApp(options);
  const listener = await listen({ app, host: '127.0.0.1', port: 0, clock, log: createLogger({ level: 'silent' }) });
  onTestFinished(() => listener.close({ drainMs: 0, graceMs: 0 }));
  const request = get(`${listener.url}/rows`, { headers: { Accept: 'application/x-ndjson' }, agent: false });
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  return { request, response, reads, lines };
}

test('the whole list arrives, every row once', async () => {
  const { response, reads } = await openExport({ pages: 5 });

  const rows = (await text(response)).trim().split('\n');

  const ids = rows.map((row) => JSON.parse(row).id);
  expect(ids).toEqual([0, 1, 2, 3, 4].flatMap((page) => [`${page}-0`, `${page}-1`]));
  expect(reads).toHaveLength(5);
});

test('as CSV it has one header, whatever the number of pages', async () => {
  const { app } = createListApp({ pages: 3 });

  const response = await app.request('/rows', { headers: { Accept: 'text/csv' } });

  const cells = (await response.text())
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(',')[0]);
  expect(cells).toEqual(['id', ...[0, 1, 2].flatMap((page) => [`${page}-0`, `${page}-1`])]);
});

test('neither a cache nor another caller is given what one was sent', async () => {
  const { app } = createListApp({ pages: 1 });

  const [list, lines] = await Promise.all(
    ['application/json', 'application/x-ndjson'].map((Accept) => app.request('/rows', { headers: { Accept } })),
  );

  expect(list?.headers.get('Cache-Control')).toBe('private, no-cache');
  expect(lines?.headers.get('Cache-Control')).toBe('private, no-store');
  for (const response of [list, lines])
    expect(response?.headers.get('Vary')).toBe('Accept, Accept-Encoding, Authorization');
});

test.for([
  ['a page for which no number is named', 'application/json', false, 100],
  ['an export, a page after the other,', 'text/csv', false, 100],
  ['an export of the past, whose pages cost the same whatever their length,', 'text/csv', true, 1000],
] as const)('%s has a number of rows of its own', async ([, Accept, isPast, rows]) => {
  const { app, limits } = createListApp({ pages: 2, isPast });

  await (await app.request('/rows', { headers: { Accept } })).text();

  expect(new Set(limits)).toEqual(new Set([rows]));
});

test('pages are read as the client takes them, and no more once it has left', async () => {
  const { request, response, reads } = await openExport({ pages: 1000 });
  response.pause();
  await expect.poll(() => reads.length).toBeGreaterThan(1);
  let before = -1;
  // Until the buffers on the way are full.
  await expect
    .poll(
      () => {
        const isSettled = before === reads.length;
        before = reads.length;
        return isSettled;
      },
      { interval: 100 },
    )
    .toBe(true);

  expect(reads.length).toBeLessThan(200);
  const left = reads.length;
  const closed = new Promise((resolve) => response.on('error', resolve).on('close', resolve));
  request.destroy();
  await closed;

  expect(reads.length).toBeLessThanOrEqual(left + 1);
});

test('a database that goes away in the middle breaks the connection off, so that no half list passes for a whole one', async () => {
  const { response, lines } = await openExport({ pages: 50, failAt: 40 });

  await expect(text(response)).rejects.toThrow('aborted');

  expect(lines.join('')).toContain('export broke off');
});

test('a database that is down from the start is a 503', async () => {
  const { response } = await openExport({ pages: 5, failAt: 0 });

  expect(response.statusCode).toBe(503);
  expect(JSON.parse(await text(response))).toMatchObject({ code: 'database_unavailable' });
});

test('others have a turn between two pages, even of a database that answers at once', async () => {
  const { app } = createListApp({ pages: 5 });
  const response = await app.request('/rows', { headers: { Accept: 'application/x-ndjson' } });
  const reader = response.body?.getReader();
  const turns: string[] = [];
  setImmediate(() => turns.push('another'));

  await reader?.read();
  turns.push('the export');

  expect(turns).toEqual(['another', 'the export']);
});
