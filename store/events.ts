// Turns what happened to records into events.
import { createEvent, type Event } from '#contracts/events.ts';
import type { Clock } from '#core/clock.ts';
import type { Json, JsonObject } from '#core/json.ts';
import type { RecordHappening } from './plan.ts';
import type { RecordRow } from './row.ts';

/** Who found out. */
export interface EventContext {
  readonly tenant_id: string;
  /** "collector/version" */
  readonly source: string;
  readonly run_id: string;
  readonly clock: Clock;
}

/** One valid event per happening, in the same order; nothing but the run caused it. */
export function toEvents(happenings: readonly RecordHappening[], context: EventContext): Event[] {
  return happenings.map((happening) =>
    createEvent({
      event_id: context.clock.uuid7(),
      event_type: `${happening.kind}.${happening.happening}`,
      tenant_id: context.tenant_id,
      source: context.source,
      // When the content it leads to begins: the batch's time, unless the clock stood still or went back.
      timestamp: happening.row.valid_from,
      correlation_id: context.run_id,
      payload: { ...subjectOf(happening.row), ...detailsOf(happening) },
    }),
  );
}

function subjectOf(row: RecordRow): JsonObject {
  const { provider = null, id = null, org_id = null, scope } = row;
  return { provider, id, org_id, scope };
}

function detailsOf({ happening, row, replaced, changes }: RecordHappening): JsonObject {
  const changed = changes.map((change) => ({ ...change }));
  switch (happening) {
    case 'discovered':
      return { attributes: knownAttributes(row) };
    case 'updated':
      return { changed };
    case 'moved':
      return { from: placeOf(replaced), to: placeOf(row), changed };
    case 'vanished':
      return { reason: row.vanished_reason, last_seen_at: row.last_seen_at };
    case 'returned':
      return { vanished_at: replaced['vanished_at'] ?? null, changed };
  }
}

function knownAttributes(row: RecordRow): JsonObject {
  const attributes: JsonObject = {};
  for (const name of row.known_fields) attributes[name] = row[name] ?? null;
  return attributes;
}

function placeOf(content: { readonly [column: string]: Json }): JsonObject {
  const { org_id = null, parent_id = null, org_path = null } = content;
  return { org_id, parent_id, org_path };
}
