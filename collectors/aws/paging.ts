// Lists of the Organizations API, page by page, to an end that the provider has signalled.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { type JsonObject, jsonObjectSchema } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import type { AwsSession } from './clients.ts';
import { isProviderError } from './errors.ts';

/** One page as it was received. */
export interface Page {
  readonly items: readonly JsonObject[];
  readonly request: Request;
}

/** A list operation: which member of the answer holds the items, and how to send for the page of a token. */
export interface Listing {
  readonly operation: `organizations:${string}`;
  readonly member: string;
  send(token: string | undefined, options: { abortSignal: AbortSignal }): Promise<unknown>;
}

/** The most items AWS gives in one page of these lists. */
export const maxResults = 20;

// A million accounts; no organization has them, so that a listing which does not end is stopped.
const maxPages = 50_000;

const bodySchema = z.looseObject({ NextToken: z.string().min(1).nullish() });
const itemsSchema = z.array(jsonObjectSchema);

/**
 * Yields pages until one has no token: empty pages with a token are legal, and the SDK's own paginators either loop
 * for ever on a repeated token or stop there silently, which looks complete. A token that has died restarts the
 * listing once, so items may come twice.
 */
export async function* listPages(session: AwsSession, listing: Listing): AsyncGenerator<Page, void, undefined> {
  try {
    yield* listOnce(session, listing);
  } catch (error) {
    if (!isProviderError(error, 'invalid_page_token')) throw error;
    session.context.log.warn({ operation: listing.operation }, 'the page token died; the listing starts again');
    yield* listOnce(session, listing);
  }
}

async function* listOnce(session: AwsSession, listing: Listing): AsyncGenerator<Page, void, undefined> {
  const { operation } = listing;
  const tokens = new Set<string>();
  let token: string | undefined;
  for (let page = 1; page <= maxPages; page += 1) {
    const question = { operation, client: session.organizations, page };
    const { body, request } = await session.requester.ask(question, (options) => listing.send(token, options));
    const parsed = bodySchema.safeParse(body).data;
    const items = itemsSchema.safeParse(parsed?.[listing.member]).data;
    if (parsed === undefined || items === undefined) {
      throw new ProviderError(
        'malformed_answer',
        `${operation} answered page ${page} without a list of ${listing.member}`,
      );
    }
    yield { items, request };
    token = parsed.NextToken ?? undefined;
    if (token === undefined) return;
    if (tokens.has(token)) {
      throw new ProviderError(
        'repeated_page_token',
        `${operation} gave the same page token twice: the list has no end`,
      );
    }
    tokens.add(token);
  }
  throw new ProviderError('too_many_pages', `${operation} did not end within ${maxPages} pages`);
}
