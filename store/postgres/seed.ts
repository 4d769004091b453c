// The Seeder on Postgres, for the role inventory_ingest.
import type { Clock } from '#core/clock.ts';
import { forEachKind } from '#core/observation.ts';
import { sourceOf } from '../decide.ts';
import { toEvents } from '../events.ts';
import { readObservations } from '../observed.ts';
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
import { toStorableText } from '../storable.ts';
import { vanish } from './absence.ts';
import { inTenant, type PostgresConnection, type PostgresTransaction } from './connection.ts';
import type { WriteContext } from './context.ts';
import { retrySerialization } from './errors.ts';
import { insertEvents, insertVersions } from './journal.ts';
import { readPostgresSchema } from './migrations.ts';
import { recordStatements } from './records.ts';
import { readRows, writeRows } from './rows.ts';
import { readLocated } from './take-over.ts';

const kind = 'monitoring_endpoint';

/** Creates the Seeder on an open connection. */
export function createPostgresSeeder(connection: PostgresConnection, { clock }: { readonly clock: Clock }): Seeder {
  const statements = forEachKind(recordStatements);
  return {
    // At repeatable read: of two requests that meet in a record or in a key the later begins anew, and sees the first.
    seed: (request) =>
      retrySerialization(() =>
        inTenant(connection, request.stamp.tenant_id, (sql) => seed({ sql, statements, clock }, request)),
      ),
    schemaVersion: () => connection.transact({ tenant_id: null, mode: 'read only' }, readPostgresSchema),
  };
}

async function seed(context: WriteContext, request: SeedRequest): Promise<SeedAnswer> {
  const { sql, clock } = context;
  const { stamp } = request;
  const { tenant_id, run_id } = stamp;
  const known = await readKnown(sql, request);
  if (isReplay(known, request)) return replayedAnswer;
  const now = await readNow(sql);
  const observed = readObservations(request.observations);
  const keys = observed.map(({ key }) => key);
  const found = {
    located: await readLocated(context, tenant_id, urlsOf(observed)),
    stored: await readRows(context, { tenant_id, kind, keys }),
  };
  const { plan, replaced, answer } = planSeeds(observed, found, toSeedContext(stamp, now));
  const source = sourceOf(stamp);
  const finding = { run_id, source, now, reason: 'taken_over' } as const;
  await vanish(context, { tenant_id, kind, keys: replaced }, finding);
  await writeRows(context, 'insert', { tenant_id, kind, rows: plan.inserts });
  await writeRows(context, 'update', { tenant_id, kind, rows: plan.updates });
  await insertVersions(sql, tenant_id, plan.versions);
  await insertEvents(sql, tenant_id, toEvents(plan.happenings, { tenant_id, run_id, source, clock }));
  await insertAudit(sql, tenant_id, toAudit(answer, request, { now, clock }));
  if (answer.refused.length === 0) await remember(sql, request, now);
  return answer;
}

async function readNow(sql: PostgresTransaction): Promise<string> {
  const [row] = await sql<{ now: string }[]>`
    select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now`;
  if (row === undefined) throw new Error('unreachable: a select without a table has one row');
  return row.now;
}

async function readKnown(sql: PostgresTransaction, request: SeedRequest): Promise<KnownRequest | undefined> {
  if (request.idempotent === undefined) return undefined;
  const [row] = await sql<KnownRequest[]>`
    select request_hash, created_at > clock_timestamp() - make_interval(hours => ${idempotencyKeepHours}) as is_kept
    from idempotency_keys
    where tenant_id = ${request.stamp.tenant_id} and actor = ${request.actor} and key_hash = ${hashKey(request.idempotent)}`;
  return row;
}

// A key that nobody remembers any more, but that was not pruned yet, begins anew.
async function remember(sql: PostgresTransaction, request: SeedRequest, now: string): Promise<void> {
  const { stamp, actor, idempotent } = request;
  if (idempotent === undefined) return;
  await sql`
    insert into idempotency_keys (tenant_id, actor, key_hash, request_hash, created_at)
    values (${stamp.tenant_id}, ${actor}, ${hashKey(idempotent)}, ${idempotent.request_hash}, ${now}::text::timestamptz)
    on conflict (tenant_id, actor, key_hash) do update set request_hash = excluded.request_hash, created_at = excluded.created_at`;
}

async function insertAudit(sql: PostgresTransaction, tenant_id: string, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await sql`
    insert into audit_log (tenant_id, id, recorded_at, actor, action, key, outcome, reason, correlation_id)
    select ${tenant_id}, id, recorded_at, actor, action, key, outcome, reason, correlation_id
    from jsonb_to_recordset(${toStorableText(entries)}::text::jsonb) as x(
      id uuid, recorded_at timestamptz, actor text, action text, key text, outcome text, reason text, correlation_id uuid)`;
}
