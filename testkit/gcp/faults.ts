// What can happen to a request of Google Cloud, beside what can happen to everybody's.
import type { CommonEffect } from '../effects.ts';
import type * as common from '../faults.ts';
import type { StatusDetail, StatusName } from './refusal.ts';
import type { LoggedRequest } from './request-log.ts';
import type { GcpWorld } from './world.ts';

/** What can happen, to Resource Manager's calls and to requests for tokens alike. */
export type FaultEffect =
  | CommonEffect<GcpWorld>
  /** The connection is cut. */
  | { readonly kind: 'reset' }
  /** A refusal in the API's own words. */
  | {
      readonly kind: 'error';
      readonly code: StatusName;
      readonly message?: string;
      readonly details?: readonly StatusDetail[];
    }
  /** Google's word for an access token that has expired. */
  | { readonly kind: 'expired_credentials' }
  /** The answer's token is the one that led to it (from the second page on), so that the walk never ends. */
  | { readonly kind: 'repeat_token' };

/** One planned misfortune. */
export type FaultPlan = common.FaultPlan<LoggedRequest, FaultEffect>;

/** The plan. */
export type Faults = common.Faults<LoggedRequest, FaultEffect>;
