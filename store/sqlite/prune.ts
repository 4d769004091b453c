// The Pruner on SQLite: every batch is one synchronous transaction.
import type { DatabaseSync } from 'node:sqlite';
import { observationKinds } from '#core/observation.ts';
import type { Cutoffs, PrunableCounts, PruneBatch, PruneEnding, Pruner } from '../prune.ts';
import { lastEnded } from '../read/runs.ts';
import { recordTables } from '../records.ts';
import { attempt, prepare, readTexts, transact } from './connection.ts';
import { readNow, sqlNow } from './lease.ts';

// Events that only tell of a change of a record. Others are what projections are rebuilt from, and stay.
const tellsOfRecord = `substr(event_type, 1, instr(event_type, '.') - 1) in (${quoted(observationKinds)})`;

// The runs that something names which is kept. Versions that ended before @versions and events before @events do not count.
const namedRuns = `
  ${observationKinds.map((kind) => `select run_id from ${recordTables[kind].table} where tenant_id = @tenant_id union all`).join(' ')}
  select run_id from record_versions where tenant_id = @tenant_id and valid_to >= @versions
  union all select correlation_id from events
    where tenant_id = @tenant_id and (timestamp >= @events or not ${tellsOfRecord})
  union all select last_complete_run_id from scopes where tenant_id = @tenant_id
  union all select holder_run_id from scopes where tenant_id = @tenant_id
  union all select held.value from scopes s, json_each(s.held) held where s.tenant_id = @tenant_id
  union all select (
    select r.run_id from run_scopes r
    where r.tenant_id = s.tenant_id and r.scope = s.scope and ${lastEnded('r')}) from scopes s where s.tenant_id = @tenant_id`;

// As on Postgres: began earlier, ended or dead for a day, nothing names it and no page is left.
const prunableRuns = `
  select r.id from collector_runs r
  where r.tenant_id = @tenant_id and r.started_at < @runs
    and (r.finished_at is not null or r.started_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day'))
    and not exists (
      select 1 from run_pages p where p.tenant_id = r.tenant_id and p.run_id = r.id and p.fetched_at >= @pages)
  except select * from (${namedRuns})`;

/** Creates the Pruner on an open, migrated database. */
export function createSqlitePruner(database: DatabaseSync): Pruner {
  const batches = { versions: pruneVersions, events: pruneEvents, pages: prunePages, runs: pruneRuns, keys: pruneKeys };
  return {
    begin: async () => attempt(database, () => readBeginning(database)),
    count: async (tenant_id, cutoffs) => attempt(database, () => countPrunable(database, tenant_id, cutoffs)),
    prune: async (what, batch) => transact(database, () => batches[what](database, batch)),
    beginTenant: async (tenant_id) => transact(database, () => beginTenant(database, tenant_id)),
    finishTenant: async (tenant_id, ending) => transact(database, () => finishTenant(database, tenant_id, ending)),
  };
}

function readBeginning(database: DatabaseSync) {
  const now = readNow(database);
  const tenants = readTexts(
    database,
    'select tenant_id from scopes union select tenant_id from idempotency_keys order by tenant_id',
  );
  return { now, tenants };
}

function beginTenant(database: DatabaseSync, tenant_id: string): string {
  const [began] = readTexts(
    database,
    `insert into prune_status (tenant_id, last_attempt_at) values (?, ${sqlNow})
     on conflict (tenant_id) do update set last_attempt_at = excluded.last_attempt_at returning last_attempt_at`,
    tenant_id,
  );
  if (began === undefined) throw new Error('unreachable: an insert returns its row');
  return began;
}

function finishTenant(database: DatabaseSync, tenant_id: string, { began_at, outcome, counts }: PruneEnding): void {
  prepare(
    database,
    `update prune_status set
       last_success_at = case @outcome when 'complete' then ${sqlNow} else last_success_at end, last_run_status = @outcome,
       last_duration_ms = max(0, cast(round((unixepoch('subsec') - unixepoch(@began_at, 'subsec')) * 1000) as integer)),
       versions = @versions, events = @events, pages = @pages, runs = @runs, keys = @keys
     where tenant_id = @tenant_id`,
  ).run({ tenant_id, began_at, outcome, ...counts });
}

