// Cuts a list into pages as Resource Manager does: by offset into the list as it is *now*, so that a change in mid-walk
// makes a walk miss or repeat items, and with short and empty pages that are not the end.
import type { PageTokens } from '../page-tokens.ts';
import type { Random } from '../random.ts';
import type { GcpBehaviour } from './behaviour.ts';
import { refuseArgument } from './refusal.ts';

/** One request for a page. */
export interface PageRequest<T> {
  /** The whole list. */
  readonly items: readonly T[];
  readonly token: string;
  /** 0 leaves it to the server. */
  readonly size: number;
  /** Operation, arguments and caller: a token is good for these alone. */
  readonly binding: string;
}

/** What to answer; the token is empty at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next_token: string;
}

/** Cuts pages for every list and search. */
export type Pager = <T>(request: PageRequest<T>) => Page<T>;

/** A pager whose short and empty pages come from the seed. */
export function createPager(tokens: PageTokens, behaviour: GcpBehaviour, random: Random): Pager {
  return ({ items, token, size, binding }) => {
    if (size < 0) throw refuseArgument('The page size must not be negative.');
    const start =
      token === '' ? { offset: 0, page: 1 } : tokens.redeem(token, binding, behaviour.page_token_lifetime_ms);
    if (start === 'unknown' || start === 'expired') throw refuseArgument('The page token is invalid or has expired.');
    const { offset, page } = start;
    const end = offset + chooseLength(behaviour, random, { size, page });
    // A page that happens to be empty is never the last, unless there is nothing at all.
    const isLast = end >= items.length && (end > offset || items.length === 0);
    const next_token = isLast ? '' : tokens.issue({ binding, offset: end, page: page + 1 });
    return { items: items.slice(offset, end), next_token };
  };
}

function chooseLength(behaviour: GcpBehaviour, random: Random, asked: { size: number; page: number }): number {
  const isInRun = asked.page > 1 && asked.page <= 1 + behaviour.empty_run;
  if (isInRun || random.next() < behaviour.empty_page_ratio) return 0;
  const size = Math.min(asked.size === 0 ? behaviour.default_page_size : asked.size, behaviour.largest_page_size);
  return random.next() < behaviour.short_page_ratio ? 1 + random.integer(size) : size;
}
