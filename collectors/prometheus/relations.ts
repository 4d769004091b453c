// What a server leads to: the accounts that it monitors, the servers that it writes to and reads from, and those that it alerts.
import { accountsInLabels } from '#core/account-reference.ts';
import { leadsToLoopback } from '#core/endpoint-url.ts';
import { type Claim, toRelation } from '#core/monitoring.ts';
import type { Observation } from '#core/observation.ts';
import type { Request } from '#core/provenance.ts';
import type { PrometheusEndpoint } from './config.ts';
import type { Peers } from './details.ts';
import { toId } from './endpoint.ts';

/**
 * Claims made of the configuration of ours and of the server's own; an explicit one stands beside the inferred ones.
 * `requests` are those that were made so far.
 */
export function toRelations(configured: PrometheusEndpoint, peers: Peers, requests: readonly Request[]): Observation[] {
  const from = { from_kind: 'monitoring_endpoint', from_key: toId(configured) } as const;
  const made = (operation: string) => requests.filter((request) => request.operation === `prometheus:${operation}`);
  const toObservations = (targets: readonly Target[], evidence: readonly Request[]) =>
    targets.map((target) => toObservation({ ...from, ...target }, evidence));
  return [
    ...toObservations(listWritten(configured), requests),
    ...toObservations(listInConfiguration(configured, peers), made('Config')),
    ...toObservations(listAlertmanagers(configured, peers), made('Alertmanagers')),
  ];
}

type Target = Omit<Claim, 'from_kind' | 'from_key'>;

function listWritten({ name, accounts, labels }: PrometheusEndpoint): Target[] {
  return [
    ...accounts.map((to_ref) => toMonitored(to_ref, 'configured', { endpoint: name })),
    ...accountsInLabels(labels).map(({ to_ref, label }) => toMonitored(to_ref, 'label', { label })),
  ];
}

function listInConfiguration(configured: PrometheusEndpoint, { server }: Peers): Target[] {
  if (server === undefined) return [];
  return [
    ...server.discovers_in.map((to_ref) => toMonitored(to_ref, 'service_discovery', { scrape_configs: to_ref })),
    ...accountsInLabels(server.external_labels).map(({ to_ref, label }) =>
      toMonitored(to_ref, 'external_label', { label }),
    ),
    ...toPeers(configured, 'writes_to', server.remote_write),
    ...toPeers(configured, 'reads_from', server.remote_read),
  ];
}

function listAlertmanagers(configured: PrometheusEndpoint, { alertmanagers = [] }: Peers): Target[] {
  return toPeers(configured, 'alerts_to', alertmanagers);
}

function toMonitored(to_ref: string, basis: Claim['basis'], evidence: Claim['evidence']): Target {
  return { relation: 'monitors', to_kind: 'account', to_ref, basis, evidence };
}

// Several URLs of one server are one claim. On another machine, loopback is another machine than here.
function toPeers({ url }: PrometheusEndpoint, relation: Claim['relation'], told: readonly string[]): Target[] {
  const urls = told.filter((peer) => !leadsToLoopback(peer) || leadsToLoopback(url));
  return [...Map.groupBy(urls, toQueried)].map(([to_ref, urls]) => ({
    ...{ relation, to_kind: 'monitoring_endpoint', to_ref, basis: 'peer_url' },
    evidence: { urls },
  }));
}

// Where a server is written to and where it is queried are two paths. Mimir and Cortex are queried below /prometheus:
// https://grafana.com/docs/mimir/latest/references/http-api/. The others are below what precedes the path of the protocol.
function toQueried(url: string): string {
  if (url.endsWith('/api/v1/push')) return url.replace(/\/api\/v1\/push$/, '/prometheus');
  return url.replace(/(\/api\/v1)?\/(write|remote_write|receive|push|read)$/, '');
}

function toObservation(claim: Claim, requests: readonly Request[]): Observation {
  const attributes = toRelation(claim);
  return { kind: 'relation', key: attributes.id, attributes, raw: claim.evidence, evidence: [...requests] };
}
