// Cuts a list into pages as Azure's lists do: by offset into the list as it is *now*, so that a change in mid-walk makes
// a walk miss or repeat items, and with empty pages that are not the end.
import type { PageTokens } from '../page-tokens.ts';
import { type Random, shuffleBy } from '../random.ts';
import { AzureRefusal } from './answer.ts';
import type { AzureBehaviour } from './behaviour.ts';

/** One request for a page. */
export interface PageRequest<T> {
  /** The whole list. */
  readonly items: readonly T[];
  readonly token: string | undefined;
  /** Operation and caller: a token is good for these alone. */
  readonly binding: string;
  nameOf(item: T): string;
}

/** What to answer. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next_token: string | undefined;
}

/** Cuts pages; shared by the lists. */
export type Pager = <T>(request: PageRequest<T>) => Page<T>;

/** A pager whose empty pages come from the seed. */
export function createPager(tokens: PageTokens, behaviour: AzureBehaviour, random: Random): Pager {
  return ({ items, token, binding, nameOf }) => {
    const redeemed =
      token === undefined ? { offset: 0, page: 1 } : tokens.redeem(token, binding, behaviour.page_token_lifetime_ms);
    if (redeemed === 'unknown' || redeemed === 'expired') throw refuseSkipToken();
    const { offset, page } = redeemed;
    const size = random.next() < behaviour.empty_page_ratio ? 0 : behaviour.page_size;
    const end = offset + size;
    const isLast = size > 0 && end >= items.length;
    return {
      items: shuffleBy(items, behaviour.shuffle_seed, nameOf).slice(offset, end),
      next_token: isLast ? undefined : tokens.issue({ binding, offset: end, page: page + 1 }),
    };
  };
}

/** A skip token that is foreign or too old. */
export function refuseSkipToken(): AzureRefusal {
  return new AzureRefusal('InvalidSkipToken', "The provided '$skiptoken' is invalid or has expired.", { status: 400 });
}
