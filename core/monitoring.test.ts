// Monitoring endpoints and relations: what is refused before it can reach a row, and what makes a relation the same one.
import { expect, test } from 'vitest';
import { type Claim, monitoringEndpointSchema, relationKey, relationSchema, toRelation } from './monitoring.ts';
import { observationSchema } from './observation.ts';

const endpoint = { id: 'a', kind: 'prometheus', url: 'https://prometheus.example/eu', status: 'up' };
const claim: Claim = {
  ...{ from_kind: 'monitoring_endpoint', from_key: 'g', relation: 'queries' },
  ...{
    to_kind: 'monitoring_endpoint',
    to_ref: endpoint.url,
    basis: 'peer_url',
    evidence: { datasource: 'Prometheus' },
  },
};
const request = {
  ...{ operation: 'grafana:Health', endpoint: 'https://grafana.example', page: 1 },
  ...{ request_ids: [], attempts: 1, retry_delay_ms: 0, http_status: 200, items: 1, sha256: null },
  ...{ sdk: 'undici@8.0.0', principal: null },
};

test('an endpoint needs id, kind, URL and status; the rest may be unknown', () => {
  expect(monitoringEndpointSchema.parse(endpoint)).toEqual(endpoint);
});

test.for([
  ['a user', 'https://user:secret@prometheus.example/'],
  ['a query', 'https://prometheus.example/?token=secret'],
  ['a fragment', 'https://prometheus.example/#secret'],
  ['another scheme', 'ftp://prometheus.example'],
  ['a space', 'https://prometheus.example/a b'],
  ['more than an index takes', `https://prometheus.example/${'a'.repeat(2048)}`],
])('a URL with %s is refused', ([, url]) => {
  expect(monitoringEndpointSchema.safeParse({ ...endpoint, url }).error?.issues[0]?.path).toEqual(['url']);
});

test.for([
  ['from_key', 'h'],
  ['relation', 'reads_from'],
  ['to_kind', 'account'],
  ['to_ref', 'aws/1'],
  ['basis', 'configured'],
] as const)('another %s makes another relation', ([name, value]) => {
  expect(relationKey({ ...claim, [name]: value })).not.toBe(relationKey(claim));
});

test('a relation to more than an index takes is refused', () => {
  const attributes = toRelation({ ...claim, to_ref: `https://prometheus.example/${'a'.repeat(2048)}` });

  expect(relationSchema.safeParse(attributes).error?.issues[0]?.path).toEqual(['to_ref']);
});

test('other evidence is the same relation, and its confidence follows from its basis: explicit beats all others', () => {
  const relation = toRelation(claim);

  expect(toRelation({ ...claim, evidence: {} }).id).toBe(relation.id);
  const bases = relationSchema.shape.basis.options;
  const confidences = bases.map((basis) => toRelation({ ...claim, basis }).confidence);
  expect(bases[0]).toBe('configured');
  expect(confidences).toEqual(confidences.toSorted((one, other) => other - one));
  expect(new Set(confidences).size).toBe(bases.length);
});

test('a relation under a key that does not follow from its fields is refused', () => {
  const attributes = toRelation(claim);
  const observation = { kind: 'relation', key: attributes.id, attributes, raw: {}, evidence: [request] };
  const made = { ...observation, key: 'mine', attributes: { ...attributes, id: 'mine' } };

  expect(observationSchema.safeParse(observation).success).toBe(true);
  expect(observationSchema.safeParse(made).error?.issues.map(({ path }) => path)).toEqual([['key']]);
});
