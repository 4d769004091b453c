// Turns what happened to records into events.
import { createEvent, type Event } from '#contracts/events.ts';
import type { Clock } from '#core/clock.ts';
import type { Json, JsonObject } from '#core/json.ts';
import type { RecordHappening } from './plan.ts';
import { recordTables } from './records.ts';

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
      payload: Object.assign(subjectOf(happening), detailsOf(happening)),
    }),
  );
}

function subjectOf({ kind, row }: RecordHappening): JsonObject {
  const subject = pick(row, recordTables[kind].subject);
  subject['scope'] = row.scope;
  return subject;
}

function detailsOf({ kind, happening, row, attributes, replaced, changes }: RecordHappening): JsonObject {
  const changed = changes.map((change) => ({ ...change }));
  switch (happening) {
    case 'discovered':
      return { attributes };
    case 'updated':
      return { changed };
    case 'moved':
      return { from: pick(replaced, recordTables[kind].place), to: pick(row, recordTables[kind].place), changed };
    case 'vanished':
      return { reason: row.vanished_reason, last_seen_at: row.last_seen_at };
    case 'returned':
      return { vanished_at: replaced['vanished_at'] ?? null, changed };
  }
}

// A loop: this is done for every new record, and pairs would be made only to be dropped.
function pick(content: { readonly [column: string]: Json }, names: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  for (const name of names) picked[name] = content[name] ?? null;
  return picked;
}
