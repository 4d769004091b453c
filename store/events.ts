// Turns what happened to records into events.
import type { Clock } from '#core/clock.ts';
import type { Json } from '#core/json.ts';
import type { RecordHappening } from './plan.ts';
import { attributeNames } from './row.ts';

/** A row of `events` without what the database adds. */
export interface EventRow {
  readonly event_id: string;
  readonly event_type: string;
  readonly schema_version: string;
  readonly tenant_id: string;
  readonly source: string;
  readonly timestamp: string;
  readonly correlation_id: string;
  readonly causation_id: string;
  readonly payload: { readonly [name: string]: Json };
}

/** Who found out, and when. */
export interface EventContext {
  readonly tenant_id: string;
  readonly source: string;
  readonly run_id: string;
  readonly now: string;
  readonly clock: Clock;
}

/** One event per happening. Nothing caused it but the run, so each event is its own cause. */
export function toEvents(happenings: readonly RecordHappening[], context: EventContext): EventRow[] {
  return happenings.map((happening) => {
    const event_id = context.clock.uuid7();
    const { kind, key, row, changes } = happening;
    const attributes = Object.fromEntries(attributeNames(kind).map((name) => [name, row[name] ?? null]));
    return {
      event_id,
      event_type: `${kind}.${happening.happening}`,
      schema_version: '1.0.0',
      tenant_id: context.tenant_id,
      source: context.source,
      timestamp: context.now,
      correlation_id: context.run_id,
      causation_id: event_id,
      payload: { key, attributes, changed: changes.map((change) => ({ ...change })) },
    };
  });
}
