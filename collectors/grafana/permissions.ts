// Every request that is made of a Grafana, and the rights that it takes there.
import { type GrafanaConfig, toScope } from './config.ts';

/** What each operation asks for, below the endpoint's URL. */
export const paths = {
  Health: '/api/health',
  Org: '/api/org',
  FrontendSettings: '/api/frontend/settings',
  Datasources: '/api/datasources',
} as const;

export type Operation = keyof typeof paths;

/** What one scope needs: the least role, the fixed role to add where data source permissions are enforced, and the requests that must pass. */
export interface Permission {
  readonly scope: string;
  readonly url: string;
  readonly service_account: {
    readonly role: 'Viewer';
    readonly fixed_roles_where_data_source_permissions_are_enforced: readonly string[];
  };
  readonly allow: readonly string[];
}

/** The rights and requests of every endpoint. */
export function createPermissions(config: GrafanaConfig): Permission[] {
  return config.endpoints.map((endpoint) => ({
    scope: toScope(endpoint),
    url: endpoint.url,
    service_account: {
      role: 'Viewer',
      fixed_roles_where_data_source_permissions_are_enforced: ['fixed:datasources:reader'],
    },
    allow: Object.values(paths).map((path) => `GET ${path}`),
  }));
}
