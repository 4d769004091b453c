// Everything that exists behind the fake: organizations, who may read what, and whose tokens are good.
import type { AccessTokens } from './access-tokens.ts';
import type { Identities } from './identities.ts';
import type { GcpOrganization } from './organization.ts';

/** Who calls where no token is asked for: without TLS, gRPC itself sends none. */
export const anonymous = 'anonymous';

/** The state of the fake. */
export interface GcpWorld {
  /** By number. */
  readonly organizations: Map<string, GcpOrganization>;
  /** Names of nodes that nobody can read, with all below them. */
  readonly denied: Set<string>;
  /** By principal the names of nodes that he can read, with all below them; who is not in it can read all. */
  readonly granted: Map<string, ReadonlySet<string>>;
  readonly tokens: AccessTokens;
  readonly identities: Identities;
}

/** A set of organizations by their numbers. */
export function createOrganizations(organizations: Iterable<GcpOrganization>): Map<string, GcpOrganization> {
  return new Map(Array.from(organizations, (organization) => [organization.id, organization]));
}

/** Whether the principal may read a node whose ancestry this is. */
export function canRead(world: GcpWorld, principal: string, ancestry: readonly string[]): boolean {
  if (ancestry.some((name) => world.denied.has(name))) return false;
  const granted = world.granted.get(principal);
  return granted === undefined || ancestry.some((name) => granted.has(name));
}
