// How strict the fake is; every switch can be turned between and during runs.
import type { Rate } from '../throttle.ts';

/** The switches. What `strictBehaviour` says is what a collector must survive. */
export interface GcpBehaviour {
  /** Share of list and search answers that carry a token and nothing else. */
  empty_page_ratio: number;
  /** Share of list and search answers that hold fewer than were asked for although more follow. */
  short_page_ratio: number;
  /** How many empty pages follow the first page of every walk that has a second one. */
  empty_run: number;
  /** How many a page holds when the call names no size. */
  default_page_size: number;
  /** How many a page holds at most, whatever the call names. */
  largest_page_size: number;
  /** Google says only that tokens expire; a collector must survive a short life. */
  page_token_lifetime_ms: number;
  /** Searches answer from what was there at the start, or at the last `refreshSearch()`, not from what is there. */
  search_lags: boolean;
  /** Bucket of each operation by its name; `default` serves the ones not named, null throttles nothing. */
  rates: Readonly<Record<string, Rate>> | null;
  /** Whether the Resource Manager API is enabled in the project that the quota is taken from. */
  api_enabled: boolean;
  /** Life of access tokens in seconds. */
  access_token_seconds: number;
}

/** Google's documented quota for lists, for every method by itself. */
export const documentedRates: Readonly<Record<string, Rate>> = { default: { per_second: 10, burst: 10 } };

/**
 * As strict as Google, but for the rates: a bucket makes an undisturbed test as slow as Google. Tests of throttling set
 * `rates` themselves.
 */
export const strictBehaviour: Readonly<GcpBehaviour> = {
  empty_page_ratio: 0.1,
  short_page_ratio: 0.2,
  empty_run: 0,
  default_page_size: 100,
  largest_page_size: 500,
  page_token_lifetime_ms: 15 * 60_000,
  search_lags: false,
  rates: null,
  api_enabled: true,
  access_token_seconds: 3600,
};
