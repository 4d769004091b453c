// One valid event of each type: shown to readers of the contracts, and checked against every schema that is generated.
import type { Event, EventType } from './events.ts';

const run_id = 'd3b07384-d113-4ec6-a5a7-4b3a3c1d2e3f';
const account = { provider: 'aws', id: '111122223333', org_id: 'o-abc123def4', scope: 'aws:main' } as const;
const ou = { provider: 'aws', id: 'o-abc123def4/ou-ab12-prod5678', org_id: 'o-abc123def4', scope: 'aws:main' } as const;
const platform = { org_id: 'o-abc123def4', parent_id: 'o-abc123def4/ou-ab12-plat1234', org_path: 'Root/Platform' };
const sandbox = { org_id: 'o-abc123def4', parent_id: 'o-abc123def4/ou-ab12-sand9012', org_path: 'Root/Sandbox' };
const endpoint = {
  id: 'prod-eu',
  kind: 'prometheus',
  url: 'https://prometheus.example',
  scope: 'prometheus:prod-eu',
};
const link = {
  id: '5d41402abc4b2a76b9719d911017c592',
  from_kind: 'monitoring_endpoint',
  from_key: 'main',
  relation: 'queries',
  to_kind: 'monitoring_endpoint',
  to_ref: endpoint.url,
} as const;
const linkSubject = { ...link, scope: 'grafana:main' };
const toSandbox = [
  { path: '/org_path', from: platform.org_path, to: sandbox.org_path },
  { path: '/parent_id', from: platform.parent_id, to: sandbox.parent_id },
];

// Distinct ids that sort like the list: version 7, variant 10.
function envelope<Type extends EventType>(event_type: Type, sequence: number, source = 'aws/0.1.0') {
  const event_id = `01990000-0000-7000-8000-${String(sequence).padStart(12, '0')}`;
  return {
    event_id,
    event_type,
    schema_version: '1.0',
    tenant_id: 'default',
    source,
    timestamp: '2026-01-31T12:00:00.000Z',
    correlation_id: run_id,
    causation_id: event_id,
  } as const;
}

/** In the order of the types' schemas. */
export const examples: readonly Event[] = [
  {
    ...envelope('account.discovered', 1),
    payload: {
      ...account,
      attributes: {
        provider: 'aws',
        id: account.id,
        partition: 'aws',
        org_id: account.org_id,
        project_id: null,
        name: 'payments-prod',
        status: 'ACTIVE',
        lifecycle: 'active',
        parent_id: platform.parent_id,
        org_path: platform.org_path,
        org_path_ids: ['o-abc123def4/r-ab12', platform.parent_id],
        org_path_names: ['Root', 'Platform'],
        tags: { owner: 'payments' },
        region_residency: 'aws',
        details: { joined_method: 'CREATED' },
      },
    },
  },
  {
    ...envelope('account.updated', 2),
    payload: { ...account, changed: [{ path: '/tags/owner', from: 'payments', to: 'billing' }] },
  },
  { ...envelope('account.moved', 3), payload: { ...account, from: platform, to: sandbox, changed: toSandbox } },
  {
    ...envelope('account.vanished', 4),
    payload: { ...account, reason: 'closed', last_seen_at: '2026-01-31T06:00:00.000Z' },
  },
  {
    ...envelope('account.returned', 5),
    payload: { ...account, vanished_at: '2026-01-30T12:00:00.000Z', changed: [{ path: '/tags/owner', to: 'billing' }] },
  },
  {
    ...envelope('org_node.discovered', 6),
    payload: {
      ...ou,
      attributes: {
        provider: 'aws',
        org_id: ou.org_id,
        id: ou.id,
        kind: 'ou',
        name: 'Prod',
        parent_id: platform.parent_id,
        depth: 2,
        org_path: 'Root/Platform/Prod',
        org_path_ids: ['o-abc123def4/r-ab12', platform.parent_id, ou.id],
        org_path_names: ['Root', 'Platform', 'Prod'],
        tags: {},
      },
    },
  },
  {
    ...envelope('org_node.updated', 7),
    payload: { ...ou, changed: [{ path: '/name', from: 'Prod', to: 'Production' }] },
  },
  { ...envelope('org_node.moved', 8), payload: { ...ou, from: platform, to: sandbox, changed: toSandbox } },
  { ...envelope('org_node.vanished', 9), payload: { ...ou, reason: 'unknown', last_seen_at: null } },
  {
    ...envelope('org_node.returned', 10),
    payload: { ...ou, vanished_at: '2026-01-30T12:00:00.000Z', changed: [] },
  },
  {
    ...envelope('monitoring_endpoint.discovered', 11, 'prometheus/0.1.0'),
    payload: {
      ...endpoint,
      attributes: {
        id: endpoint.id,
        kind: endpoint.kind,
        url: endpoint.url,
        auth_mode: 'token',
        status: 'up',
        version: '3.1.0',
        flavour: 'prometheus',
        tls_not_after: '2026-12-31T23:59:59.000Z',
        labels: { region: 'eu' },
        details: { rules: { alerting: 12 } },
      },
    },
  },
  {
    ...envelope('monitoring_endpoint.updated', 12, 'prometheus/0.1.0'),
    payload: { ...endpoint, changed: [{ path: '/status', from: 'up', to: 'unreachable' }] },
  },
  {
    ...envelope('monitoring_endpoint.moved', 13, 'prometheus/0.1.0'),
    payload: {
      ...endpoint,
      from: { url: 'http://prometheus.example:9090' },
      to: { url: endpoint.url },
      changed: [{ path: '/url', from: 'http://prometheus.example:9090', to: endpoint.url }],
    },
  },
  {
    ...envelope('monitoring_endpoint.vanished', 14, 'prometheus/0.1.0'),
    payload: { ...endpoint, reason: 'unknown', last_seen_at: '2026-01-31T06:00:00.000Z' },
  },
  {
    ...envelope('monitoring_endpoint.returned', 15, 'prometheus/0.1.0'),
    payload: { ...endpoint, vanished_at: '2026-01-30T12:00:00.000Z', changed: [] },
  },
  {
    ...envelope('relation.discovered', 16, 'grafana/0.1.0'),
    payload: {
      ...linkSubject,
      attributes: { ...link, basis: 'peer_url', confidence: 80, evidence: { datasource: 'Prometheus' } },
    },
  },
  {
    ...envelope('relation.updated', 17, 'grafana/0.1.0'),
    payload: {
      ...linkSubject,
      changed: [{ path: '/evidence/datasource', from: 'Prometheus', to: 'Prometheus EU' }],
    },
  },
  {
    ...envelope('relation.vanished', 18, 'grafana/0.1.0'),
    payload: { ...linkSubject, reason: 'unknown', last_seen_at: '2026-01-31T06:00:00.000Z' },
  },
  {
    ...envelope('relation.returned', 19, 'grafana/0.1.0'),
    payload: { ...linkSubject, vanished_at: '2026-01-30T12:00:00.000Z', changed: [] },
  },
];
