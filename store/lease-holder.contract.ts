// A process of its own for the lease test: takes a scope's lease, says so, and writes once for every line it is sent.
import { createInterface } from 'node:readline';
import { systemClock } from '#core/clock.ts';
import { openPostgres } from './postgres/connection.ts';
import { createPostgresWriter } from './postgres/writer.ts';
import { account, type OpenRun, openRun } from './scenario.contract.ts';
import { openSqlite } from './sqlite/connection.ts';
import { createSqliteWriter } from './sqlite/writer.ts';
import type { Writer } from './store.ts';

const [url = '', actor = '{}'] = process.argv.slice(2);
const run = await openRun(openWriter(), JSON.parse(actor));
process.stdout.write(`${run.lease.run_id}\n`);
for await (const name of createInterface({ input: process.stdin })) process.stdout.write(`${await write(run, name)}\n`);
process.exit(0);

function openWriter(): Writer {
  const options = { applicationName: 'lease holder', readOnly: false, maxConnections: 1, statementTimeoutMs: 10_000 };
  if (url.startsWith('postgres:'))
    return createPostgresWriter(openPostgres({ ...options, url }), { clock: systemClock });
  return createSqliteWriter(openSqlite({ path: url, readOnly: false }), { clock: systemClock });
}

async function write({ upsert }: OpenRun, name: string): Promise<string> {
  try {
    await upsert([account('1', { name })]);
    return 'written';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
