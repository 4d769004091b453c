// Tests of the Readers: the same cases on both databases, on rows that the Writer wrote, under the API's role.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { StoreError } from '#core/errors.ts';
import { timestampSchema } from '#core/provenance.ts';
import {
  accountListItemSchema,
  accountRecordSchema,
  orgNodeListItemSchema,
  orgNodeRecordSchema,
} from '#core/records.ts';
import { runPageSchema, runSchema, runScopeSchema } from '#core/run.ts';
import { openPostgres } from './postgres/connection.ts';
import { createPostgresReader } from './postgres/reader.ts';
import { account, newActor, node, openRun, run } from './scenario.contract.ts';
import { openSqlite } from './sqlite/connection.ts';
import { createSqliteReader } from './sqlite/reader.ts';
import { type AccountListOptions, type OrgNodeListOptions, type Position, type Reader, sortFields } from './store.ts';
import { databases, type TestStore } from './stores.contract.ts';

interface TestReader {
  readonly reader: Reader;
  /** Runs a statement through the reader's own connection. */
  execute(sql: string): Promise<void>;
  close(): Promise<void>;
}

function openTestReader(store: TestStore): TestReader {
  if (store.dialect === 'sqlite') {
    const database = openSqlite({ path: store.url, readOnly: true });
    return {
      reader: createSqliteReader(database),
      execute: async (sql) => void database.prepare(sql).run(),
      close: async () => void database.close(),
    };
  }
  const url = new URL(store.url);
  url.username = 'inventory_api';
  const options = { applicationName: 'test', maxConnections: 4, statementTimeoutMs: 10_000 };
  const connection = openPostgres({ ...options, url: url.href, readOnly: true });
  return {
    reader: createPostgresReader(connection),
    execute: (sql) =>
      connection.transact({ tenant_id: 'any', mode: 'read only' }, async (tx) => void (await tx.unsafe(sql))),
    close: () => connection.close(),
  };
}

const keySchema = z.object({ provider: z.string(), id: z.string(), name: z.string().nullable().optional() }).loose();

type Options = Partial<AccountListOptions & OrgNodeListOptions>;

function optionsOf(tenant_id: string, options: Options = {}): AccountListOptions & OrgNodeListOptions {
  const sort = { field: 'id', descending: false } as const;
  return { tenant_id, limit: 1000, sort, vanished: 'exclude', tags: [], ...options };
}

/** The rows of all pages, page by page. */
async function walk(
  list: (page: { limit: number; after: Position | undefined }) => Promise<{ json: string; next: Position | null }>,
  limit: number,
) {
  const rows: z.output<typeof keySchema>[] = [];
  let after: Position | undefined;
  do {
    const page = await list({ limit, after });
    rows.push(...z.array(keySchema).parse(JSON.parse(page.json)));
    after = page.next ?? undefined;
  } while (after);
  return rows;
}

describe.for(databases)('the Reader on $dialect', ({ open, dialect }) => {
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

  async function accountIds(tenant: string, options: Options = {}): Promise<string[]> {
    const page = await reader.listAccounts(optionsOf(tenant, options));
    return z
      .array(keySchema)
      .parse(JSON.parse(page.json))
      .map(({ id }) => id);
  }

  async function nodeIds(tenant: string, options: Options = {}): Promise<string[]> {
    const page = await reader.listOrgNodes(optionsOf(tenant, options));
    return z
      .array(keySchema)
      .parse(JSON.parse(page.json))
      .map(({ id }) => id);
  }

  describe('pages', () => {
    const names = ['b', 'a', 'b', undefined, 'B', 'é', 'b', undefined, 'ä', null, '~'];
    const actor = newActor();

    beforeAll(async () => {
      // Two runs, so that times differ between some rows and are equal between others.
      const observations = names.map((name, index) => account(`00${index}`, name === undefined ? {} : { name }));
      await run(store.writer, actor, observations.slice(0, 5), { enumerated: [] });
      await run(store.writer, actor, observations.slice(5), { enumerated: [] });
    });

    test.for(
      sortFields.flatMap((field) =>
        [false, true].flatMap((descending) => [1, 3].map((limit) => ({ field, descending, limit }))),
      ),
    )('every row comes once, sorted by $field, descending: $descending, by $limit', async ({ limit, ...sort }) => {
      const rows = await walk((page) => reader.listAccounts(optionsOf(actor.tenant, { sort, ...page })), limit);

      const all = rows.map((row) => ({ id: row.id, value: z.string().nullable().parse(row[sort.field]) }));
      expect(all).toEqual(all.toSorted((a, b) => compare(a, b, sort.descending)));
      expect(new Set(all.map(({ id }) => id)).size).toBe(names.length);
      expect(all).toHaveLength(names.length);
    });

    test('a page that ends with the list has no next one', async () => {
      const { next } = await reader.listAccounts(optionsOf(actor.tenant, { limit: names.length }));

      expect(next).toBeNull();
    });

    test('sorted by id, providers are mixed', async () => {
      const mixed = newActor();
      const gcp = { provider: 'gcp', partition: 'googleapis.com' } as const;
      await run(store.writer, mixed, [account('2'), account('1', gcp), account('3', gcp), account('2', gcp)]);

      const rows = await walk((page) => reader.listAccounts(optionsOf(mixed.tenant, page)), 1);

      expect(rows.map(({ provider, id }) => `${id} ${provider}`)).toEqual(['1 gcp', '2 aws', '2 gcp', '3 gcp']);
    });
  });
});

// By bytes; nulls last; the id breaks ties in the same direction.
function compare(
  a: { id: string; value: string | null },
  b: { id: string; value: string | null },
  descending: boolean,
): number {
  if ((a.value === null) !== (b.value === null)) return a.value === null ? 1 : -1;
  const byValue = Buffer.compare(Buffer.from(a.value ?? ''), Buffer.from(b.value ?? ''));
  return (byValue || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id))) * (descending ? -1 : 1);
}
