// Where a project's data is said to stay: the configured word, else what the universe tells.
import { defaultUniverse, type GcpSourceConfig } from './config.ts';

/** A residency and who says so. */
export interface Residency {
  readonly value: string;
  readonly source: 'configuration' | 'universe';
}

/** The residency of a project below these nodes (root first): its own entry wins, then the nearest node's. */
export function readResidency(
  configured: GcpSourceConfig['region_residency'],
  universe: string,
  project: { id: string; project_id: string; chain: readonly string[] },
): Residency {
  if (typeof configured === 'string') return { value: configured, source: 'configuration' };
  const byId = new Map(Object.entries(configured ?? {}));
  const ids = [project.id, project.project_id, ...project.chain.toReversed()];
  const named = ids.map((id) => byId.get(id)).find((value) => value !== undefined);
  if (named !== undefined) return { value: named, source: 'configuration' };
  // A national universe is its own place; the public one is everywhere.
  return { value: universe === defaultUniverse ? 'global' : universe, source: 'universe' };
}
