// The other peer of the read API: node:http sending what the same SQL builds, without row-level security. Given the database.
import { createServer } from 'node:http';
import postgres from 'postgres';
import { z } from 'zod';
import { toPositional } from '#store/postgres/reader.ts';
import { postgresDialect } from '#store/postgres/reader-dialect.ts';
import type { Dialect } from '#store/read/dialect.ts';
import { listRecords } from '#store/read/records.ts';
import { openSqlite, prepare } from '#store/sqlite/connection.ts';
import { sqliteDialect } from '#store/sqlite/reader-dialect.ts';

const rowsSchema = z.array(z.object({ json: z.string() }));

const url = process.argv[2] ?? '';
const query = url.startsWith('postgres:') ? openPostgresQuery() : openSqliteQuery();
const server = createServer(async (_request, response) => {
  const rows = rowsSchema.parse(await query()).slice(0, 100);
  const text = `[${rows.map(({ json }) => json).join(',')}]`;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = z.object({ port: z.int() }).parse(server.address());
  console.error(JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}` }));
});

function pageOf(dialect: Dialect) {
  const sort = { field: 'id', descending: false } as const;
  const options = { tenant_id: 'bench', limit: 100, sort, vanished: 'exclude', tags: [] } as const;
  const { text, parameters } = listRecords('account', options, dialect);
  return { text, parameters: z.record(z.string(), z.union([z.string(), z.number()]).optional()).parse(parameters) };
}

function openPostgresQuery(): () => Promise<unknown> {
  const sql = postgres(url, { max: 10, connection: { search_path: 'inventory' } });
  const { text, values } = toPositional(pageOf(postgresDialect));
  return () => sql.unsafe(text, values, { prepare: true }).execute();
}

function openSqliteQuery(): () => Promise<unknown> {
  const { text, parameters } = pageOf(sqliteDialect);
  const statement = prepare(openSqlite({ path: url, readOnly: true }), text);
  return async () => statement.all(parameters);
}
