// Where requests to Grafana go: only where the configuration says.
import type { Egress } from '#core/egress.ts';

/** The egress contract of `inventory collect grafana`. */
export const egress: Egress = {
  clouds: {},
  identities: {},
  configured: ['the `url` of every endpoint', 'the `token_url` of an OAuth client'],
};
