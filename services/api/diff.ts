// GET /api/v1/diff: what changed between two times.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import { jsonSchema } from '#core/json.ts';
import { type ObservationKind, observationKindSchema, observationKinds } from '#core/observation.ts';
import type { App } from '#services/app.ts';
import { type Change, changedField, diffJson } from '#store/diff.ts';
import { recordTables } from '#store/records.ts';
import type { Difference, ListPage, Position, Reader } from '#store/store.ts';
import { sendList } from './list.ts';
import { asOfSchema, pageParameters } from './query.ts';
import type { RouteContext } from './record.ts';
import { listResponses } from './responses.ts';

const differenceSchema = z
  .strictObject({
    kind: observationKindSchema,
    key: z.string().meta({ example: 'aws/111122223333' }),
    change: z.enum(['discovered', 'updated', 'moved', 'vanished', 'returned']),
    fields: z
      .array(
        z.strictObject({
          path: z
            .string()
            .meta({ description: 'JSON pointer (RFC 6901); empty: the whole content', example: '/tags/env' }),
          from: jsonSchema.optional().meta({ description: 'absent where there was no such member' }),
          to: jsonSchema.optional().meta({ description: 'absent where there is none any more' }),
        }),
      )
      .meta({ description: 'applied to the content at `from`, they give the content at `to`' }),
  })
  .meta({ id: 'Difference' });
type DifferenceItem = z.output<typeof differenceSchema>;

// The kind a page ended in, and the last key it looked at.
const position = z.object({ value: observationKindSchema, key: z.tuple([z.string()]) });

const diffRoute = createRoute({
  method: 'get',
  path: '/api/v1/diff',
  tags: ['history'],
  summary: 'List what changed between two times',
  description:
    'The net difference of each record, as it had been recorded. A page may be short, or empty, and have a next one. ' +
    'A batch that is just being written has its time before it can be read: to follow changes, read `/api/v1/events`.',
  request: {
    query: z.strictObject({
      from: asOfSchema,
      to: asOfSchema.optional().meta({ description: 'now, when absent' }),
      kind: observationKindSchema.optional(),
      ...pageParameters,
    }),
  },
  responses: listResponses(differenceSchema),
});

/** Adds the route. */
export function addDiff(app: App, { reader, log, now }: RouteContext & { now: () => Date }): void {
  app.openapi(diffRoute, (c) => {
    const { limit, cursor, from, to, kind } = c.req.valid('query');
    const interval = { from, to: to ?? now().toISOString() };
    if (interval.from > interval.to) {
      throw new RequestError(400, 'invalid_request', 'from: must not be after to');
    }
    const options = { tenant_id: c.var.identity.tenant_id, ...interval, kinds: kind ? [kind] : [...observationKinds] };
    return sendList(
      c,
      { limit, cursor },
      {
        name: 'diff',
        columns: Object.keys(differenceSchema.shape),
        // Without `to` each page has a later one, and the cursor must still fit.
        identity: { tenant_id: options.tenant_id, from, to, kinds: options.kinds },
        position,
        log,
        isPast: true,
        read: (page) => readPage(reader, options, page),
      },
    );
  });
}

interface DiffOptions {
  readonly tenant_id: string;
  readonly from: string;
  readonly to: string;
  readonly kinds: readonly ObservationKind[];
}

// One kind after the other, each by key.
async function readPage(
  reader: Reader,
  { kinds, ...options }: DiffOptions,
  { limit, after }: { readonly limit: number; readonly after: Position | undefined },
): Promise<ListPage> {
  const kind = kinds.find((name) => name === after?.value) ?? kinds[0];
  if (kind === undefined) return { json: '[]', next: null };
  const within = after && after.key[0] !== '' ? { value: null, key: after.key } : undefined;
  const { items, next } = await reader.listDifferences({ ...options, kind, limit, after: within });
  const json = JSON.stringify(items.flatMap((item) => toItem(kind, item)));
  if (next) return { json, next: { value: kind, key: next.key } };
  const following = kinds[kinds.indexOf(kind) + 1];
  return { json, next: following ? { value: following, key: [''] } : null };
}

// Nothing, where a record is at the end what it was in the beginning.
function toItem(kind: ObservationKind, { key, before, after }: Difference): DifferenceItem[] {
  const fields = diffJson(before ?? undefined, after ?? undefined);
  return fields.length === 0 ? [] : [{ kind, key, change: toChange(kind, { before, after }, fields), fields }];
}

function toChange(
  kind: ObservationKind,
  { before, after }: Pick<Difference, 'before' | 'after'>,
  fields: readonly Change[],
) {
  if (before === null) return 'discovered';
  const isGone = after?.['vanished_at'] != null;
  const wasGone = before['vanished_at'] !== null;
  if (isGone !== wasGone) return isGone ? 'vanished' : 'returned';
  return fields.map(changedField).some((name) => recordTables[kind].moves.includes(name)) ? 'moved' : 'updated';
}
