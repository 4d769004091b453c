// Where requests to Azure go: one login endpoint and one Resource Manager for each cloud.
import type { Egress, Peer } from '#core/egress.ts';
import { type CloudName, cloudNames, toEndpoints } from './clouds.ts';

// The SDK knows other names of some login endpoints, and prefers them: `preferred_network` of MSAL's own list of authorities.
const preferred: Partial<Readonly<Record<CloudName, string>>> = { china: 'login.partner.microsoftonline.cn' };

/** The egress contract of `inventory collect azure`. */
export const egress: Egress = {
  clouds: Object.fromEntries(cloudNames.filter((cloud) => cloud !== 'custom').map((cloud) => [cloud, toPeers(cloud)])),
  identities: {},
  configured: [
    '`authority_host` and `arm_endpoint`',
    'login.microsoftonline.com beside an `authority_host` of one’s own, unless `disable_instance_discovery` is set',
  ],
};

function toPeers(cloud: CloudName): Peer[] {
  const { authority_host, arm_endpoint } = toEndpoints({ cloud });
  const logins = [new URL(authority_host).hostname, preferred[cloud]].filter((host) => host !== undefined);
  return [
    ...logins.map((host) => ({ host, port: 443, purpose: 'tokens' })),
    { host: new URL(arm_endpoint).hostname, port: 443, purpose: 'subscriptions and management groups' },
  ];
}
