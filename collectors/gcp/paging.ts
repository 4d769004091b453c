// Lists of Resource Manager, page by page, to an end that the provider has signalled.
import { ProviderError } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import { type CallOptions, toOperation } from './calls.ts';
import type { GcpSession } from './clients.ts';
import { isProviderError } from './errors.ts';
import type { Method } from './permissions.ts';
import { isObject } from './plain.ts';

/** One page as it was received. */
export interface Page {
  readonly items: readonly JsonObject[];
  readonly request: Request;
}

/** A list method: which member of the answer holds the items, and how to send for the page of a token. */
export interface Listing {
  readonly method: Method;
  readonly member: 'folders' | 'projects';
  /** Resolves to the SDK's `[items, next request, answer]`. */
  send(page: { pageSize: number; pageToken: string }, options: CallOptions): PromiseLike<readonly unknown[]>;
}

// Google gives fewer where it likes. More at once would only be held in memory, twice over, while it is written.
const pageSize = 200;

// Millions of records, and more empty pages than were ever seen in a row: a listing that does not end is stopped.
const maxPages = 20_000;

/**
 * Yields pages until one has no token: short and empty pages with a token are legal, and the SDK's own iterators end
 * silently after eleven of them. A token that has died restarts the listing once, so items may come twice.
 */
export async function* listPages(session: GcpSession, listing: Listing): AsyncGenerator<Page, void, undefined> {
  try {
    yield* listOnce(session, listing);
  } catch (error) {
    if (!isProviderError(error, 'invalid_page_token')) throw error;
    session.context.log.warn({ method: listing.method }, 'the page token died; the listing starts again');
    yield* listOnce(session, listing);
  }
}

async function* listOnce(
  session: GcpSession,
  { method, member, send }: Listing,
): AsyncGenerator<Page, void, undefined> {
  const operation = toOperation(method);
  const tokens = new Set<string>();
  let pageToken = '';
  for (let page = 1; page <= maxPages; page += 1) {
    const { body, request } = await session.caller.ask({ method, page, page_token: pageToken }, async (options) => {
      const [, , answer] = await send({ pageSize, pageToken }, options);
      return answer;
    });
    const { [member]: items, nextPageToken: next } = body;
    if (!Array.isArray(items) || !items.every(isObject) || typeof next !== 'string') {
      throw new ProviderError('malformed_answer', `${operation} answered page ${page} without a list of ${member}`);
    }
    yield { items, request };
    pageToken = next;
    if (pageToken === '') return;
    if (tokens.has(pageToken)) {
      throw new ProviderError(
        'repeated_page_token',
        `${operation} gave the same page token twice: the list has no end`,
      );
    }
    tokens.add(pageToken);
  }
  throw new ProviderError('too_many_pages', `${operation} did not end within ${maxPages} pages`);
}
