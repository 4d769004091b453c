// The Reader's questions about time: the event log, and what changed between two times.
import { z } from 'zod';
import { type JsonObject, jsonObjectSchema } from '#core/json.ts';
import type { Difference, DifferenceOptions, Reader } from '../store.ts';
import type { Dialect } from './dialect.ts';
import { contentsAt, listTouched } from './differences.ts';
import { listEvents } from './events.ts';
import { createHorizons } from './horizons.ts';
import { type Query, toArray } from './rows.ts';

const keySchema = z.object({ key: z.string() });
const contentSchema = keySchema.extend({ json: z.string() });

/** This part of the Reader, for either database. */
export function createLogReader(dialect: Dialect, query: Query): Pick<Reader, 'listEvents' | 'listDifferences'> {
  const horizons = createHorizons(dialect, query);

  async function readContents(options: DifferenceOptions, keys: readonly string[], as_of: string) {
    const { tenant_id, kind } = options;
    const rows = await query(tenant_id, contentsAt({ tenant_id, kind, keys }, as_of, dialect));
    return new Map(rows.map((row) => contentSchema.parse(row)).map(({ key, json }) => [key, toContent(json)]));
  }

  return {
    async listEvents(options) {
      const rows = await query(options.tenant_id, listEvents(options, dialect));
      await horizons.requireEvents(options);
      const positions = rows.map(({ xid, position }) => ({ value: null, key: [String(xid), String(position)] }));
      return { json: toArray(rows), next: positions.at(-1) ?? null, positions };
    },
    async listDifferences(options) {
      const found = (await query(options.tenant_id, listTouched(options))).map((row) => keySchema.parse(row).key);
      const keys = found.slice(0, options.limit);
      const before = await readContents(options, keys, options.from);
      const after = await readContents(options, keys, options.to);
      await horizons.requireHistory(options.tenant_id, options.from, 'from');
      const items = keys.map(
        (key): Difference => ({ key, before: before.get(key) ?? null, after: after.get(key) ?? null }),
      );
      const last = found.length > options.limit ? keys.at(-1) : undefined;
      return { items, next: last === undefined ? null : { value: null, key: [last] } };
    },
  };
}

function toContent(json: string): JsonObject {
  return jsonObjectSchema.parse(JSON.parse(json));
}
