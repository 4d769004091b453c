// What the fake server is: which server it plays, how it is doing, and who may ask it.

/** The servers that the fake can play, in the versions whose answers are laid down in `flavours.ts`. */
export type PlayedFlavour =
  | 'prometheus-2'
  | 'prometheus-3'
  | 'prometheus-agent'
  | 'thanos'
  | 'mimir'
  | 'cortex'
  | 'victoriametrics'
  | 'victoriametrics-cluster';

/** Who may ask. */
export type Access =
  | { readonly mode: 'none' }
  | { readonly mode: 'basic'; readonly username: string; readonly password: string }
  | { readonly mode: 'token'; readonly token: string }
  | { readonly mode: 'oauth'; readonly client_id: string; readonly client_secret: string };

/** The server, to be changed at any time. */
export interface PrometheusWorld {
  readonly flavour: PlayedFlavour;
  access: Access;
  /** Tokens that the token server has given out; they are as good as the credentials. */
  readonly tokens: Set<string>;
  /** Whose data there is; null where the server does not ask. */
  tenant: string | null;
  state: 'ready' | 'starting' | 'stopping';
  reload_succeeded: boolean;
  corruptions: number;
  series: number;
  targets: { up: number; down: number; unknown: number };
  rules: { alerting: number; recording: number };
  alertmanagers: readonly string[];
  /** The configuration as the server tells it. */
  config_yaml: string;
  /** Grows with every request, as goroutines and clocks do. */
  moving: number;
}

/** A healthy server that anybody may ask. */
export function createWorld(flavour: PlayedFlavour): PrometheusWorld {
  return {
    flavour,
    access: { mode: 'none' },
    tokens: new Set(),
    tenant: flavour === 'mimir' || flavour === 'cortex' ? 'team-a' : null,
    state: 'ready',
    reload_succeeded: true,
    corruptions: 0,
    series: 1234,
    targets: { up: 3, down: 1, unknown: 0 },
    rules: { alerting: 2, recording: 1 },
    alertmanagers: ['http://alertmanager.example:9093/api/v2/alerts'],
    config_yaml:
      'global:\n  external_labels:\n    cluster: eu1\nscrape_configs:\n- job_name: self\n  static_configs: []\n',
    moving: 0,
  };
}
