// Observations: what the schema takes from a collector, and what it refuses before it can reach a row.
import { expect, test } from 'vitest';
import { compileOnUse } from './compiled.ts';
import {
  accountKey,
  accountSchema,
  observationKindSchema,
  observationKinds,
  observationSchema,
} from './observation.ts';

const request = {
  ...{ operation: 'organizations:ListAccounts', endpoint: 'https://organizations.us-east-1.amazonaws.com', page: 1 },
  ...{ request_ids: ['r-1'], attempts: 1, retry_delay_ms: 0, http_status: 200, items: 1, sha256: null },
  ...{ sdk: 'sdk@1.0.0', principal: null },
};
const account = {
  ...{ kind: 'account', key: 'aws/1', raw: { Id: '1' }, evidence: [request] },
  attributes: { provider: 'aws', id: '1', partition: 'aws' },
};
const node = {
  ...{ kind: 'org_node', key: 'o-1/ou-1', raw: null, evidence: [request] },
  attributes: { provider: 'aws', id: 'o-1/ou-1', org_id: 'o-1', kind: 'ou' },
};

test('an account needs provider, id and partition, a node its organization and kind; the rest may be unknown', () => {
  expect(observationSchema.parse(account)).toEqual(account);
  expect(observationSchema.parse(node)).toEqual(node);
});

test('what was not read stays left out, and what was read as empty stays empty', () => {
  const attributes = { ...account.attributes, tags: {}, org_path_ids: [], name: null };

  expect(observationSchema.parse({ ...account, attributes }).attributes).toEqual(attributes);
});

test.for([
  ['as it is', observationSchema],
  ['compiled', compileOnUse(observationSchema)()],
] as const)('names that JavaScript has a use for are kept in tags and details, by the schema %s', ([, schema]) => {
  const tags = '{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":"d","length":"e"}';
  const details = '{"__proto__":{"__proto__":1},"valueOf":null}';
  const attributes = { ...account.attributes, tags: JSON.parse(tags), details: JSON.parse(details) };

  const taken = accountSchema.parse(schema.parse({ ...account, attributes }).attributes);

  expect([JSON.stringify(taken.tags), JSON.stringify(taken.details)]).toEqual([tags, details]);
});

test('an organization without a name is refused here, for no event could tell of it', () => {
  const unnamed = { ...account, attributes: { ...account.attributes, org_id: '' } };

  expect(observationSchema.safeParse(unnamed).success).toBe(false);
});

test.for([
  ['a key of another account', { ...account, key: 'aws/2' }, 'key'],
  ['a key without the provider', { ...account, key: '1' }, 'key'],
  ["a node's key that is not its id", { ...node, key: 'o-1/ou-2' }, 'key'],
  ['an empty key', { ...account, key: '', attributes: { ...account.attributes, id: '' } }, 'attributes.id'],
  [
    'a name longer than an index takes',
    { ...account, attributes: { ...account.attributes, name: 'n'.repeat(257) } },
    'attributes.name',
  ],
  ["a node's as well", { ...node, attributes: { ...node.attributes, name: 'n'.repeat(257) } }, 'attributes.name'],
  ['another kind', { ...account, kind: 'host' }, 'kind'],
  ['no evidence', { ...account, evidence: [] }, 'evidence'],
  ['a request with a member of its own', { ...account, evidence: [{ ...request, query: 'a=b' }] }, 'evidence.0'],
  ['an attribute nobody knows', { ...account, attributes: { ...account.attributes, owner: 'x' } }, 'attributes'],
  ["a node's attribute on an account", { ...account, attributes: { ...account.attributes, depth: 1 } }, 'attributes'],
  [
    'a lifecycle of the provider',
    { ...account, attributes: { ...account.attributes, lifecycle: 'ACTIVE' } },
    'attributes.lifecycle',
  ],
  ['a time without milliseconds', { ...account, provider_updated_at: '2026-01-01T00:00:00Z' }, 'provider_updated_at'],
  [
    'a time of another zone',
    { ...account, provider_updated_at: '2026-01-01T00:00:00.000+01:00' },
    'provider_updated_at',
  ],
  ['a tag that is no text', { ...account, attributes: { ...account.attributes, tags: { a: 1 } } }, 'attributes.tags.a'],
  ['raw that is no JSON', { ...account, raw: { at: new Date(0) } }, 'raw.at'],
  ['a number that is none in raw', { ...account, raw: { n: Number.NaN } }, 'raw.n'],
] as const)('%s is refused', ([, observation, path]) => {
  const { error } = observationSchema.safeParse(observation);

  // JSON is checked in one walk, which tells its own place and not the member's.
  const paths = error?.issues.map((issue) => issue.path.join('.')) ?? [];
  expect(paths).toContainEqual(expect.toSatisfy((found) => path.startsWith(found) && found !== ''));
});

test("an account's key tells a Google project number from an AWS account of the same digits", () => {
  expect(accountKey({ provider: 'gcp', id: '111122223333' })).not.toBe(
    accountKey({ provider: 'aws', id: '111122223333' }),
  );
});

test('the list of kinds names every kind of the union', () => {
  expect(observationKindSchema.options).toEqual([...observationKinds]);
  expect(observationSchema.options.map((option) => option.shape.kind.value)).toEqual([...observationKinds]);
});
