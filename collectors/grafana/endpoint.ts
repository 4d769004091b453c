// Makes the record of a Grafana, and its numbers, out of what was learnt of it.
import { endpointId } from '#core/endpoint-url.ts';
import { type JsonObject, toJson } from '#core/json.ts';
import type { Observation } from '#core/observation.ts';
import { redactText } from '#core/redact.ts';
import type { GrafanaEndpoint } from './config.ts';
import { inOrder, toDetail } from './datasources.ts';
import type { Details } from './details.ts';
import { recognizeFlavour } from './flavour.ts';
import type { Session } from './session.ts';
import type { Vitals } from './vitals.ts';

/** All that one reading came to. */
export interface Learnt {
  readonly vitals: Vitals;
  readonly found: Details;
}

/** The record; what was not learnt is left out of it, so that what was known before stays. */
export function toObservation({ configured, endpoint }: Session, learnt: Learnt): Observation {
  const { vitals, found } = learnt;
  const flavour = recognizeFlavour(configured.url, found.build?.edition);
  // Hidden from who is not signed in, and health is told to anybody.
  const version = found.build?.version ?? vitals.health?.version;
  const end = endpoint.certificateEnd();
  const id = toId(configured);
  return {
    kind: 'monitoring_endpoint',
    key: id,
    attributes: {
      id,
      kind: 'grafana',
      url: configured.url,
      // Wrong credentials are refused even where visitors are welcome, so what was let in is what was verified.
      ...(vitals.org !== undefined && { auth_mode: configured.auth.mode }),
      status: vitals.status,
      ...(flavour !== undefined && { flavour }),
      ...(version !== undefined && { version }),
      ...(end !== undefined && { tls_not_after: end.toISOString() }),
      labels: { ...configured.labels },
      details: toDetails(learnt),
    },
    raw: toRaw(learnt),
    evidence: [...endpoint.requests],
  };
}

/** The key of the record, and what its relations lead from. */
export function toId({ id, url }: GrafanaEndpoint): string {
  return id ?? endpointId(url);
}

/** The numbers that move from run to run and are therefore no content. */
export function toMeasures({ latencyMs }: Vitals): Record<string, number> {
  return latencyMs === undefined ? {} : { latency_ms: Math.round(latencyMs) };
}

function toDetails({ vitals: { reason, health, org }, found: { build, datasources } }: Learnt): JsonObject {
  const commit = build?.commit ?? health?.commit;
  return {
    status_reason: reason,
    ...(org !== undefined && { org: { ...org, name: redactText(org.name) } }),
    ...(build?.edition !== undefined && { edition: build.edition }),
    ...(commit !== undefined && { commit }),
    ...(health !== undefined && { hides_version: health.version === undefined }),
    ...(datasources !== undefined && { datasources: inOrder(datasources).map(toDetail) }),
  };
}

// What the schemas let through; data sources only as details show them.
function toRaw({ vitals: { health, org }, found: { build } }: Learnt): JsonObject {
  return { health: toJson(health ?? null), org: toJson(org ?? null), build_info: toJson(build ?? null) };
}
