// Runner and store: records a second, beside the same rows handed to the bare driver in the same run.
import { DatabaseSync } from 'node:sqlite';
import postgres from 'postgres';
import type { Observation } from '#core/observation.ts';
import type { Writer } from '#store/store.ts';
import type { BenchDatabase, BenchDatabases } from './databases.ts';
import { type Figure, median, printFigures, whole } from './report.ts';
import { benchOrganization, benchRequest, collectScripted, openBenchWriter } from './scripted.ts';

const records = 20_000;
const batch = 500;
const rounds = 3;

// Records a second on two cores that nobody else uses.
const limits = {
  sqlite: { inserted: 20_000, changed: 10_000, unchanged: 40_000 },
  postgres: { inserted: 8000, changed: 4000, unchanged: 15_000 },
} as const;

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
      const writer = await openBenchWriter(database);
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

// Records a second, the begin and the end of the run included.
async function collect(writer: Writer, name: string): Promise<number> {
  const started = performance.now();
  await collectScripted(writer, observeAccounts(name));
  return (records * 1000) / (performance.now() - started);
}

function* observeAccounts(name: string): Generator<Observation, void, undefined> {
  for (let number = 0; number < records; number += 1) yield toObservation(number, name);
}

function toObservation(number: number, name: string): Observation {
  const id = String(100_000_000_000 + number);
  return {
    kind: 'account',
    key: `aws/${id}`,
    attributes: {
      ...{
        provider: 'aws',
        id,
        partition: 'aws',
        org_id: benchOrganization,
        name: `${name}-${number}`,
        status: 'ACTIVE',
      },
      ...{ lifecycle: 'active', parent_id: `${benchOrganization}/ou-1`, org_path: 'Root/Workloads/Prod' },
      org_path_ids: ['r-1', 'ou-0', 'ou-1'].map((unit) => `${benchOrganization}/${unit}`),
      org_path_names: ['Root', 'Workloads', 'Prod'],
      tags: { env: 'prod', team: `team-${number % 40}`, 'cost-center': `cc-${number % 200}` },
      details: { arn: `arn:aws:organizations::100000000000:account/${benchOrganization}/${id}`, is_management: false },
    },
    raw: { Id: id, Name: `${name}-${number}`, State: 'ACTIVE', JoinedMethod: 'CREATED' },
    evidence: [benchRequest],
  };
}

const rowOf = (number: number) => {
  const { attributes, raw, evidence } = toObservation(number, 'first');
  return { id: attributes.id, attributes, raw, evidence };
};

async function upsertBareSqlite({ writerUrl }: BenchDatabase): Promise<number> {
  const database = new DatabaseSync(`${writerUrl}.bare`);
  database.exec('pragma journal_mode = wal; pragma synchronous = normal');
  database.exec('create table bare (id text primary key, attributes text, raw text, evidence text) strict');
  const insert = database.prepare(
    `insert into bare values (?, ?, ?, ?)
     on conflict (id) do update set attributes = excluded.attributes, raw = excluded.raw, evidence = excluded.evidence`,
  );
  const started = performance.now();
  for (let start = 0; start < records; start += batch) {
    database.exec('begin immediate');
    for (let i = start; i < start + batch; i += 1) {
      const { id, attributes, raw, evidence } = rowOf(i);
      insert.run(id, JSON.stringify(attributes), JSON.stringify(raw), JSON.stringify(evidence));
    }
    database.exec('commit');
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
