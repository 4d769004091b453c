// Tests of the past over HTTP on both databases: whatever was edited, every answer as of a time is the copy taken then, and a
// difference of two times applied to the first copy gives the second.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { type Json, type JsonObject, jsonObjectSchema } from '#core/json.ts';
import { createLogger } from '#core/log.ts';
import { accountRecordSchema, orgNodeRecordSchema } from '#core/records.ts';
import type { App } from '#services/app.ts';
import {
  applyFields,
  type Copy,
  contentsOf,
  copiedFields,
  editsArbitrary,
  everyHappening,
  type LivedKind,
  live,
  livedKinds,
  toCopied,
  toCopy,
} from '#store/life.contract.ts';
import { databases, type TestStore } from '#store/stores.contract.ts';
import { createApi } from './api.ts';

const paths: Readonly<Record<LivedKind, string>> = { account: '/api/v1/accounts', org_node: '/api/v1/org-nodes' };
const recordSchemas = { account: accountRecordSchema, org_node: orgNodeRecordSchema } as const;

describe.for(databases)('the past over HTTP on $dialect', ({ open }) => {
  let store: TestStore;

  beforeAll(async () => {
    store = await open();
  });

  afterAll(() => store?.close());

  function openApi(tenant: string): App {
    const options = { clock: systemClock, log: createLogger({ level: 'silent' }), reader: store.reader, ops: false };
    const rest = { schemaVersionExpected: 1, version: '1.2.3', stopping: new AbortController().signal };
    return createApi({ ...options, ...rest, auth: { mode: 'none' }, tenant }).app;
  }

  test('lists and details as of a time are the copy taken then, and differences lead from one copy to another', async () => {
    const happenings = new Set<string>();
    const property = fc.asyncProperty(editsArbitrary, async (edits) => {
      const { actor, copies, happenings: these } = await live(store, edits);
      for (const happening of these) happenings.add(happening);
      const app = openApi(actor.tenant);

      for (const [index, [at, copy]] of copies.entries()) {
        expect(await readLists(app, at)).toEqual(copy);
        if (index % 8 === 0) await expectDetails(app, at, { copy, later: copies.at(-1)?.[1] ?? copy });
        if (index % 8 === 0) await expectFiltered(app, at, copy);
      }
      for (const [index, [from, before]] of copies.entries()) {
        for (const later of index % 8 === 0 ? [copies[index + 1], copies.at(-1)] : []) {
          const [to, after] = later ?? [from, before];
          await expectDifferences(app, { from, to }, { before, after });
        }
      }
      const [first, last] = [copies[0], copies.at(-1)];
      if (!first || !last) throw new Error('no copies');
      await expectDifferences(app, { from: first[0] }, { before: first[1], after: last[1] });
    });

    await fc.assert(property, { numRuns: 1, seed: 4, interruptAfterTimeLimit: 110_000, markInterruptAsFailure: true });

    expect([...happenings].sort()).toEqual(everyHappening);
  }, 120_000);
});

async function readLists(app: App, as_of: string): Promise<Copy> {
  const records = [];
  for (const kind of livedKinds) {
    const query = { as_of, vanished: 'include', limit: '7', fields: copiedFields(kind).join() };
    for (const item of await readPages(app, paths[kind], query)) records.push(toCopied(kind, item));
  }
  return toCopy(records);
}

/** Every page, by the links. */
async function readPages(app: App, path: string, query: Record<string, string>): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  let url: string | undefined = `${path}?${new URLSearchParams(query)}`;
  while (url !== undefined) {
    const response: Response = await app.request(`http://localhost${url}`);
    expect([url, response.status]).toEqual([url, 200]);
    items.push(...z.array(jsonObjectSchema).parse(await response.json()));
    url = /^<(.+)>; rel="next"$/.exec(response.headers.get('Link') ?? '')?.[1];
  }
  return items;
}

