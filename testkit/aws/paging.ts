// Cuts a list into pages as the AWS lists do: by offset into the list as it is *now*, so that a change in mid-walk
// makes a walk miss or repeat items, and with empty pages that are not the end.

import type { PageTokens } from '../page-tokens.ts';
import { type Random, shuffleBy } from '../random.ts';
import type { AwsBehaviour } from './behaviour.ts';

/** One request for a page. */
export interface PageRequest<T> {
  /** The whole list. The same array as long as nothing changed. */
  readonly items: readonly T[];
  readonly token: string | undefined;
  readonly size: number;
  /** Operation, arguments and caller: a token is good for these alone. */
  readonly binding: string;
  /** The service's own error for a token that is foreign or too old. */
  refuse(reason: 'unknown' | 'expired'): Error;
}

/** What to answer. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next_token: string | undefined;
}

/** Cuts pages; shared by the services. */
export type Pager = <T extends { readonly id: string }>(request: PageRequest<T>) => Page<T>;

/** A pager whose empty pages come from the seed. */
export function createPager(tokens: PageTokens, behaviour: AwsBehaviour, random: Random): Pager {
  const cut = createCut();
  return (request) => {
    const redeemed =
      request.token === undefined
        ? { offset: 0, page: 1 }
        : tokens.redeem(request.token, request.binding, behaviour.page_token_lifetime_ms);
    if (redeemed === 'unknown' || redeemed === 'expired') throw request.refuse(redeemed);
    const { offset, page } = redeemed;
    const size = random.next() < behaviour.empty_page_ratio ? 0 : request.size;
    const end = offset + size;
    const isLast = size > 0 && end >= request.items.length;
    return {
      items: cut(request.items, behaviour.shuffle_seed, offset, end),
      next_token: isLast ? undefined : tokens.issue({ binding: request.binding, offset: end, page: page + 1 }),
    };
  };
}

type Cut = <T extends { readonly id: string }>(
  items: readonly T[],
  seed: number | null,
  start: number,
  end: number,
) => readonly T[];

/** Cuts a piece out of a list, in the list's own order or in that of a seed, found once for all pages. */
function createCut(): Cut {
  const ranksByList = new WeakMap<readonly object[], { seed: number; ranks: readonly number[] }>();
  return (items, seed, start, end) => {
    if (seed === null) return items.slice(start, end);
    const known = ranksByList.get(items);
    const ranks = known?.seed === seed ? known.ranks : toRanks(items, seed);
    ranksByList.set(items, { seed, ranks });
    return ranks.slice(start, end).flatMap((rank) => items.slice(rank, rank + 1));
  };
}

function toRanks(items: readonly { readonly id: string }[], seed: number): readonly number[] {
  const places = items.map(({ id }, index) => ({ id, index }));
  return shuffleBy(places, seed, (place) => place.id).map((place) => place.index);
}
