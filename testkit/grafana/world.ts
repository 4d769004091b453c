// What the fake Grafana is: its build, its database, its organization and data sources, and who may ask it what.

/** How much a role may read: `None` is let in and sees nothing, as a service account without a basic role. */
export type Role = 'Admin' | 'Viewer' | 'None';

/** A service account's token. */
export interface Token {
  readonly role: Role;
  readonly is_expired?: boolean;
}

/** A data source as the database has it, with the secrets that no answer may contain. */
export interface Datasource {
  readonly uid: string;
  name: string;
  readonly type: string;
  url: string;
  readonly access: 'proxy' | 'direct';
  readonly user: string;
  readonly database: string;
  readonly is_default: boolean;
  readonly read_only: boolean;
  readonly json_data: Readonly<Record<string, unknown>>;
  readonly secure_json_data: Readonly<Record<string, string>>;
  /** Whether viewers may read it where data source permissions are enforced. */
  readonly is_for_viewers: boolean;
}

/** The server, to be changed at any time. */
export interface GrafanaWorld {
  version: string;
  commit: string;
  edition: 'Open Source' | 'Enterprise';
  /** `[auth.anonymous] hide_version`: who is not signed in is told no version. */
  hides_version: boolean;
  /** `[auth.anonymous] enabled`: who brings no credentials is a viewer. */
  allows_anonymous: boolean;
  /** A licensed Enterprise: viewers see only the data sources that they are given. */
  enforces_datasource_permissions: boolean;
  database: 'ok' | 'failing';
  org: { readonly id: number; name: string };
  readonly datasources: Map<string, Datasource>;
  readonly tokens: Map<string, Token>;
  /** Passwords and roles by login. */
  readonly users: Map<string, { readonly password: string; readonly role: Role }>;
}

/** A healthy Grafana with one organization, which nobody can ask yet. */
export function createWorld(): GrafanaWorld {
  return {
    version: '12.1.0',
    commit: '3b5e8a1d2f',
    edition: 'Open Source',
    hides_version: false,
    allows_anonymous: false,
    enforces_datasource_permissions: false,
    database: 'ok',
    org: { id: 1, name: 'Main Org.' },
    datasources: new Map(),
    tokens: new Map(),
    users: new Map(),
  };
}

/** Adds a data source; of what is not said it has little. */
export function addDatasource(
  { datasources }: GrafanaWorld,
  planned: Partial<Datasource> & Pick<Datasource, 'uid' | 'type'>,
): Datasource {
  const datasource: Datasource = {
    name: planned.uid,
    url: '',
    access: 'proxy',
    user: '',
    database: '',
    is_default: datasources.size === 0,
    read_only: false,
    json_data: {},
    secure_json_data: {},
    is_for_viewers: true,
    ...planned,
  };
  datasources.set(datasource.uid, datasource);
  return datasource;
}
