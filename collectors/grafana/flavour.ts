// Which Grafana it is: one that somebody runs as a service names itself in its host name, the others by their edition.

/** The ones that are told apart. */
export type Flavour = 'grafana' | 'grafana-enterprise' | 'grafana-cloud' | 'amazon' | 'azure';

const hosts: readonly (readonly [RegExp, Flavour])[] = [
  [/\.grafana\.net$/, 'grafana-cloud'],
  [/\.grafana-workspace\.[\w-]+\.amazonaws\.com(\.cn)?$/, 'amazon'],
  [/\.grafana\.azure\.(com|us|cn)$/, 'azure'],
];

/** Undefined when nothing tells it. */
export function recognizeFlavour(url: string, edition: string | undefined): Flavour | undefined {
  const { hostname } = new URL(url);
  const managed = hosts.find(([pattern]) => pattern.test(hostname))?.[1];
  if (managed !== undefined || edition === undefined) return managed;
  return /enterprise/i.test(edition) ? 'grafana-enterprise' : 'grafana';
}
