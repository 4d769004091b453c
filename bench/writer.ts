// The Writer alone: records a second, beside the same rows handed to the bare driver in the same run.
import { join } from 'node:path';
import Database from 'better-sqlite3';
import postgres from 'postgres';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import type { Observation } from '#core/observation.ts';
import type { Stamp } from '#core/provenance.ts';
import { openWriter } from '#store/open.ts';
import type { Lease, Writer } from '#store/store.ts';
import type { BenchDatabase, BenchDatabases } from './databases.ts';
import { type Figure, median, printFigures, whole } from './report.ts';

const records = 20_000;
const batch = 500;
const rounds = 3;

// Records a second on two cores that nobody else uses.
const limits = {
  sqlite: { inserted: 20_000, changed: 10_000, unchanged: 40_000 },
  postgres: { inserted: 8000, changed: 4000, unchanged: 15_000 },
} as const;

const log = createLogger({ level: 'silent' });
const migrationsDir = join(import.meta.dirname, '../migrations');

/** Twenty thousand accounts in a database, for benchmarks of reading. */
export async function fill(database: BenchDatabase): Promise<void> {
  const writer = await openWriter({ url: database.writerUrl, migrationsDir, clock: systemClock, log });
  const { lease, stamp } = await begin(writer);
  await write(writer, { lease, stamp, name: 'first' });
  await writer.close();
}

/** Inserting, changing and seeing unchanged, on both databases. */
export async function benchWriter(databases: BenchDatabases): Promise<void> {
  for (const dialect of ['sqlite', 'postgres'] as const) {
    const rates = {
      inserted: [] as number[],
      changed: [] as number[],
      unchanged: [] as number[],
      bare: [] as number[],
    };
    for (let round = 0; round < rounds; round += 1) {
      const database = await databases.open(dialect, `writer_${dialect}_${round}`);
      const bare = dialect === 'sqlite' ? insertBareSqlite : insertBarePostgres;
      rates.bare.push(await bare(await databases.open(dialect, `bare_${dialect}_${round}`)));
      const writer = await openWriter({ url: database.writerUrl, migrationsDir, clock: systemClock, log });
      const { lease, stamp } = await begin(writer);
      rates.inserted.push(await write(writer, { lease, stamp, name: 'first' }));
      rates.changed.push(await write(writer, { lease, stamp, name: 'second' }));
      rates.unchanged.push(await write(writer, { lease, stamp, name: 'second' }));
      await writer.close();
    }
    const ceiling = median(rates.bare);
    const figures = (['inserted', 'changed', 'unchanged'] as const).map((name): Figure => {
      const rate = median(rates[name]);
      return {
        what: name,
        figure: `${whole(rate)}/s`,
        beside: `limit ${whole(limits[dialect][name])}/s; ${(rate / ceiling).toFixed(2)} of bare inserts`,
      };
    });
    figures.push({
      what: 'bare driver',
      figure: `${whole(ceiling)}/s`,
      beside: 'the same rows, one table, no history',
    });
    printFigures(`the Writer on ${dialect}: ${whole(records)} accounts in batches of ${batch}`, figures);
  }
}

async function begin(writer: Writer): Promise<{ lease: Lease; stamp: Stamp }> {
  const run = { tenant_id: 'bench', run_id: systemClock.uuid(), scope: 'aws:bench', collector: 'aws' };
  const about = { version: '0', image_digest: null, trigger: 'bench' };
  await writer.beginRun({ tenant_id: run.tenant_id, id: run.run_id, collector: run.collector, ...about });
  const answer = await writer.acquireLease(run);
  if (!answer.acquired) throw new Error('a fresh scope has no holder');
  const { tenant_id, run_id, scope, collector } = run;
  return {
    lease: answer.lease,
    stamp: { tenant_id, run_id, scope, collector, collector_version: '0', image_digest: null },
  };
}

// Records a second.
async function write(writer: Writer, { lease, stamp, name }: { lease: Lease; stamp: Stamp; name: string }) {
  const started = performance.now();
  for (let start = 0; start < records; start += batch) {
    const observations = Array.from({ length: batch }, (_, i) => toObservation(start + i, name));
    const rest = { root: 'o-benchmark00', configured_scopes: [stamp.scope], pages: [] };
    await writer.upsert(lease, { stamp, observations, ...rest });
  }
  return (records * 1000) / (performance.now() - started);
}

function toObservation(number: number, name: string): Observation {
  const id = String(100_000_000_000 + number);
  const request = {
    ...{ operation: 'organizations:ListAccounts', endpoint: 'https://organizations.us-east-1.amazonaws.com', page: 1 },
    ...{ request_ids: ['request'], attempts: 1, retry_delay_ms: 0, http_status: 200, items: 20, sha256: null },
    ...{ sdk: 'sdk@1', principal: null },
  };
  return {
    kind: 'account',
    key: `aws/${id}`,
    attributes: {
      ...{
        provider: 'aws',
        id,
        partition: 'aws',
        org_id: 'o-benchmark00',
        name: `${name}-${number}`,
        status: 'ACTIVE',
      },
      ...{ lifecycle: 'active', parent_id: 'o-benchmark00/ou-1', org_path: 'Root/Workloads/Prod' },
      org_path_ids: ['o-benchmark00/r-1', 'o-benchmark00/ou-0', 'o-benchmark00/ou-1'],
      org_path_names: ['Root', 'Workloads', 'Prod'],
      tags: { env: 'prod', team: `team-${number % 40}`, 'cost-center': `cc-${number % 200}` },
      details: { arn: `arn:aws:organizations::100000000000:account/o-benchmark00/${id}`, is_management: false },
    },
    raw: { Id: id, Name: `${name}-${number}`, State: 'ACTIVE', JoinedMethod: 'CREATED' },
    evidence: [request],
  };
}

const rowOf = (number: number) => {
  const { attributes, raw, evidence } = toObservation(number, 'first');
  return { id: attributes.id, attributes, raw, evidence };
};

async function insertBareSqlite({ writerUrl }: BenchDatabase): Promise<number> {
  const database = new Database(`${writerUrl}.bare`);
  database.pragma('journal_mode = wal');
  database.exec('create table bare (id text primary key, attributes text, raw text, evidence text) strict');
  const insert = database.prepare('insert into bare values (?, ?, ?, ?)');
  const started = performance.now();
  for (let start = 0; start < records; start += batch) {
    database.transaction(() => {
      for (let i = start; i < start + batch; i += 1) {
        const { id, attributes, raw, evidence } = rowOf(i);
        insert.run(id, JSON.stringify(attributes), JSON.stringify(raw), JSON.stringify(evidence));
      }
    })();
  }
  const rate = (records * 1000) / (performance.now() - started);
  database.close();
  return rate;
}

async function insertBarePostgres({ adminUrl }: BenchDatabase): Promise<number> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await sql`create table bare (id text primary key, attributes jsonb, raw jsonb, evidence jsonb)`;
  const started = performance.now();
  for (let start = 0; start < records; start += batch) {
    const rows = JSON.stringify(Array.from({ length: batch }, (_, i) => rowOf(start + i)));
    await sql`insert into bare select * from jsonb_to_recordset(${rows}::text::jsonb)
      as x(id text, attributes jsonb, raw jsonb, evidence jsonb)`;
  }
  const rate = (records * 1000) / (performance.now() - started);
  await sql.end();
  return rate;
}
