// Every filter that the document offers leaves out what it does not fit: one that nobody reads would answer everything.
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { openTestReader } from '#store/reader.contract.ts';
import { account, endpoint, newActor, node, relation, run } from '#store/scenario.contract.ts';
import { databases } from '#store/stores.contract.ts';
import { createApi } from './api.ts';

const schemaSchema = z.looseObject({ enum: z.array(z.string()).optional(), format: z.string().optional() });
const documentSchema = z.object({
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
  paths: z.record(
    z.string(),
    z.object({
      get: z.object({
        parameters: z.array(z.object({ name: z.string(), in: z.string(), schema: schemaSchema })).default([]),
      }),
    }),
  ),
});

// What says how the answer is told, not what is in it.
const manners = ['limit', 'cursor', 'sort', 'fields', 'as_of', 'vanished', 'from', 'to'];

/** Each filter with values of which one at least fits not everything. */
function listFilters(text: string): { path: string; name: string; values: readonly string[] }[] {
  const { components, paths } = documentSchema.parse(JSON.parse(text));
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/') && !path.includes('{'))
    .flatMap(([path, { get }]) =>
      get.parameters
        .filter((parameter) => parameter.in === 'query' && !manners.includes(parameter.name))
        .map(({ name, schema }) => {
          const [, shared = ''] = /^#\/components\/schemas\/(\w+)$/.exec(String(schema['$ref'])) ?? [];
          const known = schemaSchema.parse(components.schemas[shared] ?? schema);
          return { path, name, values: known.enum ?? [known.format === 'uuid' ? randomUUID() : 'no:such thing'] };
        }),
    );
}

test.for(databases)('no documented filter of a list is passed over on $dialect', async ({ open }) => {
  const store = await open();
  onTestFinished(() => store.close());
  const { reader, close } = openTestReader(store);
  onTestFinished(close);
  const actor = newActor();
  await run(store.writer, actor, [account('1'), node('r-1'), endpoint('p'), relation('p', 'aws/1')]);
  // Another test's transaction may hold the event log back.
  await store.settle();
  const { app } = createApi({
    reader,
    auth: { mode: 'none' },
    tenant: actor.tenant,
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
    schemaVersionExpected: 1,
    version: '1.2.3',
    ops: false,
    stopping: new AbortController().signal,
  });
  const count = async (path: string, query: Record<string, string> = {}) => {
    const from = path.endsWith('/diff') ? { from: '2020-01-01T00:00:00Z' } : {};
    const url = `http://127.0.0.1:8080${path}?${new URLSearchParams({ ...from, ...query })}`;
    const response = await app.request(url, { headers: { Accept: 'application/x-ndjson' } });
    expect([url, response.status]).toEqual([url, 200]);
    return (await response.text()).split('\n').length;
  };

  const filters = listFilters(await (await app.request('http://127.0.0.1:8080/openapi.json')).text());
  const passedOver: string[] = [];
  for (const { path, name, values } of filters) {
    const counts = await Promise.all(values.map((value) => count(path, { [name]: value })));
    if (Math.min(...counts) >= (await count(path))) passedOver.push(`${path}?${name}`);
  }

  expect(filters.length).toBeGreaterThan(20);
  expect(passedOver).toEqual([]);
});
