// Appends versions and events; neither table is ever updated, and the collector's role may not even read them.
import type { Event } from '#contracts/events.ts';
import type { RecordVersion } from '../row.ts';
import type { PostgresTransaction } from './connection.ts';
import { provenanceOf, recordset, toRecordset } from './recordset.ts';

const versionsStatement = `
  insert into record_versions (tenant_id, kind, key, valid_from, valid_to, content, changed_fields, provenance, run_id)
  select $1, x.kind, x.key, x.valid_from, x.valid_to, x.content, x.changed_fields, ${provenanceOf}, x.run_id
  from ${recordset('record_versions')}`;

const eventsStatement = `
  insert into events (event_id, event_type, schema_version, tenant_id, source, timestamp, correlation_id, causation_id, payload)
  select x.event_id, x.event_type, x.schema_version, $1, x.source, x.timestamp, x.correlation_id, x.causation_id, x.payload
  from ${recordset('events')}`;

/** Appends closed versions. */
export async function insertVersions(
  sql: PostgresTransaction,
  tenant: string,
  versions: readonly RecordVersion[],
): Promise<void> {
  if (versions.length === 0) return;
  await sql.unsafe(versionsStatement, [tenant, ...toRecordset(versions)], { prepare: true });
}

/** Appends a tenant's events; their positions follow the order of the array. */
export async function insertEvents(sql: PostgresTransaction, tenant: string, events: readonly Event[]): Promise<void> {
  if (events.length === 0) return;
  const [rows, alike] = toRecordset(events);
  await sql.unsafe(eventsStatement, [tenant, rows, alike], { prepare: true });
}
