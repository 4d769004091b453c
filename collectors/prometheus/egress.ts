// Where requests to Prometheus go: only where the configuration says.
import type { Egress } from '#core/egress.ts';

/** The egress contract of `inventory collect prometheus`. */
export const egress: Egress = {
  clouds: {},
  identities: {},
  configured: ['the `url` of every endpoint, those of `files` included', 'the `token_url` of an OAuth client'],
};
