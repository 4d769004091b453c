// What the statements of one write transaction share.
import type { Clock } from '#core/clock.ts';
import type { ObservationKind } from '#core/observation.ts';
import type { PostgresTransaction } from './connection.ts';
import type { RecordStatements } from './records.ts';

/** The open transaction, the statements of the record tables and the source of event ids. */
export interface WriteContext {
  readonly sql: PostgresTransaction;
  readonly statements: Readonly<Record<ObservationKind, RecordStatements>>;
  readonly clock: Clock;
}
