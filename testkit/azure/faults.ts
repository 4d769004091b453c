// What can happen to a request of Azure, beside what can happen to everybody's.
import type { CommonEffect, HttpEffect } from '../effects.ts';
import type * as common from '../faults.ts';
import type { LoggedRequest } from './request-log.ts';
import type { AzureWorld } from './world.ts';

/** What can happen. */
export type FaultEffect =
  | CommonEffect<AzureWorld>
  | HttpEffect
  /** A refusal in the service's own shape; the login endpoint's codes are `AADSTS` and a number. */
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly status?: number;
      readonly message?: string;
      readonly retry_after_seconds?: number;
    }
  /** The access token has expired, from now on. */
  | { readonly kind: 'expired_token' }
  /** The nextLink is the one that led here (on the first page: a new one), so that the walk never ends. */
  | { readonly kind: 'repeat_link' }
  /** The nextLink leads to another host, which must never be called. */
  | { readonly kind: 'foreign_link' };

/** One planned misfortune. */
export type FaultPlan = common.FaultPlan<LoggedRequest, FaultEffect>;

/** The plan. */
export type Faults = common.Faults<LoggedRequest, FaultEffect>;
