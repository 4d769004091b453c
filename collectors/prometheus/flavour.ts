// Which server speaks Prometheus' API here: told by what it calls itself, or by what it leaves out.
import type { Vitals } from './vitals.ts';

/** The servers that are told apart. */
export type Flavour =
  | 'prometheus'
  | 'prometheus-agent'
  | 'thanos'
  | 'mimir'
  | 'cortex'
  | 'victoriametrics'
  | 'amazon'
  | 'azure'
  | 'google';

// The managed services answer a part of the API only, and name themselves nowhere but in their host names.
const hosts: readonly (readonly [RegExp, Flavour])[] = [
  [/^aps-workspaces[.-].+\.amazonaws\.com(\.cn)?$/, 'amazon'],
  [/\.prometheus\.monitor\.azure\.(com|us|cn)$/, 'azure'],
  [/^monitoring\.googleapis\.com$/, 'google'],
];

/** Undefined when nothing tells it. */
export function recognizeFlavour(url: string, vitals: Vitals): Flavour | undefined {
  const { hostname } = new URL(url);
  return hosts.find(([pattern]) => pattern.test(hostname))?.[1] ?? byGreeting(vitals) ?? byBuild(vitals);
}

// `/-/healthy` of Prometheus, its agent and VictoriaMetrics; Thanos says only "OK".
function byGreeting({ greeting = '' }: Vitals): Flavour | undefined {
  if (greeting.startsWith('VictoriaMetrics')) return 'victoriametrics';
  if (greeting.startsWith('Prometheus Agent')) return 'prometheus-agent';
  return greeting.startsWith('Prometheus Server') ? 'prometheus' : undefined;
}

function byBuild({ build, runtime }: Vitals): Flavour | undefined {
  if (build?.application !== undefined) return build.application.includes('Mimir') ? 'mimir' : undefined;
  if (build?.features !== undefined && 'ruler_config_api' in build.features) return 'mimir';
  // Thanos has runtime information, but no configuration that could be reloaded.
  if (runtime !== undefined) return runtime.reloadConfigSuccess === undefined ? 'thanos' : 'prometheus';
  if (build === undefined) return undefined;
  // Behind a path prefix VictoriaMetrics does not greet; it tells the version of the API that it stands in for, and nothing else.
  return build.goVersion === undefined && build.revision === undefined ? 'victoriametrics' : 'cortex';
}

/** The server's own version; undefined for one that tells another's. */
export function versionOf(flavour: Flavour | undefined, { build }: Vitals): string | undefined {
  return flavour === 'victoriametrics' ? undefined : build?.version;
}
