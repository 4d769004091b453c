// Every request that is made of an endpoint: what a gateway in front of it must let through, and nothing more.
import { type PrometheusConfig, toScope } from './config.ts';

/** What each operation asks for, below the endpoint's URL. */
export const paths = {
  Healthy: '/-/healthy',
  Ready: '/-/ready',
  BuildInfo: '/api/v1/status/buildinfo',
  RuntimeInfo: '/api/v1/status/runtimeinfo',
  Query: '/api/v1/query?query=1',
  Tsdb: '/api/v1/status/tsdb?limit=1',
  Targets: '/api/v1/targets?state=active',
  Alertmanagers: '/api/v1/alertmanagers',
  Rules: '/api/v1/rules?exclude_alerts=true',
  Config: '/api/v1/status/config',
} as const;

export type Operation = keyof typeof paths;

/** What one scope needs. */
export interface Permission {
  readonly scope: string;
  readonly url: string;
  readonly allow: readonly string[];
}

/** The requests of every endpoint. */
export function createPermissions(config: PrometheusConfig): Permission[] {
  const allow = Object.values(paths).map((path) => `GET ${path}`);
  return config.endpoints.map((endpoint) => ({ scope: toScope(endpoint), url: endpoint.url, allow }));
}
