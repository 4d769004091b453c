// What can no longer be read because it was pruned: asked for, it is refused, for an answer without it would be wrong.
import { RequestError } from '#core/errors.ts';
import type { EventListOptions } from '../store.ts';
import type { Dialect, Statement } from './dialect.ts';
import type { Query } from './rows.ts';

/** Refuses what was asked for when a part of it was pruned. Call it after reading: horizons move with what is deleted. */
export interface Horizons {
  /** Throws RequestError `history_pruned` when the past at that time is not whole any more. `name` is what the caller calls it. */
  requireHistory(tenant_id: string, at: string, name: string): Promise<void>;
  /** Throws RequestError `events_pruned` when an event after the place was pruned. */
  requireEvents(options: EventListOptions): Promise<void>;
}

/** For either database. */
export function createHorizons(dialect: Dialect, query: Query): Horizons {
  return {
    async requireHistory(tenant_id, at, name) {
      const [row] = await query(tenant_id, readEarliest(tenant_id, dialect));
      const earliest = row?.['earliest'];
      if (typeof earliest !== 'string' || at >= earliest) return;
      const detail = `${name}: what was then has been pruned; the earliest time that can be asked for is ${earliest}`;
      throw new RequestError(400, 'history_pruned', detail);
    },
    async requireEvents(options) {
      const missed = options.after ? await query(options.tenant_id, findMissed(options, dialect)) : [];
      if (missed.length === 0) return;
      const detail =
        'cursor: events after it have been pruned; read the records again, and begin the log without a cursor';
      throw new RequestError(410, 'events_pruned', detail);
    },
  };
}

function readEarliest(tenant_id: string, dialect: Dialect): Statement {
  return {
    text: `select ${dialect.time('r.earliest')} as earliest from history_horizons r where r.tenant_id = @tenant_id`,
    parameters: { tenant_id },
  };
}

// By type, for whoever reads a quiet type has an old place and may have missed nothing.
function findMissed({ tenant_id, event_type, after }: EventListOptions, dialect: Dialect): Statement {
  return {
    text: `select r.event_type from event_horizons r where r.tenant_id = @tenant_id
        and ${dialect.log.isAfter('@key_0', '@key_1')} ${event_type === undefined ? '' : 'and r.event_type = @event_type'}
      limit 1`,
    parameters: { tenant_id, event_type, key_0: after?.key[0], key_1: after?.key[1] },
  };
}
