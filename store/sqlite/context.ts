// What the writer's transactions share.
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#core/clock.ts';
import type { ObservationKind } from '#core/observation.ts';
import type { Journal } from './journal.ts';
import type { RecordsTable } from './records.ts';

/** The connection, its prepared tables and the source of event ids. */
export interface WriterContext {
  readonly database: DatabaseSync;
  readonly records: Readonly<Record<ObservationKind, RecordsTable>>;
  readonly journal: Journal;
  readonly clock: Clock;
}
