// Which node each account is in, read from the tree, for endpoints whose accounts carry no paths.
import { ListAccountsForParentCommand, ListChildrenCommand } from '@aws-sdk/client-organizations';
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import { isProviderError } from './errors.ts';
import { type Listing, listPages, maxResults } from './paging.ts';
import type { Reading } from './reading.ts';

/** An account's parent, a bare id, and the request that told it. */
export interface Placement {
  readonly parent_id: string;
  readonly request: Request;
}

const itemSchema = z.object({ Id: z.string().min(1) });

/**
 * Placements by account id, for all nodes of the tree whose accounts may be listed: ids only, for whole accounts would
 * not fit into memory. They prove nothing about which accounts exist; one that moves meanwhile may be in none.
 */
export async function readPlacements(reading: Reading): Promise<ReadonlyMap<string, Placement>> {
  const placements = new Map<string, Placement>();
  // Whoever may not list accounts may still be allowed to list children (https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListChildren.html).
  let listings = [listAccounts, listChildren];
  for (const parent of reading.tree.nodes.keys()) {
    const [preferred, fallback] = listings;
    if (preferred === undefined) break;
    if (await place(reading, placements, { parent, listing: preferred(reading, parent) })) continue;
    listings = fallback === undefined ? listings : [fallback];
    if (fallback !== undefined) await place(reading, placements, { parent, listing: fallback(reading, parent) });
  }
  return placements;
}

// False when the listing is refused; accounts placed before that stay placed.
async function place(
  { session }: Reading,
  placements: Map<string, Placement>,
  { parent, listing }: { parent: string; listing: Listing },
): Promise<boolean> {
  try {
    for await (const { items, request } of listPages(session, listing)) {
      for (const item of items) placements.set(toId(item, request), { parent_id: parent, request });
    }
  } catch (error) {
    if (isProviderError(error, 'access_denied')) return false;
    if (!isProviderError(error, 'not_found')) throw error;
  }
  return true;
}

function toId(item: JsonObject, request: Request): string {
  const parsed = itemSchema.safeParse(item).data;
  if (parsed !== undefined) return parsed.Id;
  throw new ProviderError('malformed_answer', `${request.operation} answered an item without its id`);
}

function listAccounts({ session }: Reading, parent: string): Listing {
  const input = { ParentId: parent, MaxResults: maxResults };
  return {
    operation: 'organizations:ListAccountsForParent',
    member: 'Accounts',
    send: (NextToken, options) =>
      session.organizations.send(new ListAccountsForParentCommand({ ...input, NextToken }), options),
  };
}

function listChildren({ session }: Reading, parent: string): Listing {
  const input = { ParentId: parent, MaxResults: maxResults, ChildType: 'ACCOUNT' } as const;
  return {
    operation: 'organizations:ListChildren',
    member: 'Children',
    send: (NextToken, options) => session.organizations.send(new ListChildrenCommand({ ...input, NextToken }), options),
  };
}
