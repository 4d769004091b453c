// The statement that reads the event log in an order in which nothing is ever passed over.
import { envelopeSchema } from '#contracts/envelope.ts';
import type { ColumnType } from '../records.ts';
import type { EventListOptions } from '../store.ts';
import type { Dialect, Member, Statement } from './dialect.ts';

const types: Readonly<Record<string, ColumnType>> = { timestamp: 'time', payload: 'json' };

/** The nine fields of the envelope, read from `r`. */
const envelopeMembers: readonly Member[] = Object.keys(envelopeSchema.shape).map((name) => ({
  name,
  sql: `r."${name}"`,
  type: types[name] ?? 'text',
}));

/** One page of settled events, the oldest first: `json`, and `xid` and `position` as the place of each. */
export function listEvents(options: EventListOptions, dialect: Dialect): Statement {
  const { tenant_id, event_type, correlation_id, after, limit } = options;
  const conditions = [
    'r.tenant_id = @tenant_id',
    dialect.log.isSettled,
    ...(event_type === undefined ? [] : ['r.event_type = @event_type']),
    ...(correlation_id === undefined ? [] : ['r.correlation_id = @correlation_id']),
    ...(after ? [dialect.log.isAfter('@key_0', '@key_1')] : []),
  ];
  return {
    text: `select ${dialect.text(dialect.object(envelopeMembers))} as json, ${dialect.log.transaction} as xid, r.position
      from events r where ${conditions.join(' and ')}
      order by ${dialect.log.order} limit @limit`,
    parameters: { tenant_id, event_type, correlation_id, key_0: after?.key[0], key_1: after?.key[1], limit },
  };
}
