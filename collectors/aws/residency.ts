// Where an account's data is said to stay: the configured word, else what the partition tells.
import type { AwsSourceConfig } from './config.ts';
import { toResidency } from './partitions.ts';

/** A residency and who says so. */
export interface Residency {
  readonly value: string;
  readonly source: 'configuration' | 'partition';
}

/**
 * The residency of an account below these nodes (bare ids, root first): its own entry wins, then the nearest node's.
 * Undefined when it depends on a place that is not known.
 */
export function readResidency(
  configured: AwsSourceConfig['region_residency'],
  partition: string,
  account: { id: string; chain: readonly string[] | undefined },
): Residency | undefined {
  if (typeof configured === 'string') return { value: configured, source: 'configuration' };
  const byId = new Map(Object.entries(configured ?? {}));
  const ids = [account.id, ...(account.chain?.toReversed() ?? [])];
  const named = ids.map((id) => byId.get(id)).find((value) => value !== undefined);
  if (named !== undefined) return { value: named, source: 'configuration' };
  if (configured !== undefined && account.chain === undefined) return undefined;
  return { value: toResidency(partition), source: 'partition' };
}
