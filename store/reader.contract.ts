// The Reader as the contract suites see it: under the API's role, its answers parsed by their strict schemas.
import { z } from 'zod';
import { accountListItemSchema, orgNodeListItemSchema } from '#core/records.ts';
import { openPostgres } from './postgres/connection.ts';
import { createPostgresReader } from './postgres/reader.ts';
import { attempt, openSqlite } from './sqlite/connection.ts';
import { createSqliteReader } from './sqlite/reader.ts';
import type { AccountListOptions, ListPage, OrgNodeListOptions, Position, Reader } from './store.ts';
import type { TestStore } from './stores.contract.ts';

/** A Reader on a connection of its own. */
export interface TestReader {
  readonly reader: Reader;
  /** Runs a statement through the reader's connection. */
  execute(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the Reader of a store. */
export function openTestReader(store: TestStore): TestReader {
  if (store.dialect === 'sqlite') {
    const database = openSqlite({ path: store.url, readOnly: true });
    return {
      reader: createSqliteReader(database),
      execute: async (sql) => attempt(database, () => database.exec(sql)),
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

/** Options of either list. */
export type Options = Partial<AccountListOptions & OrgNodeListOptions>;

/** The options of a list that asks for nothing special, and these. */
export function optionsOf(tenant_id: string, options: Options = {}): AccountListOptions & OrgNodeListOptions {
  const sort = { field: 'id', descending: false } as const;
  return { tenant_id, limit: 1000, sort, vanished: 'exclude', tags: [], ...options };
}

/** The accounts of one page. */
export async function listAccounts(reader: Reader, tenant: string, options?: Options) {
  const { json } = await reader.listAccounts(optionsOf(tenant, options));
  return z.array(accountListItemSchema).parse(JSON.parse(json));
}

/** The nodes of one page. */
export async function listOrgNodes(reader: Reader, tenant: string, options?: Options) {
  const { json } = await reader.listOrgNodes(optionsOf(tenant, options));
  return z.array(orgNodeListItemSchema).parse(JSON.parse(json));
}

/** The ids of the accounts of one page. */
export async function accountIds(reader: Reader, tenant: string, options?: Options): Promise<string[]> {
  return (await listAccounts(reader, tenant, options)).map(({ id }) => id);
}

/** The ids of the nodes of one page. */
export async function nodeIds(reader: Reader, tenant: string, options?: Options): Promise<string[]> {
  return (await listOrgNodes(reader, tenant, options)).map(({ id }) => id);
}

/** The items of all pages of a list. */
export async function walk(
  list: (page: { limit: number; after: Position | undefined }) => Promise<ListPage | null>,
  limit: number,
): Promise<unknown[]> {
  const items: unknown[] = [];
  let after: Position | undefined;
  do {
    const page = await list({ limit, after });
    items.push(...z.array(z.unknown()).parse(JSON.parse(page?.json ?? '[]')));
    after = page?.next ?? undefined;
  } while (after);
  return items;
}
