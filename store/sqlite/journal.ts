// Appends versions and events; neither table is ever updated.
import type Database from 'better-sqlite3';
import type { Event } from '#contracts/events.ts';
import type { RecordVersion } from '../row.ts';
import { toStorableText } from '../storable.ts';

/** Appends closed versions. */
export function insertVersions(database: Database.Database, tenant: string, versions: readonly RecordVersion[]): void {
  const insert = database.prepare(
    `insert into record_versions (tenant_id, kind, key, valid_from, valid_to, content, changed_fields, provenance, run_id)
     values (@tenant, @kind, @key, @valid_from, @valid_to, @content, @changed_fields, @provenance, @run_id)`,
  );
  for (const version of versions) {
    insert.run({
      ...version,
      tenant,
      content: toStorableText(version.content),
      changed_fields: toStorableText(version.changed_fields),
      provenance: toStorableText(version.provenance),
    });
  }
}

/** Appends events. */
export function insertEvents(database: Database.Database, events: readonly Event[]): void {
  const insert = database.prepare(
    `insert into events (event_id, event_type, schema_version, tenant_id, source, timestamp, correlation_id, causation_id, payload)
     values (@event_id, @event_type, @schema_version, @tenant_id, @source, @timestamp, @correlation_id, @causation_id, @payload)`,
  );
  for (const event of events) insert.run({ ...event, payload: toStorableText(event.payload) });
}
