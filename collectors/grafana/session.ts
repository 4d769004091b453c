// One Grafana being read: what the configuration says of it, and the connection that answers.
import type { ObserveContext } from '#core/collector.ts';
import { type Endpoint, openEndpoint } from '#core/endpoint.ts';
import type { HttpAnswer } from '#core/http.ts';
import { findEndpoint, type GrafanaConfig, type GrafanaEndpoint } from './config.ts';
import { type Operation, paths } from './permissions.ts';

// Frontend settings and thousands of data sources.
const maxBytes = 8_000_000;

export interface Session {
  readonly context: ObserveContext<GrafanaConfig>;
  readonly configured: GrafanaEndpoint;
  readonly endpoint: Endpoint;
}

/** Reads the credentials; the endpoint is not asked yet. Throws ProviderError when they cannot be had. */
export async function openSession(context: ObserveContext<GrafanaConfig>): Promise<Session> {
  const configured = findEndpoint(context.config, context.scope);
  const options = { service: 'grafana', timeoutMs: context.config.timeoutMs, maxBytes };
  return { context, configured, endpoint: await openEndpoint(context, configured, options) };
}

/** Asks one thing. Throws ProviderError when no usable answer comes. */
export function ask({ endpoint }: Session, operation: Operation): Promise<HttpAnswer> {
  return endpoint.ask({ operation, path: paths[operation] });
}
