// One endpoint being read: what the configuration says of it, and the connection that answers.
import type { ObserveContext } from '#core/collector.ts';
import { type Endpoint, openEndpoint } from '#core/endpoint.ts';
import type { HttpAnswer } from '#core/http.ts';
import { findEndpoint, type PrometheusConfig, type PrometheusEndpoint } from './config.ts';
import { type Operation, paths } from './permissions.ts';

const maxBytes = 1_000_000;
// About ten thousand targets, which come with all their labels; the configuration of thousands of jobs.
const maxBytesOf: Readonly<Partial<Record<Operation, number>>> = {
  Targets: 32_000_000,
  Rules: 32_000_000,
  Config: 8_000_000,
};

export interface Session {
  readonly context: ObserveContext<PrometheusConfig>;
  readonly configured: PrometheusEndpoint;
  readonly endpoint: Endpoint;
}

/** Reads the credentials; the endpoint is not asked yet. Throws ProviderError when they cannot be had. */
export async function openSession(context: ObserveContext<PrometheusConfig>): Promise<Session> {
  const { config, scope } = context;
  const configured = findEndpoint(config, scope);
  const { tenant, tenant_header } = configured;
  const headers = tenant === undefined ? {} : { [tenant_header]: tenant };
  const options = { service: 'prometheus', timeoutMs: config.timeoutMs, maxBytes };
  const endpoint = await openEndpoint(context, { ...configured, headers }, options);
  return { context, configured, endpoint };
}

/** Asks one thing. Throws ProviderError when no usable answer comes. */
export function ask({ endpoint }: Session, operation: Operation, isAnonymous = false): Promise<HttpAnswer> {
  return endpoint.ask({ operation, path: paths[operation], isAnonymous, maxBytes: maxBytesOf[operation] ?? maxBytes });
}
