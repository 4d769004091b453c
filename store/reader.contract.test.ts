// Tests of the Readers' lists: pages, sorts and filters, the same on both databases.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import { accountListItemSchema, accountRecordSchema } from '#core/records.ts';
import {
  accountIds,
  listAccounts,
  nodeIds,
  openTestReader,
  optionsOf,
  type TestReader,
  walk,
} from './reader.contract.ts';
import { account, newActor, node, run } from './scenario.contract.ts';
import { type Reader, sortFields } from './store.ts';
import { databases, type TestStore } from './stores.contract.ts';

describe.for(databases)('the Reader on $dialect', ({ open }) => {
  let store: TestStore;
  let opened: TestReader;
  let reader: Reader;

  beforeAll(async () => {
    store = await open();
    opened = openTestReader(store);
    reader = opened.reader;
  });

  afterAll(async () => {
    await opened?.close();
    await store?.close();
  });

  describe('pages', () => {
    const names = ['b', 'a', 'b', undefined, 'B', 'é', 'b', undefined, 'ä', null, '~', '😀', '豈', ''];
    const actor = newActor();

    beforeAll(async () => {
      // Two runs, so that times differ between some rows and are equal between others.
      const observations = names.map((name, i) => account(`${100 + i}`, name === undefined ? {} : { name }));
      const nodes = names.map((name, i) => node(`ou-${100 + i}`, name === undefined ? {} : { name }));
      await run(store.writer, actor, observations.slice(0, 5), { enumerated: [] });
      await run(store.writer, actor, [...observations.slice(5), ...nodes], { enumerated: [] });
    });

    const sorts = sortFields.flatMap((field) => [
      { field, descending: false },
      { field, descending: true },
    ]);
    const pagings = sorts.flatMap(({ field, descending }) => [1, 3, 13].map((limit) => ({ field, descending, limit })));

    test.for(
      pagings,
    )('every account comes once, by $field, descending $descending, pages of $limit', async (paging) => {
      const { limit, ...sort } = paging;

      const items = await walk((page) => reader.listAccounts(optionsOf(actor.tenant, { sort, ...page })), limit);

      expectSorted(items, sort);
      expect(items).toHaveLength(names.length);
    });

    test.for(pagings)('every node comes once, by $field, descending $descending, pages of $limit', async (paging) => {
      const { limit, ...sort } = paging;

      const items = await walk((page) => reader.listOrgNodes(optionsOf(actor.tenant, { sort, ...page })), limit);

      expectSorted(items, sort);
      expect(items).toHaveLength(names.length);
    });

    test('a page that ends with the list has no next one', async () => {
      const { next } = await reader.listAccounts(optionsOf(actor.tenant, { limit: names.length }));

      expect(next).toBeNull();
    });

    test('sorted by id, providers are mixed, and the same id of two comes twice', async () => {
      const mixed = newActor();
      const gcp = { provider: 'gcp', partition: 'googleapis.com' } as const;
      await run(store.writer, mixed, [account('2'), account('1', gcp), account('3', gcp), account('2', gcp)]);

      const items = await walk((page) => reader.listAccounts(optionsOf(mixed.tenant, page)), 1);

      const rows = z.array(accountListItemSchema).parse(items);
      expect(rows.map(({ provider, id }) => `${id} ${provider}`)).toEqual(['1 gcp', '2 aws', '2 gcp', '3 gcp']);
    });

    test('of a tenant without rows the list is empty', async () => {
      expect(await reader.listAccounts(optionsOf('nobody'))).toEqual({ json: '[]', next: null });
    });
  });

  describe('fields', () => {
    const actor = newActor();
    beforeAll(() => run(store.writer, actor, [account('1', { name: 'a', tags: { k: 'v' } })]));

    test('only those asked for come, with the key, in the order of the schema', async () => {
      const { json } = await reader.listAccounts(optionsOf(actor.tenant, { fields: ['tags', 'name'] }));

      expect(json.replaceAll(' ', '')).toBe('[{"provider":"aws","id":"1","name":"a","tags":{"k":"v"}}]');
    });

    test('any field of the detail may be asked for', async () => {
      const fields = Object.keys(accountRecordSchema.shape);

      const { json } = await reader.listAccounts(optionsOf(actor.tenant, { fields }));

      expect(z.array(accountRecordSchema).parse(JSON.parse(json))).toHaveLength(1);
    });

    test('a column that is no field is refused', async () => {
      const list = reader.listAccounts(optionsOf(actor.tenant, { fields: ['raw_hash'] }));

      await expect(list).rejects.toThrow(RequestError);
    });
  });

  describe('filters', () => {
    const actor = newActor();
    const azure = { provider: 'azure', partition: 'AzureCloud', org_id: 'tenant-1' } as const;

    beforeAll(async () => {
      const path = { org_path_ids: ['o-1/r-1', 'o-1/ou-a', 'o-1/ou-b'] };
      const first = [
        node('r-1', { kind: 'root', org_path_ids: ['o-1/r-1'] }),
        node('ou-a', { name: 'Ünits', parent_id: 'o-1/r-1', org_path_ids: ['o-1/r-1', 'o-1/ou-a'] }),
        node('ou-b', { parent_id: 'o-1/ou-a', ...path }),
        account('1', { name: 'Pay_ments 100%', project_id: 'Proj-X', status: 'ACTIVE', lifecycle: 'active', ...path }),
        account('2', {
          name: 'GRÖSSE Δ',
          status: 'SUSPENDED',
          lifecycle: 'suspended',
          tags: { env: 'prod', team: 'a' },
        }),
        account('3', { name: 'back\\slash', tags: { env: 'prod', team: 'b' }, org_path_ids: ['o-1/r-1', 'o-1/ou-a'] }),
        account('4', {
          name: `it's "quoted"`,
          tags: { "k'ey.x": 'a:"b"', env: 'test', 'acme:cost:center': '7:8' },
          org_path_ids: [],
        }),
        account('5', { ...azure, name: null, tags: {} }),
      ];
      await run(store.writer, actor, first);
      await run(store.writer, actor, first.slice(0, -1));
      await run(store.writer, actor, first.slice(0, -1));
    });

    test.for([
      [{ provider: 'aws' }, ['1', '2', '3', '4']],
      [{ provider: 'azure' }, []],
      [{ lifecycle: 'suspended' }, ['2']],
      [{ status: 'ACTIVE' }, ['1']],
      [{ status: 'active' }, []],
      [{ vanished: 'include' }, ['1', '2', '3', '4', '5']],
      [{ vanished: 'only' }, ['5']],
      [{ vanished: 'only', provider: 'aws' }, []],
    ] as const)('%j', async ([filter, ids]) => {
      expect(await accountIds(reader, actor.tenant, filter)).toEqual(ids);
    });

    test.for([
      ['the id of a node', 'o-1/ou-a', ['1', '3']],
      ['the bare id of a node', 'ou-a', ['1', '3']],
      ['the bare id of a root', 'r-1', ['1', '3']],
      ['an organization, also accounts without a path', 'o-1', ['1', '2', '3', '4']],
      ['an organization without nodes', 'tenant-1', ['5']],
      ['a part of an id', 'ou-', []],
      ['an unknown id', 'ou-z', []],
      ['a NUL', 'ou-a\u0000', []],
    ] as const)('under %s', async ([, under, ids]) => {
      expect(await accountIds(reader, actor.tenant, { under, vanished: 'include' })).toEqual(ids);
    });

    test('under a name is what it stands for when it is asked for', async () => {
      const other = newActor();
      const ids = () => accountIds(reader, other.tenant, { under: 'ou-x' });
      const records = [account('1', { org_path_ids: ['o-1/ou-x'] }), account('2', { org_path_ids: ['o-2/ou-x'] })];

      await run(store.writer, other, records);
      expect([await ids(), await ids()]).toEqual([[], []]);
      records.push(node('ou-x'));
      await run(store.writer, other, records);
      expect([await ids(), await ids()]).toEqual([['1'], ['1']]);
      records.push(node('ou-x', { id: 'o-2/ou-x', org_id: 'o-2' }));
      await run(store.writer, other, records);
      expect([await ids(), await ids()]).toEqual([
        ['1', '2'],
        ['1', '2'],
      ]);
      expect(await accountIds(reader, newActor().tenant, { under: 'ou-x' })).toEqual([]);
    });

    test('nodes under a node are itself and those below it', async () => {
      expect(await nodeIds(reader, actor.tenant, { under: 'ou-a' })).toEqual(['o-1/ou-a', 'o-1/ou-b']);
    });

    test('nodes are filtered by kind and parent', async () => {
      expect(await nodeIds(reader, actor.tenant, { kind: 'root' })).toEqual(['o-1/r-1']);
      expect(await nodeIds(reader, actor.tenant, { parent_id: 'o-1/ou-a' })).toEqual(['o-1/ou-b']);
      expect(await nodeIds(reader, actor.tenant, { q: 'üNIT' })).toEqual(['o-1/ou-a']);
    });

    test.for([
      ['one', ['env:prod'], ['2', '3']],
      ['several, all of them', ['env:prod', 'team:b'], ['3']],
      ['one key with two values', ['env:prod', 'env:test'], []],
      ['a part of a value', ['env:pro'], []],
      ['quotes, dots and colons', ['k\'ey.x:a:"b"'], ['4']],
      ['a wildcard', ['env:%'], []],
      ['a key that has colons', ['acme:cost:center:7:8'], ['4']],
      ['a part of such a key', ['acme:cost'], []],
      ['a NUL', ['env:prod\u0000'], []],
      ['half a surrogate pair', ['env\ud83d:prod'], []],
      ['what has more colons than any key', [`env:${':'.repeat(5000)}`], []],
    ] as const)('tags: %s', async ([, tags, ids]) => {
      expect(await accountIds(reader, actor.tenant, { tags })).toEqual(ids);
    });

    test.for([
      ['a part of a name in another case', 'PAY_', ['1']],
      ['a part of a project id', 'proj-x', ['1']],
      ['an id', '4', ['4']],
      ['SS is no ß', 'grösse', ['2']],
      ['an umlaut in another case', 'ö', ['2']],
      ['Greek in another case', 'δ', ['2']],
      ['% is a percent sign', '0%', ['1']],
      ['% alone', '%', ['1']],
      ['_ is an underscore', '_', ['1']],
      ['a backslash', 'k\\s', ['3']],
      ['an apostrophe', "it's", ['4']],
      ['SQL', "' or 1=1 --", []],
      ['a parameter of ours', '@tenant_id', []],
      ['a NUL', '\u0000', []],
      ['half a surrogate pair', '\ud83d', []],
    ] as const)('q: %s', async ([, q, ids]) => {
      expect(await accountIds(reader, actor.tenant, { q, vanished: 'include' })).toEqual(ids);
    });

    test('filters hold on every page', async () => {
      const filter = {
        under: 'o-1',
        tags: ['env:prod'],
        sort: { field: 'name', descending: true },
      } as const;

      const items = await walk((page) => reader.listAccounts(optionsOf(actor.tenant, { ...filter, ...page })), 1);

      expect(
        z
          .array(accountListItemSchema)
          .parse(items)
          .map(({ id }) => id),
      ).toEqual(['3', '2']);
    });

    test('what nobody could read is null, what was read and found empty is empty', async () => {
      const rows = await listAccounts(reader, actor.tenant, { vanished: 'include' });

      expect(rows.find(({ id }) => id === '1')).toMatchObject({ tags: null, details: null, region_residency: null });
      expect(rows.find(({ id }) => id === '5')).toMatchObject({ tags: {}, org_path_ids: null, name: null });
      expect(rows.find(({ id }) => id === '4')).toMatchObject({ org_path_ids: [] });
    });
  });
});

const sortedItemSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  discovered_at: z.string(),
  valid_from: z.string(),
});

/** By bytes, nulls last, and ties by id in the same direction; no id twice. */
function expectSorted(items: unknown[], sort: { field: (typeof sortFields)[number]; descending: boolean }): void {
  const rows = z.array(sortedItemSchema).parse(items);
  const sign = sort.descending ? -1 : 1;
  const sorted = rows.toSorted((a, b) => {
    const [first, second] = [a[sort.field], b[sort.field]];
    if ((first === null) !== (second === null)) return first === null ? 1 : -1;
    return sign * (compareBytes(first ?? '', second ?? '') || compareBytes(a.id, b.id));
  });
  expect(rows.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
}

function compareBytes(first: string, second: string): number {
  return Buffer.compare(Buffer.from(first), Buffer.from(second));
}
