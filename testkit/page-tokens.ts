// Page tokens: opaque, good for one listing of one caller, and for a limited time.
import type { Random } from './random.ts';

/** What a token stands for. `binding` names operation, arguments and caller. */
interface PagePosition {
  readonly binding: string;
  readonly offset: number;
  readonly page: number;
  readonly issued_at: number;
}

/** The tokens in circulation. */
export interface PageTokens {
  issue(position: Omit<PagePosition, 'issued_at'>): string;
  /** The position, or why there is none. A token may be used more than once, as a retry does. */
  redeem(token: string, binding: string, lifetimeMs: number): PagePosition | 'unknown' | 'expired';
  /** The number of the page that a request with this token asks for. */
  pageNumber(token: string | null): number;
}

const tokenAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const keptAtMost = 20_000;

/** An empty set of tokens. */
export function createPageTokens(random: Random, now: () => Date): PageTokens {
  const positions = new Map<string, PagePosition>();
  return {
    issue: (position) => {
      const token = `${random.text(86, tokenAlphabet)}==`;
      positions.set(token, { ...position, issued_at: now().getTime() });
      const oldest = positions.keys().next().value;
      // A sandbox runs for days: the oldest token goes when there are too many.
      if (positions.size > keptAtMost && oldest !== undefined) positions.delete(oldest);
      return token;
    },
    pageNumber: (token) => positions.get(token ?? '')?.page ?? 1,
    redeem: (token, binding, lifetimeMs) => {
      const position = positions.get(token);
      if (position === undefined || position.binding !== binding) return 'unknown';
      return now().getTime() - position.issued_at > lifetimeMs ? 'expired' : position;
    },
  };
}
