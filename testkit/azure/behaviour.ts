// How strict the fake is; every switch can be turned between and during runs.
import type { Rate } from '../throttle.ts';

/** The switches. What `strictBehaviour` says is what a collector must survive. */
export interface AzureBehaviour {
  /** Items to a page of every list; Azure documents no number. */
  page_size: number;
  /** Share of pages that carry a nextLink and nothing else, which every list may do. */
  empty_page_ratio: number;
  /** Azure documents no life of a skip token; a collector must survive a short one. */
  page_token_lifetime_ms: number;
  /** The bucket of reads of each principal; null throttles nothing. */
  reads: Rate | null;
  /** How ids of subscriptions are written; `mixed` does it by id and operation, as the services of Azure differ. */
  id_case: 'lower' | 'upper' | 'mixed';
  /** Which tenant a subscription that is managed by Lighthouse names in the managing tenant. */
  lighthouse_tenant: 'home' | 'managing';
  /** Life of access tokens. */
  token_seconds: number;
  /** What comes with the 401 for an expired token: a claims challenge, which the SDK answers with a new token, or not. */
  expired_token: 'challenge' | 'plain';
  /** Other order of list items and of JSON keys; null keeps the tenant's own. */
  shuffle_seed: number | null;
}

/** Azure's bucket for the reads of a tenant and of its subscriptions. */
export const azureReads: Rate = { burst: 250, per_second: 25 };

/**
 * As strict as Azure, but for the rates: a bucket makes an undisturbed test as slow as Azure. Tests of throttling set
 * `reads` themselves.
 */
export const strictBehaviour: Readonly<AzureBehaviour> = {
  page_size: 100,
  empty_page_ratio: 0.1,
  page_token_lifetime_ms: 15 * 60_000,
  reads: null,
  id_case: 'mixed',
  lighthouse_tenant: 'home',
  token_seconds: 3599,
  expired_token: 'challenge',
  shuffle_seed: null,
};
