// Where an account's data is said to stay: the configured word, else what the partition tells.
import type { AwsSourceConfig } from './config.ts';
import { toResidency } from './partitions.ts';

/** A residency and who says so. */
export interface Residency {
  readonly value: string;
  readonly source: 'configuration' | 'partition';
}

/** The residency of an account below these nodes (bare ids, root first): its own entry wins, then the nearest node's. */
export function readResidency(
  configured: AwsSourceConfig['region_residency'],
  partition: string,
  account: { id: string; chain: readonly string[] },
): Residency {
  const named =
    typeof configured === 'string' || configured === undefined
      ? configured
      : [account.id, ...account.chain.toReversed()]
          .map((id) => new Map(Object.entries(configured)).get(id))
          .find(Boolean);
  return named === undefined
    ? { value: toResidency(partition), source: 'partition' }
    : { value: named, source: 'configuration' };
}
