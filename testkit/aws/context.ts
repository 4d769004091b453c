// What the operations of the fake work with, and the request they are given.

import type { Random } from '../random.ts';
import type { AwsBehaviour } from './behaviour.ts';
import type { AwsOrganization, OrganizationIndex } from './organization.ts';
import { createIndex } from './organization.ts';
import type { Pager } from './paging.ts';
import type { WebIdentityIssuer } from './web-identity.ts';
import type { AwsPrincipal, AwsWorld } from './world.ts';

/** Lent to every operation. */
export interface ApiContext {
  readonly world: AwsWorld;
  readonly behaviour: AwsBehaviour;
  readonly page: Pager;
  readonly random: Random;
  readonly issuer: WebIdentityIssuer;
  now(): Date;
  indexOf(organization: AwsOrganization): OrganizationIndex;
}

/** One request, parsed but for its input, by a caller whose signature holds. */
export interface ApiCall {
  readonly operation: string;
  readonly input: unknown;
  readonly region: string;
  readonly principal: AwsPrincipal;
}

/** Keeps one index per organization until the organization changes. */
export function createIndexes(): (organization: AwsOrganization) => OrganizationIndex {
  const indexes = new WeakMap<AwsOrganization, { revision: number; index: OrganizationIndex }>();
  return (organization) => {
    const known = indexes.get(organization);
    if (known?.revision === organization.revision) return known.index;
    const index = createIndex(organization);
    indexes.set(organization, { revision: organization.revision, index });
    return index;
  };
}
