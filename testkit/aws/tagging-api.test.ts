// Tests of the fake's Tagging API with the bare SDK.
import {
  GetResourcesCommand,
  type GetResourcesCommandInput,
  paginateGetResources,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { expect, test } from 'vitest';
import { removeAccount, tagResource, untagResource } from './mutations.ts';
import { type AwsOrganization, toArn } from './organization.ts';
import { startOrganization, taggingClient } from './sdk-for-tests.ts';

const accountsOnly = { ResourceTypeFilters: ['organizations:account'] };

function taggedAccounts(organization: AwsOrganization): string[] {
  return [...organization.accounts.keys()].filter((id) => organization.tags.has(id));
}

test('paging through all accounts finds the tagged ones and no other', async () => {
  const { fake, keys, organization } = await startOrganization({ empty_page_ratio: 0.3 });
  const client = taggingClient(fake, keys);

  // A copy: the paginator writes token and page size into the input that it is given.
  const pages = await Array.fromAsync(paginateGetResources({ client, pageSize: 10 }, { ...accountsOnly }));

  const found = pages.flatMap((page) => page.ResourceTagMappingList ?? []);
  const expected = taggedAccounts(organization).map((id) => toArn(organization, id));
  expect(expected.length).toBeLessThan(organization.accounts.size);
  expect(found.map((each) => each.ResourceARN).toSorted()).toEqual(expected.toSorted());
  expect(pages.at(-1)?.PaginationToken).toBe('');
});

test('asked by ARN it answers at once for what is tagged, and the log names all that were asked about', async () => {
  const { fake, keys, organization } = await startOrganization({ empty_page_ratio: 1 });
  const ids = [...organization.accounts.keys(), ...organization.units.keys()];
  const arns = ids.map((id) => toArn(organization, id));

  const answer = await taggingClient(fake, keys).send(new GetResourcesCommand({ ResourceARNList: arns }));

  const found = answer.ResourceTagMappingList?.map((each) => each.ResourceARN);
  const tagged = ids.filter((id) => organization.tags.has(id)).map((id) => toArn(organization, id));
  expect(found?.toSorted()).toEqual(tagged.toSorted());
  expect(fake.requests[0]?.subjects).toEqual(ids.toSorted());
});

test('a resource that lost its last tag shows with none', async () => {
  const { fake, keys, organization } = await startOrganization();
  const id = organization.management_account_id;
  tagResource(organization, id, { env: 'prod' });
  untagResource(organization, id, Object.keys(organization.tags.get(id) ?? {}));

  const answer = await taggingClient(fake, keys).send(
    new GetResourcesCommand({ ResourceARNList: [toArn(organization, id)] }),
  );

  expect(answer.ResourceTagMappingList).toEqual([{ ResourceARN: toArn(organization, id), Tags: [] }]);
});

test.for([
  ['in another region', { region: 'eu-central-1' }, {}],
  ['as an emulator', {}, { tagging: 'always-empty' }],
] as const)('%s it answers 200 and nothing', async ([, settings, behaviour]) => {
  const { fake, keys } = await startOrganization(behaviour);

  const answer = await taggingClient(fake, keys, settings).send(new GetResourcesCommand(accountsOnly));

  expect(answer.ResourceTagMappingList).toEqual([]);
  expect(answer.PaginationToken).toBe('');
});

test('a delegated administrator gets 200 and nothing, for the resources are not its own', async () => {
  const { fake, organization } = await startOrganization();
  const [delegated = ''] = organization.delegations.keys();

  const answer = await taggingClient(fake, fake.addUser(delegated)).send(new GetResourcesCommand(accountsOnly));

  expect(answer.ResourceTagMappingList).toEqual([]);
});

test('another shuffle seed gives the same tags in another order', async () => {
  const { fake, keys, organization } = await startOrganization();
  const id = organization.management_account_id;
  tagResource(organization, id, { a: '1', b: '2', c: '3', d: '4', e: '5', f: '6' });
  const command = new GetResourcesCommand({ ResourceARNList: [toArn(organization, id)] });
  const client = taggingClient(fake, keys);

  const inOrder = (await client.send(command)).ResourceTagMappingList?.[0]?.Tags;
  fake.behaviour.shuffle_seed = 3;
  const shuffled = (await client.send(command)).ResourceTagMappingList?.[0]?.Tags;

  expect(shuffled).not.toEqual(inOrder);
  expect(new Set(shuffled?.map((tag) => tag.Key))).toEqual(new Set(inOrder?.map((tag) => tag.Key)));
});

test('an account that has left may go on showing', async () => {
  const { fake, keys, organization } = await startOrganization();
  const id = taggedAccounts(organization).find((each) => each !== organization.management_account_id) ?? '';
  const command = new GetResourcesCommand({ ResourceARNList: [toArn(organization, id)] });
  removeAccount(organization, id);
  const client = taggingClient(fake, keys);

  const strict = await client.send(command);
  fake.behaviour.tagging_shows_departed = true;
  const lagging = await client.send(command);

  expect(strict.ResourceTagMappingList).toHaveLength(0);
  expect(lagging.ResourceTagMappingList).toHaveLength(1);
});

test.for([
  ['more than 100 ARNs', { ResourceARNList: Array.from({ length: 101 }, (_, number) => `arn:${number}`) }],
  ['more than 100 to a page', { ResourcesPerPage: 101 }],
  ['ARNs and types together', { ResourceARNList: ['arn:x'], ...accountsOnly }],
  ['ARNs and paging together', { ResourceARNList: ['arn:x'], ResourcesPerPage: 10 }],
  ['made-up tokens', { PaginationToken: 'made-up' }],
] satisfies [string, GetResourcesCommandInput][])('%s are refused', async ([, input]) => {
  const { fake, keys } = await startOrganization();

  const call = taggingClient(fake, keys).send(new GetResourcesCommand(input));

  await expect(call).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('a token that is too old is refused by a name of its own', async () => {
  const { fake, keys } = await startOrganization({ page_token_lifetime_ms: -1 });
  const client = taggingClient(fake, keys);
  const first = await client.send(new GetResourcesCommand({ ...accountsOnly, ResourcesPerPage: 5 }));

  const call = client.send(
    new GetResourcesCommand({ ...accountsOnly, ResourcesPerPage: 5, PaginationToken: first.PaginationToken }),
  );

  await expect(call).rejects.toMatchObject({ name: 'PaginationTokenExpiredException' });
});
