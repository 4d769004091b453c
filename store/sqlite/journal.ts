// Appends versions and events with statements that are prepared once; neither table is ever updated.
import type { DatabaseSync } from 'node:sqlite';
import type { Event } from '#contracts/events.ts';
import type { RecordVersion } from '../row.ts';
import { type JsonTexts, joinText, noTexts, rememberText, toStorableText } from '../storable.ts';

/** What is only ever appended to. All of it runs inside the caller's transaction. */
export interface Journal {
  /** Appends closed versions. */
  appendVersions(tenant: string, versions: readonly RecordVersion[]): void;
  /** Appends events. */
  appendEvents(events: readonly Event[], texts?: JsonTexts): void;
}

/** Prepares the statements. Values are bound by place: looking names up takes as long as appending. */
export function prepareJournal(database: DatabaseSync): Journal {
  const insertVersion = database.prepare(
    `insert into record_versions (tenant_id, kind, key, valid_from, valid_to, content, changed_fields, provenance, run_id)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertEvent = database.prepare(
    `insert into events (event_id, event_type, schema_version, tenant_id, source, timestamp, correlation_id, causation_id, payload)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const provenanceText = rememberText();
  return {
    appendVersions(tenant, versions) {
      for (const { kind, key, valid_from, valid_to, content, changed_fields, provenance, run_id } of versions) {
        const texts = [toStorableText(content), toStorableText(changed_fields), provenanceText(provenance)] as const;
        insertVersion.run(tenant, kind, key, valid_from, valid_to, ...texts, run_id);
      }
    },
    appendEvents(events, texts = noTexts) {
      for (const event of events) {
        const { event_id, event_type, schema_version, tenant_id, source, timestamp } = event;
        const { correlation_id, causation_id, payload } = event;
        const ids = [correlation_id, causation_id] as const;
        insertEvent.run(
          event_id,
          event_type,
          schema_version,
          tenant_id,
          source,
          timestamp,
          ...ids,
          joinText(payload, texts),
        );
      }
    },
  };
}
