// Appends versions and events; neither table is ever updated, and the collector's role may not even read them.
import type { Event } from '#contracts/events.ts';
import type { RecordVersion } from '../row.ts';
import { toStorableText } from '../storable.ts';
import type { PostgresTransaction } from './connection.ts';

/** Appends closed versions. */
export async function insertVersions(
  sql: PostgresTransaction,
  tenant: string,
  versions: readonly RecordVersion[],
): Promise<void> {
  if (versions.length === 0) return;
  await sql`
    insert into record_versions (tenant_id, kind, key, valid_from, valid_to, content, changed_fields, provenance, run_id)
    select ${tenant}, kind, key, valid_from, valid_to, content, changed_fields, provenance, run_id
    from jsonb_to_recordset(${toStorableText(versions)}::text::jsonb) as x(
      kind text, key text, valid_from timestamptz, valid_to timestamptz, content jsonb, changed_fields text[],
      provenance jsonb, run_id uuid)`;
}

/** Appends events; their positions follow the order of the array. */
export async function insertEvents(sql: PostgresTransaction, events: readonly Event[]): Promise<void> {
  if (events.length === 0) return;
  await sql`
    insert into events (event_id, event_type, schema_version, tenant_id, source, timestamp, correlation_id, causation_id, payload)
    select event_id, event_type, schema_version, tenant_id, source, timestamp, correlation_id, causation_id, payload
    from jsonb_to_recordset(${toStorableText(events)}::text::jsonb) as x(
      event_id uuid, event_type text, schema_version text, tenant_id text, source text, timestamp timestamptz,
      correlation_id uuid, causation_id uuid, payload jsonb)`;
}
