// One account: from the JSON of ListAccounts to an observation.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import { accountKey, type Observation } from '#core/observation.ts';
import type { Request } from '#core/provenance.ts';
import type { Delegation } from './delegation.ts';
import { toLifecycle } from './lifecycle.ts';
import type { Placement } from './placements.ts';
import type { Reading } from './reading.ts';
import { readResidency } from './residency.ts';
import type { Tagged } from './tags.ts';
import { toPathFields } from './tree.ts';

/** An account as ListAccounts gave it. */
export interface ListedAccount {
  readonly id: string;
  readonly arn: string | undefined;
  /** `State`, or the retired `Status` of old endpoints. */
  readonly state: string | undefined;
  readonly paths: readonly string[];
  readonly fields: z.output<typeof fieldsSchema>;
  readonly raw: JsonObject;
  readonly request: Request;
}

/** What other requests told of the account. */
export interface AccountContext {
  /** Bare ids from the root down to the parent. */
  readonly chain: readonly string[] | undefined;
  readonly placement: Placement | undefined;
  readonly tagged: Tagged | undefined;
  readonly delegations: ReadonlyMap<string, Delegation> | undefined;
}

const fieldsSchema = z.object({
  Id: z.string().regex(/^\d{12}$/),
  Arn: z.string().nullish(),
  Name: z.string().nullish(),
  Email: z.string().nullish(),
  State: z.string().min(1).nullish(),
  Status: z.string().min(1).nullish(),
  Paths: z.array(z.string()).nullish(),
  JoinedMethod: z.string().nullish(),
  JoinedTimestamp: z.union([z.number(), z.string()]).nullish(),
});

/** The account in one item of a page; an item without an account id makes the page malformed. */
export function parseAccount(raw: JsonObject, request: Request): ListedAccount {
  const fields = fieldsSchema.safeParse(raw).data;
  if (fields === undefined) {
    throw new ProviderError(
      'malformed_answer',
      `organizations:ListAccounts answered page ${request.page} with an item that is no account`,
    );
  }
  return {
    id: fields.Id,
    arn: fields.Arn ?? undefined,
    state: fields.State ?? fields.Status ?? undefined,
    paths: fields.Paths ?? [],
    fields,
    raw,
    request,
  };
}

/** Bare ids from the root down to the account's parent, from its first path in this organization (`o-…/r-…/ou-…/123456789012/`). */
export function toChain(account: ListedAccount, organizationId: string): readonly string[] | undefined {
  for (const path of account.paths) {
    const [organization, ...ids] = path.split('/').filter(Boolean);
    if (organization !== organizationId) continue;
    const chain = ids.at(-1) === account.id ? ids.slice(0, -1) : ids;
    if (chain[0]?.startsWith('r-') && chain.slice(1).every((id) => id.startsWith('ou-'))) return chain;
  }
  return undefined;
}

/** The account with all that is known of it; what could not be read is left out. */
export function toObservation(reading: Reading, account: ListedAccount, known: AccountContext): Observation {
  const { organization, session, tree } = reading;
  const { chain, placement, tagged } = known;
  const residency = readResidency(session.source.region_residency, session.partition, {
    id: account.id,
    chain,
  });
  const parent = chain?.at(-1);
  const attributes = {
    provider: 'aws',
    id: account.id,
    partition: session.partition,
    org_id: organization.id,
    ...(account.fields.Name != null && { name: account.fields.Name }),
    ...(account.state !== undefined && { status: account.state, lifecycle: toLifecycle(account.state) }),
    ...(parent !== undefined && { parent_id: `${organization.id}/${parent}` }),
    ...(chain !== undefined && toPathFields(tree, organization.id, chain)),
    ...(tagged?.tags && { tags: tagged.tags }),
    ...(residency && { region_residency: residency.value }),
    details: toDetails(reading, account, known.delegations, residency?.source),
  } as const;
  const isManagement = account.id === organization.management_account_id;
  return {
    kind: 'account',
    key: accountKey(attributes),
    attributes,
    raw: session.source.personal_data ? account.raw : withoutEmail(account.raw),
    evidence: [
      account.request,
      ...(placement ? [placement.request] : []),
      ...(tagged?.requests ?? []),
      ...(known.delegations?.get(account.id)?.requests ?? []),
      ...(isManagement ? [organization.request] : []),
    ],
  };
}

function toDetails(
  { organization, session }: Reading,
  account: ListedAccount,
  delegations: AccountContext['delegations'],
  residencySource: string | undefined,
): JsonObject {
  const { JoinedMethod, JoinedTimestamp, Email } = account.fields;
  const joinedAt = JoinedTimestamp == null ? undefined : toTimestamp(JoinedTimestamp);
  return {
    is_management: account.id === organization.management_account_id,
    ...(residencySource !== undefined && { region_residency_source: residencySource }),
    ...(account.arn !== undefined && { arn: account.arn }),
    ...(joinedAt !== undefined && { joined_at: joinedAt }),
    ...(JoinedMethod != null && { joined_method: JoinedMethod }),
    ...(delegations !== undefined && { delegated_services: [...(delegations.get(account.id)?.services ?? [])] }),
    // Empty unless there are several: left out, those that were there once would stay.
    ...(account.paths.length > 0 && { paths: account.paths.length > 1 ? [...account.paths] : [] }),
    ...(session.source.personal_data && Email != null && { email: Email }),
  };
}

// JSON 1.1 sends seconds; some emulators send ISO 8601.
function toTimestamp(value: number | string): string | undefined {
  const date = new Date(typeof value === 'number' ? value * 1000 : value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function withoutEmail({ Email: _removed, ...rest }: JsonObject): JsonObject {
  return rest;
}
