// Runner and store: records a second, beside the same rows handed to the bare driver in the same run.
import { join } from 'node:path';
import Database from 'better-sqlite3';
import postgres from 'postgres';
import { runCollector } from '#collectors/runner.ts';
import { systemClock } from '#core/clock.ts';
import { type Collector, defineCollector } from '#core/collector.ts';
import { createHttpClient } from '#core/http.ts';
import { jsonSchema } from '#core/json.ts';
import { createLogger } from '#core/log.ts';
import type { Observation } from '#core/observation.ts';
import { openWriter } from '#store/open.ts';
import type { Writer } from '#store/store.ts';
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
  await collect(writer, 'first');
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
      const bare = dialect === 'sqlite' ? upsertBareSqlite : upsertBarePostgres;
      rates.bare.push(await bare(await databases.open(dialect, `bare_${dialect}_${round}`)));
      const writer = await openWriter({ url: database.writerUrl, migrationsDir, clock: systemClock, log });
      rates.inserted.push(await collect(writer, 'first'));
      rates.changed.push(await collect(writer, 'second'));
      rates.unchanged.push(await collect(writer, 'second'));
      await writer.close();
    }
    const ceiling = median(rates.bare);
    const figures = (['inserted', 'changed', 'unchanged'] as const).map((name): Figure => {
      const rate = median(rates[name]);
      return {
        what: name,
        figure: `${whole(rate)}/s`,
        beside: `limit ${whole(limits[dialect][name])}/s; ${(rate / ceiling).toFixed(2)} of bare upserts`,
      };
    });
    figures.push({
      what: 'bare driver',
      figure: `${whole(ceiling)}/s`,
      beside: 'the same rows upserted into one table, no checks, no history',
    });
    printFigures(`runner and store on ${dialect}: ${whole(records)} accounts`, figures);
  }
}

// One run of a collector that does nothing but yield; records a second, its begin and its end included.
async function collect(writer: Writer, name: string): Promise<number> {
  const started = performance.now();
  const { outcome, counts } = await runCollector({
    ...{ collector: scriptedCollector(name), config: null, scopes: undefined, writer, clock: systemClock, log },
    ...{ tenant_id: 'bench', version: '0', image_digest: null, trigger: 'bench' },
    ...{ http: createHttpClient({ proxyEnv: {} }), proxyEnv: {}, signal: new AbortController().signal },
    timeoutMs: 300_000,
  });
  const seconds = (performance.now() - started) / 1000;
  if (outcome !== 'complete' || counts.seen !== records) throw new Error(`the run was ${outcome}`);
  return records / seconds;
}

function scriptedCollector(name: string): Collector {
  return defineCollector({
    name: 'aws',
    config: jsonSchema,
    scopes: () => ['aws:bench'],
    async *observe(context) {
      context.identify({ root: 'o-benchmark00', configured: undefined, principal: 'bench', sdk: 'sdk@1' });
      for (let number = 0; number < records; number += 1) yield toObservation(number, name);
      context.enumerated('account');
    },
  });
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

async function upsertBareSqlite({ writerUrl }: BenchDatabase): Promise<number> {
  const database = new Database(`${writerUrl}.bare`);
  database.pragma('journal_mode = wal');
  database.exec('create table bare (id text primary key, attributes text, raw text, evidence text) strict');
  const insert = database.prepare(
    `insert into bare values (?, ?, ?, ?)
     on conflict (id) do update set attributes = excluded.attributes, raw = excluded.raw, evidence = excluded.evidence`,
  );
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

async function upsertBarePostgres({ adminUrl }: BenchDatabase): Promise<number> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await sql`create table bare (id text primary key, attributes jsonb, raw jsonb, evidence jsonb)`;
  const started = performance.now();
  for (let start = 0; start < records; start += batch) {
    const rows = JSON.stringify(Array.from({ length: batch }, (_, i) => rowOf(start + i)));
    await sql`insert into bare select * from jsonb_to_recordset(${rows}::text::jsonb)
      as x(id text, attributes jsonb, raw jsonb, evidence jsonb)
      on conflict (id) do update set attributes = excluded.attributes, raw = excluded.raw, evidence = excluded.evidence`;
  }
  const rate = (records * 1000) / (performance.now() - started);
  await sql.end();
  return rate;
}
