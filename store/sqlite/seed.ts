// The Seeder on SQLite: every request is one synchronous transaction.
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#core/clock.ts';
import { forEachKind } from '#core/observation.ts';
import { storableText } from '#core/text.ts';
import { sourceOf } from '../decide.ts';
import { toEvents } from '../events.ts';
import { readObservations } from '../observed.ts';
import { keyOf } from '../row.ts';
import {
  type AuditEntry,
  hashKey,
  idempotencyKeepHours,
  isReplay,
  type KnownRequest,
  planSeeds,
  replayedAnswer,
  type SeedAnswer,
  type Seeder,
  type SeedRequest,
  toAudit,
  toSeedContext,
  urlsOf,
} from '../seed.ts';
import { vanish } from './absence.ts';
import { prepare, transact } from './connection.ts';
import type { WriterContext } from './context.ts';
import { prepareJournal } from './journal.ts';
import { readNow } from './lease.ts';
import { readSqliteSchema } from './migrations.ts';
import { prepareRecords } from './records.ts';
import { readLocated } from './take-over.ts';

/** Creates the Seeder on an open, migrated database. */
export function createSqliteSeeder(database: DatabaseSync, { clock }: { readonly clock: Clock }): Seeder {
  const records = forEachKind((kind) => prepareRecords(database, kind));
  const context = { database, records, journal: prepareJournal(database), clock };
  return {
    seed: async (request) => transact(database, () => seed(context, request)),
    schemaVersion: async () => readSqliteSchema(database),
  };
}

function seed(context: WriterContext, request: SeedRequest): SeedAnswer {
  const { database, clock } = context;
  const { stamp } = request;
  const { tenant_id, run_id } = stamp;
  if (isReplay(readKnown(database, request), request)) return replayedAnswer;
  const now = readNow(database);
  const observed = readObservations(request.observations);
  const table = context.records.monitoring_endpoint;
  const stored = table.find(
    tenant_id,
    observed.map(({ key }) => key),
  );
  const located = readLocated(database, tenant_id, urlsOf(observed));
  const { plan, replaced, answer } = planSeeds(observed, { located, stored }, toSeedContext(stamp, now));
  const source = sourceOf(stamp);
  const finding = { run_id, source, now, reason: 'taken_over' } as const;
  vanish(context, { tenant_id, kind: 'monitoring_endpoint', keys: replaced }, finding);
  for (const row of plan.inserts) table.insert(tenant_id, row);
  for (const row of plan.updates) {
    const record = stored.get(keyOf('monitoring_endpoint', row));
    if (record !== undefined) table.update(row, record);
  }
  context.journal.appendVersions(tenant_id, plan.versions);
  context.journal.appendEvents(toEvents(plan.happenings, { tenant_id, run_id, source, clock }));
  insertAudit(database, tenant_id, toAudit(answer, request, { now, clock }));
  if (answer.refused.length === 0) remember(database, request, now);
  return answer;
}

function readKnown(database: DatabaseSync, request: SeedRequest): KnownRequest | undefined {
  if (request.idempotent === undefined) return undefined;
  return prepare<KnownRequest>(
    database,
    `select request_hash, created_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-${idempotencyKeepHours} hours') as is_kept
       from idempotency_keys where tenant_id = ? and actor = ? and key_hash = ?`,
  ).get(request.stamp.tenant_id, request.actor, hashKey(request.idempotent));
}

// A key that nobody remembers any more, but that was not pruned yet, begins anew.
function remember(database: DatabaseSync, { stamp, actor, idempotent }: SeedRequest, now: string): void {
  if (idempotent === undefined) return;
  database
    .prepare(
      `insert into idempotency_keys (tenant_id, actor, key_hash, request_hash, created_at) values (?, ?, ?, ?, ?)
       on conflict (tenant_id, actor, key_hash) do update set request_hash = excluded.request_hash, created_at = excluded.created_at`,
    )
    .run(stamp.tenant_id, actor, hashKey(idempotent), idempotent.request_hash, now);
}

function insertAudit(database: DatabaseSync, tenant_id: string, entries: readonly AuditEntry[]): void {
  const insert = database.prepare(
    `insert into audit_log (tenant_id, id, recorded_at, actor, action, key, outcome, reason, correlation_id)
     values (@tenant_id, @id, @recorded_at, @actor, @action, @key, @outcome, @reason, @correlation_id)`,
  );
  for (const entry of entries) insert.run({ ...entry, actor: storableText(entry.actor), tenant_id });
}
