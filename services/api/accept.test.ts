// Which representation a caller gets for its Accept header.
import { Hono } from 'hono';
import { expect, onTestFinished, test, vi } from 'vitest';
import { RequestError } from '#core/errors.ts';
import { listTypes, negotiate } from './accept.ts';

async function ask(accept: string | undefined): Promise<string> {
  const app = new Hono();
  app.get('/', (c) => c.text(negotiate(c, listTypes)));
  app.onError((error, c) => c.text(error instanceof RequestError ? String(error.status) : 'bug'));
  return await (await app.request('/', { headers: accept === undefined ? {} : { Accept: accept } })).text();
}

test.for([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['application/*', 'application/json'],
  ['application/json', 'application/json'],
  ['APPLICATION/JSON; charset=utf-8', 'application/json'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/json'],
  ['text/csv', 'text/csv'],
  ['text/*', 'text/csv'],
  ['text/csv;q=0.5, application/x-ndjson', 'application/x-ndjson'],
  ['application/json;q=0.1, text/csv;q=0.2', 'text/csv'],
  ['application/json;q=0, text/csv', 'text/csv'],
  ['application/json;q=0, */*', 'application/x-ndjson'],
  ['*/*, application/json;q=0.2', 'application/x-ndjson'],
  ['application/*;q=0, */*;q=0.1', 'text/csv'],
  ['text/csv;q=0, text/*', '406'],
  ['text/csv, application/json', 'text/csv'],
  ['text/html', '406'],
  ['application/xml, image/png', '406'],
  ['text/csv;q=0', '406'],
] as const)('Accept: %s gets %s', async ([accept, type]) => {
  expect(await ask(accept)).toBe(type);
});

test('the longest header that there can be is read a few times and not once for each of its ranges', async () => {
  const ranges = 4000;
  const { toLowerCase } = String.prototype;
  let reads = 0;
  const read = vi.spyOn(String.prototype, 'toLowerCase').mockImplementation(function (this: string) {
    reads += 1;
    if (reads > 20 * ranges) throw new Error('too often');
    return toLowerCase.call(this);
  });
  onTestFinished(() => read.mockRestore());

  expect(await ask(Array(ranges).fill('a/b').join(','))).toBe('406');
});
