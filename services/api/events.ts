// GET /api/v1/events: the event log, page by page, as lines, or as server-sent events while it grows.
import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import { envelopeSchema } from '#contracts/envelope.ts';
import type { Clock } from '#core/clock.ts';
import { RequestError } from '#core/errors.ts';
import { runIdSchema } from '#core/provenance.ts';
import type { App } from '#services/app.ts';
import type { AppEnv } from '#services/env.ts';
import { eventStreamType, listTypes, negotiate } from './accept.ts';
import { type EventListing, streamEvents } from './event-stream.ts';
import { sendList } from './list.ts';
import { pageParameters, textSchema } from './query.ts';
import type { RouteContext } from './record.ts';
import { listResponses } from './responses.ts';

/** An event as it is sent: exactly the envelope. */
const eventItemSchema = envelopeSchema.meta({ id: 'Event' });

// Transaction and place in the log; both are numbers of the database, as text.
const position = z.object({
  value: z.null(),
  key: z.tuple([z.string().regex(/^\d{1,19}$/), z.string().regex(/^\d{1,18}$/)]),
});

const { 200: page, ...refusals } = listResponses(eventItemSchema);
const stream = z
  .string()
  .meta({ description: 'server-sent events: `event` is the type, `data` the event, `id` the cursor after it' });
const responses = {
  200: { ...page, content: { ...page.content, [eventStreamType]: { schema: stream } } },
  ...refusals,
  410: { description: 'events after the cursor were pruned: begin again without it', content: refusals[400].content },
};

const eventsRoute = createRoute({
  method: 'get',
  path: '/api/v1/events',
  tags: ['events'],
  summary: 'List events, oldest first',
  description:
    'The `Link` to the next page comes with every page that has or had a row: ask again later to go on. With `Accept: text/event-stream` the events are sent as they are written; `Last-Event-ID` goes on after that one; the stream ends when the token expires. Events are kept for a time: a place before what was pruned is a 410, so that nothing is missed unknowingly.',
  request: {
    query: z.strictObject({
      event_type: textSchema.optional().meta({ example: 'account.moved' }),
      correlation_id: runIdSchema.optional().meta({ description: 'the run or the request that led to them' }),
      ...pageParameters,
    }),
  },
  responses,
});

export interface EventsContext extends RouteContext {
  /** Aborts when the process begins to end: streams end with it. */
  readonly stopping: AbortSignal;
  readonly clock: Clock;
}

/** Adds the route of events. */
export function addEvents(app: App, context: EventsContext): void {
  const { stopping, clock } = context;
  app.openapi(eventsRoute, (c) => {
    const { limit, cursor, ...filters } = c.req.valid('query');
    const listing = toListing(c, filters, context);
    if (negotiate(c, [...listTypes, eventStreamType]) !== eventStreamType)
      return sendList(c, { limit, cursor }, listing);
    if (limit !== undefined) throw new RequestError(400, 'invalid_request', 'limit: a stream has no pages');
    return streamEvents(c, { cursor, listing, stopping, now: () => clock.now() });
  });
}

function toListing(
  c: Context<AppEnv>,
  filters: { event_type?: string | undefined; correlation_id?: string | undefined },
  { reader, log }: RouteContext,
): EventListing {
  const options = { tenant_id: c.var.identity.tenant_id, ...filters };
  return {
    name: 'events',
    columns: Object.keys(envelopeSchema.shape),
    identity: options,
    position,
    log,
    isLog: true,
    read: (page) => reader.listEvents({ ...options, ...page }),
  };
}
