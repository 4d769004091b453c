// The Organizations operations that a read-only inventory needs, and no other.
import { z } from 'zod';
import { type Answer, AwsRefusal, type WireObject } from './answer.ts';
import type { ApiCall, ApiContext } from './context.ts';
import { parseInput } from './input.ts';
import { type AwsOrganization, toArn } from './organization.ts';
import { toEpochSeconds, toWireAccount, toWireAdministrator, toWireUnit } from './organizations-wire.ts';
import { findOrganization } from './world.ts';

type Call = ApiCall & { readonly context: ApiContext; readonly organization: AwsOrganization };

const paging = { NextToken: z.string().optional(), MaxResults: z.int().min(1).max(20).optional() };
const accountId = z.string().regex(/^\d{12}$/);
const unitId = z.string().regex(/^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$/);
const rootId = z.string().regex(/^r-[0-9a-z]{4,32}$/);
const parentId = z.union([rootId, unitId]);

const schemas = {
  list: z.strictObject(paging),
  listForParent: z.strictObject({ ...paging, ParentId: parentId }),
  listChildren: z.strictObject({
    ...paging,
    ParentId: parentId,
    ChildType: z.enum(['ACCOUNT', 'ORGANIZATIONAL_UNIT']),
  }),
  describeUnit: z.strictObject({ OrganizationalUnitId: unitId }),
  listTags: z.strictObject({ ResourceId: z.union([accountId, unitId, rootId]), NextToken: z.string().optional() }),
  listAdministrators: z.strictObject({ ...paging, ServicePrincipal: z.string().min(1).max(128).optional() }),
  listServices: z.strictObject({ ...paging, AccountId: accountId }),
};

const operations: Readonly<Record<string, (call: Call) => Answer>> = {
  DescribeOrganization: describeOrganization,
  DescribeOrganizationalUnit: describeUnit,
  ListAccounts: (call) => listAccounts(call, parse(schemas.list, call)),
  ListAccountsForParent: (call) => listAccounts(call, parse(schemas.listForParent, call)),
  ListChildren: listChildren,
  ListDelegatedAdministrators: listAdministrators,
  ListDelegatedServicesForAccount: listServices,
  ListOrganizationalUnitsForParent: listUnits,
  ListRoots: listRoots,
  ListTagsForResource: listTags,
};

/** Answers one call, after deciding whether its caller may make it. */
export function answerOrganizations(context: ApiContext, call: ApiCall): Answer {
  const answer = Object.hasOwn(operations, call.operation) ? operations[call.operation] : undefined;
  if (answer === undefined) throw new AwsRefusal('UnknownOperationException', `no operation ${call.operation}`);
  const organization = findOrganization(context.world, call.principal.account_id);
  if (organization === undefined) {
    throw new AwsRefusal('AWSOrganizationsNotInUseException', 'Your account is not a member of an organization.');
  }
  // Every member may ask which organization it is in; the rest is for the management account and its delegates.
  if (call.operation !== 'DescribeOrganization' && !mayRead(organization, call.principal.account_id)) {
    throw new AwsRefusal('AccessDeniedException', "You don't have permissions to access this resource.");
  }
  return answer({ ...call, context, organization });
}

function mayRead(organization: AwsOrganization, caller: string): boolean {
  if (caller === organization.management_account_id) return true;
  return organization.delegations.has(caller) || organization.policy_readers.has(caller);
}

function describeOrganization(call: Call): Answer {
  parse(z.strictObject({}), call);
  const { organization } = call;
  const management = organization.accounts.get(organization.management_account_id);
  return {
    body: {
      Organization: {
        Id: organization.id,
        Arn: toArn(organization, organization.id),
        FeatureSet: organization.feature_set,
        MasterAccountArn: toArn(organization, organization.management_account_id),
        MasterAccountId: organization.management_account_id,
        MasterAccountEmail: management?.email,
        AvailablePolicyTypes: [],
      },
    },
    subjects: [organization.id, organization.management_account_id],
  };
}

function describeUnit(call: Call): Answer {
  const input = parse(schemas.describeUnit, call);
  const unit = call.organization.units.get(input.OrganizationalUnitId);
  if (unit === undefined) {
    throw new AwsRefusal(
      'OrganizationalUnitNotFoundException',
      "You specified an organizational unit that doesn't exist.",
    );
  }
  const body = { OrganizationalUnit: toWireUnit(call.organization, unit, call.context.behaviour) };
  return { body, subjects: [unit.id] };
}

function listAccounts(call: Call, input: z.output<typeof schemas.list> & { ParentId?: string }): Answer {
  const index = call.context.indexOf(call.organization);
  const items =
    input.ParentId === undefined ? index.accounts : childrenOf(call, input.ParentId, index.accountsByParent);
  return listPage(call, input, {
    items,
    member: 'Accounts',
    toWire: (account) => toWireAccount(call.organization, account, call.context.behaviour),
  });
}

