// Server-sent events: the log from a place on, and what is written to it while the client listens
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { pause } from '#core/deadline.ts';
import type { AppEnv } from '#services/env.ts';
import type { EventPage, Position } from '#store/store.ts';
import { parseCursor, toCursor } from './cursor.ts';
import type { Listing } from './list.ts';

/** How often the log is asked for more, and how many events are read at once. */
const pollMs = 1000;
const batch = 100;
/** Proxies drop a connection on which nothing comes for a minute. */
const pingMs = 20_000;

/** The event log, ready to be read from any of its events on. */
export interface EventListing extends Listing {
  read(page: { limit: number; after: Position | undefined }): Promise<EventPage>;
}

interface StreamOptions {
  readonly cursor: string | undefined;
  readonly listing: EventListing;
  readonly stopping: AbortSignal;
  readonly now: () => Date;
}

const eventsSchema = z.array(z.looseObject({ event_type: z.string() }));

/**
 * Streams until the client leaves, its token expires, the database fails or the process ends. Every event has the cursor after
 * it as its `id`: whoever always breaks off after a few would else begin the same batch for ever.
 */
export async function streamEvents(c: Context<AppEnv>, { cursor, listing, stopping, now }: StreamOptions) {
  const list = { identity: [listing.name, listing.identity], position: listing.position };
  const given = c.req.header('Last-Event-ID') || cursor;
  let after = given === undefined ? undefined : parseCursor(given, list);
  // Read before the answer begins, so that a place whose events were pruned is a 410, which no client tries again.
  let page = await listing.read({ limit: batch, after });
  const left = new AbortController();
  // Nobody takes what would be sent, and nobody would ever leave.
  if (c.req.method === 'HEAD') left.abort();
  const { expires_ms = Number.POSITIVE_INFINITY } = c.var.identity;
  const signal = AbortSignal.any([left.signal, stopping]);
  const send = async (stream: SSEStreamingApi) => {
    stream.onAbort(() => left.abort());
    for (let quietMs = 0; !signal.aborted && now().getTime() < expires_ms; ) {
      await sendPage(stream, page, (position) => toCursor(position, list));
      after = page.next ?? after;
      quietMs = page.next ? 0 : quietMs + pollMs;
      if (quietMs >= pingMs) {
        await stream.write(': still here\n\n');
        quietMs = 0;
      }
      if (!page.next) await pause(pollMs, signal).catch(() => undefined);
      if (!signal.aborted) page = await listing.read({ limit: batch, after });
    }
  };
  // An error that went on from here would be sent, as an event with its text. A stream that ends is asked for again.
  return streamSSE(c, (stream) =>
    send(stream).catch((error: unknown) => {
      listing.log.error({ trace_id: c.var.traceId, err: error, list: listing.name }, 'event stream broke off');
    }),
  );
}

async function sendPage(stream: SSEStreamingApi, page: EventPage, toId: (position: Position) => string): Promise<void> {
  const events = eventsSchema.parse(JSON.parse(page.json));
  for (const [index, position] of page.positions.entries()) {
    const event = events[index];
    if (event) await stream.writeSSE({ event: event.event_type, data: JSON.stringify(event), id: toId(position) });
  }
}