/** Each record by itself: as the copy has it, and unknown where only a later copy has it. */
async function expectDetails(app: App, as_of: string, { copy, later }: { copy: Copy; later: Copy }): Promise<void> {
  for (const [id, { kind, key }] of later) {
    const path = kind === 'account' ? key : encodeURIComponent(key);
    const response = await app.request(`http://localhost${paths[kind]}/${path}?as_of=${as_of}`);
    const expected = copy.get(id);
    expect([id, response.status]).toEqual([id, expected === undefined ? 404 : 200]);
    if (expected === undefined) continue;
    const detail = recordSchemas[kind].parse(await response.json());
    expect(toCopied(kind, jsonObjectSchema.parse(detail))).toEqual(expected);
  }
}

/** Filters choose from the past what they would have chosen then. */
async function expectFiltered(app: App, as_of: string, copy: Copy): Promise<void> {
  const filters: readonly [Record<string, string>, (content: JsonObject) => boolean][] = [
    [{}, isThere],
    [{ vanished: 'only' }, (content) => !isThere(content)],
    [{ vanished: 'include', lifecycle: 'closing' }, ({ lifecycle }) => lifecycle === 'closing'],
    [
      { vanished: 'include', under: 'o-1/ou-1' },
      ({ org_path_ids: ids }) => Array.isArray(ids) && ids.includes('o-1/ou-1'),
    ],
    [{ tag: 'a/b:👍' }, (content) => isThere(content) && tagOf(content, 'a/b') === '👍'],
    [{ q: 'PRO' }, (content) => isThere(content) && /pro/i.test(String(content['name']))],
  ];
  for (const kind of livedKinds) {
    for (const [filter, isChosen] of filters) {
      const found = await readPages(app, paths[kind], { as_of, sort: '-name', ...filter });
      const chosen = [...copy.values()].filter((record) => record.kind === kind && isChosen(record.content));
      const ids = (items: readonly JsonObject[]) => items.map(({ id }) => String(id)).sort();
      expect([kind, filter, ids(found)]).toEqual([kind, filter, ids(chosen.map(({ content }) => content))]);
    }
  }
}

function isThere(content: JsonObject): boolean {
  return content['vanished_at'] === null;
}

function tagOf({ tags }: JsonObject, name: string): Json | undefined {
  return jsonObjectSchema.safeParse(tags).data?.[name];
}

const differenceSchema = z.strictObject({
  kind: z.enum(livedKinds),
  key: z.string(),
  change: z.string(),
  fields: z.array(z.strictObject({ path: z.string(), from: z.json().optional(), to: z.json().optional() })).min(1),
});

async function expectDifferences(
  app: App,
  interval: { from: string; to?: string },
  { before, after }: { before: Copy; after: Copy },
): Promise<void> {
  const differences = await readPages(app, '/api/v1/diff', { ...interval, limit: '7' });
  const response = await app.request(`http://localhost/api/v1/diff?${new URLSearchParams({ ...interval })}`, {
    headers: { Accept: 'application/x-ndjson' },
  });
  const lines = (await response.text()).split('\n').filter(Boolean);
  expect(lines.map((line) => JSON.parse(line))).toEqual(differences);

  const applied = contentsOf(before);
  for (const { kind, key, change, fields } of z.array(differenceSchema).parse(differences)) {
    const id = `${kind} ${key}`;
    const was = applied.get(id) ?? null;
    const is = applyFields(was, fields);
    expect([id, change]).toEqual([id, nameChange(was, is)]);
    applied.set(id, is);
  }
  expect(applied).toEqual(contentsOf(after));
}

function nameChange(was: JsonObject | null, is: JsonObject): string {
  if (was === null) return 'discovered';
  if (isThere(was) !== isThere(is)) return isThere(is) ? 'returned' : 'vanished';
  return was['parent_id'] === is['parent_id'] && was['org_id'] === is['org_id'] ? 'updated' : 'moved';
}
