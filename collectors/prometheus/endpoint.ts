// Makes the record of an endpoint, and its numbers, out of what was learnt of it.
import { endpointId } from '#core/endpoint-url.ts';
import { type JsonObject, textsSchema, toJson } from '#core/json.ts';
import type { Observation } from '#core/observation.ts';
import { redactJson } from '#core/redact.ts';
import type { PrometheusEndpoint } from './config.ts';
import type { Details } from './details.ts';
import { recognizeFlavour, versionOf } from './flavour.ts';
import type { Session } from './session.ts';
import type { Vitals } from './vitals.ts';

/** All that one reading came to. */
export interface Learnt {
  readonly vitals: Vitals;
  readonly found: Details;
  /** Whether it answers without credentials; undefined when that was not to be learnt. */
  readonly isOpen: boolean | undefined;
}

/** The record; what was not learnt is left out of it, so that what was known before stays. */
export function toObservation(session: Session, { vitals, found, isOpen }: Learnt): Observation {
  const { configured, endpoint } = session;
  const flavour = recognizeFlavour(configured.url, vitals);
  const version = versionOf(flavour, vitals);
  const end = endpoint.certificateEnd();
  const id = toId(configured);
  return {
    kind: 'monitoring_endpoint',
    key: id,
    attributes: {
      id,
      kind: 'prometheus',
      url: configured.url,
      // What it demands, not what it would also take.
      ...(isOpen !== undefined && { auth_mode: isOpen ? ('none' as const) : configured.auth.mode }),
      status: vitals.status,
      ...(flavour !== undefined && { flavour }),
      ...(version !== undefined && { version }),
      ...(end !== undefined && { tls_not_after: end.toISOString() }),
      labels: redactLabels(configured.labels),
      details: redactObject({ ...toDetails(configured, vitals), ...found.details }),
    },
    raw: redactJson(toRaw(vitals)),
    evidence: [...endpoint.requests],
  };
}

/** The numbers that move from run to run and are therefore no content. */
export function toMeasures(session: Session, { vitals, found }: Learnt): Record<string, number> {
  const { latencyMs, runtime } = vitals;
  const started = Date.parse(runtime?.startTime ?? '');
  const serverTime = Date.parse(runtime?.serverTime ?? '');
  return {
    ...(latencyMs !== undefined && { latency_ms: Math.round(latencyMs) }),
    ...(!Number.isNaN(started) && { start_time_seconds: Math.round(started / 1000) }),
    ...(!Number.isNaN(serverTime) && { clock_skew_ms: serverTime - session.context.now().getTime() }),
    ...found.measures,
  };
}

/** The key of the record, and what its relations lead from. Several tenants of one URL are several endpoints. */
export function toId({ id, url, tenant }: PrometheusEndpoint): string {
  return id ?? endpointId(tenant === undefined ? url : `${url} ${tenant}`);
}

function toDetails({ tenant }: PrometheusEndpoint, { reason, build, runtime }: Vitals): JsonObject {
  return {
    status_reason: reason,
    ...(tenant !== undefined && { tenant }),
    ...(build?.revision !== undefined && { revision: build.revision }),
    ...(runtime?.storageRetention !== undefined && { storage_retention: runtime.storageRetention }),
  };
}

// Without times and counts that move. Behind a load balancer the servers take turns, so the host's name is no part of it either.
function toRaw({ build, runtime }: Vitals): JsonObject {
  const { startTime: _started, serverTime: _time, lastConfigTime: _loaded, ...lasting } = runtime ?? {};
  return { buildinfo: toJson(build ?? null), runtimeinfo: runtime === undefined ? null : toJson(lasting) };
}

// Of a file of targets, which nobody may have looked at.
function redactLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return textsSchema.parse(redactJson({ ...labels }));
}

function redactObject(details: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(redactJson(details) ?? {}));
}
