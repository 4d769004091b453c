// What the state of a project, folder or organization means on the scale that all providers share.
import { z } from 'zod';
import type { Lifecycle } from '#core/observation.ts';

/** A `state`: a word, or the bare number of one that is newer than the SDK. */
export const stateSchema = z.union([z.string().min(1), z.int().transform(String)]);

const lifecycles: Readonly<Record<string, Lifecycle>> = {
  ACTIVE: 'active',
  DELETE_REQUESTED: 'closing',
};

/** The lifecycle of a `state`; `STATE_UNSPECIFIED` and words that Google has added since are `unknown`. */
export function toLifecycle(state: string): Lifecycle {
  return Object.hasOwn(lifecycles, state) ? (lifecycles[state] ?? 'unknown') : 'unknown';
}

// https://cloud.google.com/resource-manager/docs/creating-managing-projects#shutting_down_projects
const purgeAfterMs = 30 * 86_400_000;

/** When what was deleted at this time is purged and cannot be restored any more, about. */
export function toPurgeTime(deletedAt: string): string {
  return new Date(Date.parse(deletedAt) + purgeAfterMs).toISOString();
}
