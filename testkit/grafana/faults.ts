// What can happen to a request of the fake Grafana.
import type { HttpEffect } from '../effects.ts';
import type * as common from '../faults.ts';
import type { LoggedRequest } from './request-log.ts';
import type { GrafanaWorld } from './world.ts';

/** What can happen. */
export type FaultEffect =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'mutate'; mutate(world: GrafanaWorld): void }
  | { readonly kind: 'hang' }
  /** The answer breaks off. */
  | { readonly kind: 'malformed' }
  | HttpEffect
  /** The answer sends the client elsewhere. */
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  /** So many bytes of nothing. */
  | { readonly kind: 'large'; readonly bytes: number };

/** One planned misfortune. */
export type FaultPlan = common.FaultPlan<LoggedRequest, FaultEffect>;

/** The plan. */
export type Faults = common.Faults<LoggedRequest, FaultEffect>;
