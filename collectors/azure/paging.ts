// Lists of Resource Manager, page by page, to an end that Azure has signalled, and never to another host.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { type JsonObject, jsonObjectSchema, parseJson } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import { type Exchange, type Question, record, toError } from './calls.ts';
import { isProviderError } from './errors.ts';
import type { Operation } from './permissions.ts';
import type { AzureSession } from './session.ts';

/** One page as it was received. */
export interface Page {
  readonly items: readonly JsonObject[];
  readonly request: Request;
}

/** A list operation; what `open` returns asks for the first page, then for the page of each link. */
export interface Listing {
  readonly operation: Operation;
  open(): (link: string | undefined) => Promise<Exchange>;
}

// More than any tenant has; a listing that does not end is stopped.
const maxPages = 50_000;

const bodySchema = z.object({ value: z.array(jsonObjectSchema), nextLink: z.string().nullish() });

/**
 * Yields pages until one has no nextLink; empty ones with a link are legal. A skip token that has died restarts the
 * listing once, so items may come twice.
 */
export async function* listPages(session: AzureSession, listing: Listing): AsyncGenerator<Page, void, undefined> {
  try {
    yield* listOnce(session, listing);
  } catch (error) {
    if (!isProviderError(error, 'invalid_page_token')) throw error;
    session.context.log.warn({ operation: listing.operation }, 'the skip token died; the listing starts again');
    yield* listOnce(session, listing);
  }
}

async function* listOnce(session: AzureSession, { operation, open }: Listing): AsyncGenerator<Page, void, undefined> {
  const send = open();
  const links = new Set<string>();
  let link: string | undefined;
  for (let page = 1; page <= maxPages; page += 1) {
    const { value, nextLink, request } = toPage(session, { operation, page }, await send(link));
    yield { items: value, request };
    if (!nextLink) return;
    requireOwnHost(session, nextLink);
    if (links.has(nextLink)) {
      throw new ProviderError(
        'repeated_page_token',
        `azure:${operation} gave the same nextLink twice: the list has no end`,
      );
    }
    links.add(nextLink);
    link = nextLink;
  }
  throw new ProviderError('too_many_pages', `azure:${operation} did not end within ${maxPages} pages`);
}

function toPage(session: AzureSession, question: Question, exchange: Exchange) {
  const { signal } = session.context;
  const isAnswered = exchange.status === 200;
  const parsed = isAnswered ? parseBody(exchange.body) : undefined;
  const request = record(session, question, exchange, parsed?.value.length ?? 0);
  signal.throwIfAborted();
  if (!isAnswered) throw toError(session, question, exchange);
  // The SDK may dislike a page that reads well here; it would then end, as if the list had.
  if (parsed === undefined || exchange.thrown !== undefined) {
    const what = `azure:${question.operation} answered page ${question.page} without a list`;
    throw new ProviderError('malformed_answer', what);
  }
  return { ...parsed, request };
}

function parseBody(body: string | undefined): z.output<typeof bodySchema> | undefined {
  return bodySchema.safeParse(parseJson(body ?? '')).data;
}

/** Throws before a token is sent to a host that is not the configured Resource Manager: SDKs follow any nextLink. */
export function requireOwnHost({ endpoints }: Pick<AzureSession, 'endpoints'>, url: string): void {
  const origin = URL.canParse(url) ? new URL(url).origin : 'no URL';
  if (origin === new URL(endpoints.arm_endpoint).origin) return;
  throw new ProviderError(
    'foreign_link',
    `a nextLink leads from ${endpoints.arm_endpoint} to ${origin}: it was not followed`,
  );
}
