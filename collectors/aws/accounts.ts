// The accounts of the organization, streamed page by page in batches, each with its place, its tags and its evidence.
import { ListAccountsCommand } from '@aws-sdk/client-organizations';
import { ProviderError } from '#core/errors.ts';
import type { Observation } from '#core/observation.ts';
import { type ListedAccount, parseAccount, toChain, toObservation } from './account.ts';
import { type Delegation, readDelegations } from './delegation.ts';
import { listPages, maxResults } from './paging.ts';
import { type Placement, readPlacements } from './placements.ts';
import type { Reading } from './reading.ts';
import { tagBatchSize } from './tags.ts';
import { chainOf } from './tree.ts';
import { describeUnseen, walkTree } from './walk.ts';

interface AccountReading extends Reading {
  readonly delegations: ReadonlyMap<string, Delegation> | undefined;
  /** Where the tree says accounts are; read when the first account comes without a path. */
  placements: ReadonlyMap<string, Placement> | undefined;
  readonly incomplete: { states: number; places: number };
}

/** Yields every account. ListAccounts alone decides which there are, whatever the tree says. */
export async function* observeAccounts(reading: Reading): AsyncGenerator<Observation, void, undefined> {
  const { session, tree } = reading;
  const { context } = session;
  const incomplete = { states: 0, places: 0 };
  const accounts: AccountReading = {
    ...reading,
    delegations: await readDelegations(session),
    placements: undefined,
    incomplete,
  };
  let count = 0;
  tree.has_paths = true;
  for await (const batch of listBatches(accounts)) {
    count += batch.length;
    yield* observeBatch(accounts, batch);
  }
  if (count === 0) {
    // Every organization has its management account; emulators say so to callers who may not see it.
    throw new ProviderError('malformed_answer', 'organizations:ListAccounts answered without a single account');
  }
  if (incomplete.states > 0) {
    context.skip({ what: 'states of accounts' }, `${incomplete.states} accounts came without State and Status`);
  }
  if (incomplete.places > 0) {
    context.skip(
      { what: 'parents of accounts' },
      `${incomplete.places} accounts were below no node that could be read`,
    );
  }
  context.enumerated('account');
}

// As many accounts as the Tagging API takes at once, and never more in memory.
async function* listBatches(reading: AccountReading): AsyncGenerator<ListedAccount[], void, undefined> {
  const { session } = reading;
  let batch: ListedAccount[] = [];
  const pages = listPages(session, {
    operation: 'organizations:ListAccounts',
    member: 'Accounts',
    send: (NextToken, options) =>
      session.organizations.send(new ListAccountsCommand({ MaxResults: maxResults, NextToken }), options),
  });
  for await (const { items, request } of pages) {
    batch.push(...items.map((raw) => parseAccount(raw, request)));
    if (batch.length < tagBatchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* observeBatch(
  reading: AccountReading,
  batch: readonly ListedAccount[],
): AsyncGenerator<Observation, void, undefined> {
  const { organization, tree, session, incomplete } = reading;
  const tags = await reading.tags.read(batch);
  for (const account of batch) {
    let chain = toChain(account, organization.id);
    let placement: Placement | undefined;
    if (chain === undefined) {
      if (reading.placements === undefined) yield* learnPlacements(reading);
      placement = reading.placements?.get(account.id);
      chain = placement && chainOf(tree, placement.parent_id);
    }
    if (chain === undefined) incomplete.places += 1;
    else yield* describeUnseen(reading, chain);
    if (account.state === undefined) incomplete.states += 1;
    if (account.paths.length > 1) session.context.log.warn({ account: account.id }, 'the account has several paths');
    yield toObservation(reading, account, {
      chain,
      tagged: tags.get(account.id),
      delegations: reading.delegations,
      placement,
    });
  }
}

async function* learnPlacements(reading: AccountReading): AsyncGenerator<Observation, void, undefined> {
  const { tree } = reading;
  tree.has_paths = false;
  // The remembered tree names no unit that is newer than it, and accounts may be in one.
  if (!tree.is_tried) yield* walkTree(reading);
  reading.placements = await readPlacements(reading);
}
