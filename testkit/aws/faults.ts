// What can happen to a request of AWS, beside what can happen to everybody's.
import type { CommonEffect, HttpEffect } from '../effects.ts';
import type * as common from '../faults.ts';
import type { LoggedRequest } from './request-log.ts';
import type { AwsWorld } from './world.ts';

/** What can happen. */
export type FaultEffect =
  | CommonEffect<AwsWorld>
  | HttpEffect
  /** A refusal in the service's own protocol. */
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly status?: number;
      readonly message?: string;
      readonly retry_after_seconds?: number;
    }
  /** The service's own word for credentials that have expired. */
  | { readonly kind: 'expired_credentials' }
  /** The answer's token is the one that led to it (on the first page: a new one), so that the walk never ends. */
  | { readonly kind: 'repeat_token' };

/** One planned misfortune. */
export type FaultPlan = common.FaultPlan<LoggedRequest, FaultEffect>;

/** The plan. */
export type Faults = common.Faults<LoggedRequest, FaultEffect>;
