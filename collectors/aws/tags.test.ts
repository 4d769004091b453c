// When tags come a hundred at a time, when one by one, and what is believed of an empty answer.
import { expect, test } from 'vitest';
import type { AwsFake } from '#testkit/aws/fake.ts';
import type { AwsOrganization } from '#testkit/aws/organization.ts';
import type { Observed } from '../observe.contract.ts';
import { observe, startAws, useKeys } from './observe.contract.ts';

const denied = { kind: 'error', code: 'AccessDeniedException' } as const;

function count(fake: AwsFake, name: string): number {
  return fake.requests.filter(({ operation }) => operation === name).length;
}

function expectTagsOf(organization: AwsOrganization, read: Observed): void {
  expect(read.error).toBeUndefined();
  expect(read.skipped).toEqual([]);
  for (const [id, record] of [...read.accounts, ...read.nodes]) {
    expect({ id, tags: record.tags }).toEqual({ id, tags: organization.tags.get(id) ?? {} });
  }
}

test('250 accounts and their units need a handful of calls where the Tagging API answers, one of them the proof', async () => {
  const { fake, organization } = await startAws({ plan: { accounts: 250 }, behaviour: { empty_page_ratio: 0 } });

  const read = await observe();

  expectTagsOf(organization, read);
  expect(count(fake, 'GetResources')).toBe(4);
  expect(count(fake, 'ListTagsForResource')).toBe(1);
});

test.for([
  { tagging: 'always-empty' },
  { tagging: 'strict', tags_per_page: 1 },
] as const)('tags are right whatever the APIs are like: %o', async (behaviour) => {
  const { organization } = await startAws({ behaviour });

  expectTagsOf(organization, await observe());
});

test('a delegated administrator, to whom the Tagging API answers nothing, reads one by one', async () => {
  const { fake, organization } = await startAws({ behaviour: { empty_page_ratio: 0 } });
  useKeys(fake, fake.addUser([...organization.delegations.keys()][0] ?? ''));

  const read = await observe();

  expectTagsOf(organization, read);
  expect(count(fake, 'ListTagsForResource')).toBe(45 + 13);
});

test('a Tagging API that may not be called is done without, and that is no skipped part', async () => {
  const { fake, organization } = await startAws();
  fake.faults.plan({ operation: 'GetResources', effect: denied });

  const read = await observe();

  expectTagsOf(organization, read);
  expect(count(fake, 'GetResources')).toBe(1);
});

test('a Tagging API that tells something else than Organizations is not believed', async () => {
  const { fake, organization } = await startAws();
  fake.faults.plan({
    operation: 'GetResources',
    effect: {
      kind: 'alter',
      alter: (body) => {
        const [, ...rest] = [body['ResourceTagMappingList']].flat();
        const stale = [{ Key: 'env', Value: 'stale' }];
        return { ...body, ResourceTagMappingList: rest.map((item) => Object.assign({}, item, { Tags: stale })) };
      },
    },
  });

  expectTagsOf(organization, await observe());
});

test('where only the Tagging API may be called, its tags are taken and its silence is not', async () => {
  const { fake, organization } = await startAws();
  fake.faults.plan({ operation: 'ListTagsForResource', effect: denied });

  const read = await observe();

  expect(read.skipped).toEqual([{ what: 'tags', kinds: [] }]);
  for (const [id, { tags }] of read.accounts) expect(tags).toEqual(organization.tags.get(id));
});

test('tags that are not wanted are neither asked for nor emptied', async () => {
  const { fake } = await startAws();

  const read = await observe({ source: { tags: false } });

  expect(read.skipped).toEqual([]);
  expect(count(fake, 'GetResources') + count(fake, 'ListTagsForResource')).toBe(0);
  for (const account of read.accounts.values()) expect(account).not.toHaveProperty('tags');
});
