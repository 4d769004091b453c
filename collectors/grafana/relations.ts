// What a Grafana leads to: the Prometheus servers that it queries and the accounts that it monitors, as somebody has written down or its data sources tell.
import { accountsInLabels } from '#core/account-reference.ts';
import { leadsToLoopback, toToldUrl } from '#core/endpoint-url.ts';
import { type Claim, toRelation } from '#core/monitoring.ts';
import type { Observation } from '#core/observation.ts';
import type { Request } from '#core/provenance.ts';
import type { WireDatasource } from './answers.ts';
import type { GrafanaEndpoint } from './config.ts';
import { inOrder, toDetail } from './datasources.ts';
import { toId } from './endpoint.ts';

/**
 * Claims made of the configuration and of the data sources that were read; an explicit one stands beside the inferred ones.
 * `requests` are those that were made so far.
 */
export function toRelations(
  configured: GrafanaEndpoint,
  datasources: readonly WireDatasource[],
  requests: readonly Request[],
): Observation[] {
  const listing = requests.filter(({ operation }) => operation === 'grafana:Datasources');
  const inferred = [...groupByTarget(configured, datasources).values()].map(({ target, told }) => {
    const details = told.map(toDetail);
    const evidence = { datasources: details.map(({ uid = null, name = null, type = null }) => ({ uid, name, type })) };
    return toObservation({ ...from(configured), ...target, evidence }, details, listing);
  });
  return [...toWritten(configured).map((claim) => toObservation(claim, [], requests)), ...inferred];
}

type Target = Pick<Claim, 'relation' | 'to_kind' | 'to_ref' | 'basis'>;

interface Told {
  readonly target: Target;
  readonly told: WireDatasource[];
}

function from(configured: GrafanaEndpoint): Pick<Claim, 'from_kind' | 'from_key'> {
  return { from_kind: 'monitoring_endpoint', from_key: toId(configured) };
}

function toWritten(configured: GrafanaEndpoint): Claim[] {
  const monitored = { ...from(configured), relation: 'monitors', to_kind: 'account' } as const;
  const queried = { ...from(configured), relation: 'queries', to_kind: 'monitoring_endpoint' } as const;
  const explicit = { basis: 'configured', evidence: { endpoint: configured.name } } as const;
  return [
    ...configured.accounts.map((to_ref) => ({ ...monitored, to_ref, ...explicit })),
    ...accountsInLabels(configured.labels).map(
      ({ to_ref, label }) => ({ ...monitored, to_ref, basis: 'label', evidence: { label } }) as const,
    ),
    ...configured.prometheus.map((to_ref) => ({ ...queried, to_ref, ...explicit })),
  ];
}

// Several data sources that lead to one target are one claim.
function groupByTarget(configured: GrafanaEndpoint, datasources: readonly WireDatasource[]): Map<string, Told> {
  const groups = new Map<string, Told>();
  for (const datasource of inOrder(datasources)) {
    for (const target of [...toServers(configured, datasource), ...toAccounts(datasource)]) {
      const group = groups.get(target.to_ref) ?? { target, told: [] };
      group.told.push(datasource);
      groups.set(target.to_ref, group);
    }
  }
  return groups;
}

// https://grafana.com/docs/grafana/latest/datasources/prometheus/ and its two relatives for managed services.
const prometheusTypes = [
  'prometheus',
  'grafana-amazonprometheus-datasource',
  'grafana-azureprometheus-datasource',
] as const;

function toServers(configured: GrafanaEndpoint, { type, url }: WireDatasource): Target[] {
  const to_ref = prometheusTypes.some((known) => known === type) ? toToldUrl(url) : undefined;
  // On the machine of a Grafana elsewhere, loopback is another machine than here.
  if (to_ref === undefined || (leadsToLoopback(to_ref) && !leadsToLoopback(configured.url))) return [];
  return [{ relation: 'queries', to_kind: 'monitoring_endpoint', to_ref, basis: 'peer_url' }];
}

function toAccounts({ jsonData }: WireDatasource): Target[] {
  const { assumeRoleArn, sigV4AssumeRoleArn, subscriptionId, defaultProject } = jsonData;
  const account = /^arn:[\w-]+:iam::(\d{12}):/.exec(assumeRoleArn ?? sigV4AssumeRoleArn ?? '')?.[1];
  const references = [
    ...(account === undefined ? [] : [`aws/${account}`]),
    ...(/^[0-9a-f-]{36}$/i.test(subscriptionId ?? '') ? [`azure/${subscriptionId?.toLowerCase()}`] : []),
    ...(/^[a-z0-9][a-z0-9:.-]{0,127}$/.test(defaultProject ?? '') ? [`gcp/${defaultProject}`] : []),
  ];
  return references.map((to_ref) => ({
    relation: 'monitors',
    to_kind: 'account',
    to_ref,
    basis: 'datasource_account',
  }));
}

function toObservation(claim: Claim, raw: Observation['raw'], requests: readonly Request[]): Observation {
  const attributes = toRelation(claim);
  return { kind: 'relation', key: attributes.id, attributes, raw, evidence: [...requests] };
}
