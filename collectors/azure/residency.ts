// Where a subscription's data is said to stay: the configured word, else what the cloud tells.
import { toResidency } from './clouds.ts';
import type { AzureSourceConfig } from './config.ts';

/** A residency and who says so. */
export interface Residency {
  readonly value: string;
  readonly source: 'configuration' | 'cloud';
}

/**
 * The residency of a subscription below these groups (names, root first): its own entry wins, then the nearest group's.
 * Undefined when nobody says, or it depends on a place that is not known.
 */
export function readResidency(
  { region_residency: configured, cloud }: Pick<AzureSourceConfig, 'region_residency' | 'cloud'>,
  id: string,
  chain: readonly string[] | undefined,
): Residency | undefined {
  if (typeof configured === 'string') return { value: configured, source: 'configuration' };
  const byId = new Map(Object.entries(configured ?? {}));
  const named = [id, ...(chain?.toReversed() ?? [])].map((key) => byId.get(key)).find((value) => value !== undefined);
  if (named !== undefined) return { value: named, source: 'configuration' };
  if (configured !== undefined && chain === undefined) return undefined;
  const value = toResidency(cloud);
  return value === null ? undefined : { value, source: 'cloud' };
}
