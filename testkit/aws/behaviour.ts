// How strict the fake is; every switch can be turned between and during runs.
import type { Rate } from '../throttle.ts';

/** The switches. What `strictBehaviour` says is what a collector must survive. */
export interface AwsBehaviour {
  /** Share of list answers that carry a NextToken and nothing else, which every list may do. */
  empty_page_ratio: number;
  /** AWS documents no life of a page token; a collector must survive a short one. */
  page_token_lifetime_ms: number;
  /** Bucket of each operation by its name; `default` serves the ones not named, null throttles nothing. */
  rates: Readonly<Record<string, Rate>> | null;
  /** Which of `State` and the retired `Status` accounts carry. */
  account_state: 'state' | 'status' | 'both' | 'neither';
  /** Whether accounts carry `Paths` and units `Path`. */
  paths: boolean;
  /** `always-empty`: GetResources answers 200 and nothing, as emulators do. */
  tagging: 'strict' | 'always-empty';
  /** GetResources goes on showing accounts that have left. */
  tagging_shows_departed: boolean;
  /** Tags to a page of ListTagsForResource. */
  tags_per_page: number;
  /** Life of issued credentials in seconds, whatever was asked for; null follows the request. */
  session_seconds: number | null;
  /** Other order of list items and of JSON keys; null keeps the organization's own. */
  shuffle_seed: number | null;
}

/**
 * As strict as AWS, but for the rates: a bucket makes an undisturbed test as slow as AWS. Tests of throttling set
 * `rates` themselves.
 */
export const strictBehaviour: Readonly<AwsBehaviour> = {
  empty_page_ratio: 0.1,
  page_token_lifetime_ms: 15 * 60_000,
  rates: null,
  account_state: 'state',
  paths: true,
  tagging: 'strict',
  tagging_shows_departed: false,
  tags_per_page: 20,
  session_seconds: null,
  shuffle_seed: null,
};