function listUnits(call: Call): Answer {
  const input = parse(schemas.listForParent, call);
  return listPage(call, input, {
    items: childrenOf(call, input.ParentId, call.context.indexOf(call.organization).unitsByParent),
    member: 'OrganizationalUnits',
    toWire: (unit) => toWireUnit(call.organization, unit, call.context.behaviour),
  });
}

function listChildren(call: Call): Answer {
  const input = parse(schemas.listChildren, call);
  const index = call.context.indexOf(call.organization);
  const children: ReadonlyMap<string, readonly { id: string }[]> =
    input.ChildType === 'ACCOUNT' ? index.accountsByParent : index.unitsByParent;
  return listPage(call, input, {
    items: childrenOf(call, input.ParentId, children),
    member: 'Children',
    toWire: (child) => ({ Id: child.id, Type: input.ChildType }),
  });
}

function listRoots(call: Call): Answer {
  return listPage(call, parse(schemas.list, call), {
    items: [call.organization.root],
    member: 'Roots',
    toWire: (root) => ({ Id: root.id, Arn: toArn(call.organization, root.id), Name: root.name, PolicyTypes: [] }),
  });
}

function listTags(call: Call): Answer {
  const { organization, context } = call;
  const input = parse(schemas.listTags, call);
  const id = input.ResourceId;
  if (id !== organization.root.id && !organization.accounts.has(id) && !organization.units.has(id)) {
    throw new AwsRefusal('TargetNotFoundException', "We can't find a root, OU, account, or policy with that TargetId.");
  }
  const tags = Object.entries(organization.tags.get(id) ?? {}).map(([key, value]) => ({ id: key, value }));
  // The only list without MaxResults; and its items are no accounts, so that its subject is what it was asked about.
  const answer = listPage(
    call,
    { ...input, MaxResults: context.behaviour.tags_per_page },
    { items: tags, member: 'Tags', toWire: (tag) => ({ Key: tag.id, Value: tag.value }) },
  );
  return { ...answer, subjects: [] };
}

function listAdministrators(call: Call): Answer {
  const { organization, context } = call;
  const input = parse(schemas.listAdministrators, call);
  const delegations = [...organization.delegations].flatMap(([id, delegation]) => {
    const account = organization.accounts.get(id);
    const asked = input.ServicePrincipal === undefined || delegation.services.has(input.ServicePrincipal);
    return account === undefined || !asked ? [] : [{ id, account, delegation }];
  });
  return listPage(call, input, {
    items: delegations,
    member: 'DelegatedAdministrators',
    toWire: ({ account, delegation }) => toWireAdministrator(organization, account, delegation, context.behaviour),
  });
}

function listServices(call: Call): Answer {
  const input = parse(schemas.listServices, call);
  if (!call.organization.accounts.has(input.AccountId)) {
    throw new AwsRefusal('AccountNotFoundException', "We can't find an AWS account with that AccountId.");
  }
  const delegation = call.organization.delegations.get(input.AccountId);
  if (delegation === undefined) {
    throw new AwsRefusal('AccountNotRegisteredException', 'The account is not a registered delegated administrator.');
  }
  const answer = listPage(call, input, {
    items: [...delegation.services].map(([id, at]) => ({ id, at })),
    member: 'DelegatedServices',
    toWire: ({ id, at }) => ({ ServicePrincipal: id, DelegationEnabledDate: toEpochSeconds(at) }),
  });
  return { ...answer, subjects: [] };
}

function childrenOf<T>(call: Call, parent: string, children: ReadonlyMap<string, readonly T[]>): readonly T[] {
  if (parent !== call.organization.root.id && !call.organization.units.has(parent)) {
    throw new AwsRefusal('ParentNotFoundException', "We can't find a root or OU with the ParentId that you specified.");
  }
  return children.get(parent) ?? [];
}

function listPage<T extends { readonly id: string }>(
  call: Call,
  input: { NextToken?: string | undefined; MaxResults?: number | undefined },
  list: { items: readonly T[]; member: string; toWire: (item: T) => WireObject },
): Answer {
  const { NextToken: token, ...rest } = input;
  const page = call.context.page({
    items: list.items,
    token,
    size: input.MaxResults ?? 20,
    binding: JSON.stringify([call.operation, call.organization.id, call.principal.account_id, rest]),
    refuse: () => invalidInput('INVALID_NEXT_TOKEN'),
  });
  return {
    body: {
      [list.member]: page.items.map(list.toWire),
      ...(page.next_token === undefined ? {} : { NextToken: page.next_token }),
    },
    subjects: page.items.map((item) => item.id),
    next_token: page.next_token,
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, call: ApiCall): z.output<Schema> {
  return parseInput(schema, call.input, (issue) => {
    const reasons: Readonly<Record<string, string>> = {
      too_big: 'MAX_VALUE_EXCEEDED',
      too_small: 'MIN_VALUE_EXCEEDED',
    };
    return invalidInput(reasons[issue.code] ?? 'INVALID_PATTERN');
  });
}

function invalidInput(reason: string): AwsRefusal {
  return new AwsRefusal('InvalidInputException', 'You specified an invalid value.', { fields: { Reason: reason } });
}