function countPrunable(database: DatabaseSync, tenant_id: string, cutoffs: Cutoffs): PrunableCounts {
  const row = prepare<PrunableCounts>(
    database,
    `select
         (select count(*) from record_versions
           where tenant_id = @tenant_id and kind in (${quoted(observationKinds)}) and valid_to < @versions) as versions,
         (select count(*) from events
           where tenant_id = @tenant_id and ${tellsOfRecord} and timestamp < @events) as events,
         (select count(*) from run_pages where tenant_id = @tenant_id and fetched_at < @pages) as pages,
         (select count(*) from (${prunableRuns})) as runs,
         (select count(*) from idempotency_keys where tenant_id = @tenant_id and created_at < @keys) as keys`,
  ).get({ tenant_id, ...cutoffs });
  if (row === undefined) throw new Error('unreachable: a select without a table has one row');
  return row;
}

// The oldest of all kinds: each is read in the order of the index, and merged. A batch begins at the horizon, where the one
// before it ended.
function pruneVersions(database: DatabaseSync, { tenant_id, before, limit }: PruneBatch): number {
  const ofKinds = observationKinds.map(
    (kind) => `select rowid, valid_to from record_versions
      where tenant_id = @tenant_id and kind = '${kind}' and valid_to >= @earliest and valid_to < @before`,
  );
  const [earliest = ''] = readTexts(database, 'select earliest from history_horizons where tenant_id = ?', tenant_id);
  const old = prepare<{ rowid: number; valid_to: string }>(
    database,
    `${ofKinds.join(' union all ')} order by valid_to limit @limit`,
  ).all({ tenant_id, earliest, before, limit });
  const last = old.at(-1);
  if (last === undefined) return 0;
  database
    .prepare(
      `insert into history_horizons (tenant_id, earliest) values (?, ?)
       on conflict (tenant_id) do update set earliest = excluded.earliest`,
    )
    .run(tenant_id, last.valid_to);
  database
    .prepare('delete from record_versions where rowid in (select value from json_each(?))')
    .run(JSON.stringify(old.map(({ rowid }) => rowid)));
  return old.length;
}

// From the beginning of the log up to the first event that is kept for its age, so that a place says what is missing.
function pruneEvents(database: DatabaseSync, { tenant_id, before, limit }: PruneBatch): number {
  const oldest = prepare<{ position: number; event_type: string; timestamp: string }>(
    database,
    `select position, event_type, timestamp from events
       where tenant_id = @tenant_id and ${tellsOfRecord}
         and position > (select coalesce(max(position), 0) from event_horizons where tenant_id = @tenant_id)
       order by position limit @limit`,
  ).all({ tenant_id, limit });
  const kept = oldest.findIndex(({ timestamp }) => timestamp >= before);
  const old = kept === -1 ? oldest : oldest.slice(0, kept);
  const horizons = new Map(old.map(({ event_type, position }) => [event_type, position]));
  const moveHorizon = database.prepare(
    `insert into event_horizons (tenant_id, event_type, position) values (?, ?, ?)
     on conflict (tenant_id, event_type) do update set position = excluded.position`,
  );
  for (const [event_type, position] of horizons) moveHorizon.run(tenant_id, event_type, position);
  database
    .prepare('delete from events where position in (select value from json_each(?))')
    .run(JSON.stringify(old.map(({ position }) => position)));
  return old.length;
}

function prunePages(database: DatabaseSync, { tenant_id, before, limit }: PruneBatch): number {
  return prepare(
    database,
    `delete from run_pages where rowid in (
         select rowid from run_pages where tenant_id = ? and fetched_at < ? order by fetched_at limit ?)`,
  ).run(tenant_id, before, limit).changes;
}

function pruneRuns(database: DatabaseSync, { tenant_id, before, limit }: PruneBatch): number {
  const bounds = { runs: before, versions: '', events: '', pages: '' };
  const old = readTexts(database, `select * from (${prunableRuns}) limit @limit`, { tenant_id, ...bounds, limit });
  const ids = JSON.stringify(old);
  for (const [table, column] of [
    ['run_scopes', 'run_id'],
    ['collector_runs', 'id'],
  ] as const) {
    database
      .prepare(`delete from ${table} where tenant_id = ? and ${column} in (select value from json_each(?))`)
      .run(tenant_id, ids);
  }
  return old.length;
}

function pruneKeys(database: DatabaseSync, { tenant_id, before, limit }: PruneBatch): number {
  return prepare(
    database,
    `delete from idempotency_keys where rowid in (
         select rowid from idempotency_keys where tenant_id = ? and created_at < ? order by created_at limit ?)`,
  ).run(tenant_id, before, limit).changes;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
