// Where requests to Google Cloud go: Resource Manager, the services that give out tokens, and the node's metadata server.
import type { Egress } from '#core/egress.ts';
import { defaultUniverse } from './config.ts';

/** The egress contract of `inventory collect gcp`. */
export const egress: Egress = {
  clouds: {
    [defaultUniverse]: [
      {
        host: `cloudresourcemanager.${defaultUniverse}`,
        port: 443,
        purpose: 'organizations, folders and projects, by gRPC',
      },
      { host: `sts.${defaultUniverse}`, port: 443, purpose: 'tokens of a federated identity' },
      { host: `oauth2.${defaultUniverse}`, port: 443, purpose: 'tokens of a key file that impersonates' },
      { host: `iamcredentials.${defaultUniverse}`, port: 443, purpose: 'tokens of an impersonated service account' },
    ],
  },
  identities: {
    // https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity: the first without, the second with Dataplane V2.
    gke: [
      { cidr: '169.254.169.252/32', ports: [987, 988], purpose: 'the GKE metadata server' },
      { cidr: '169.254.169.254/32', ports: [80, 8080], purpose: 'the GKE metadata server, with Dataplane V2' },
    ],
  },
  configured: [
    '`endpoint` and `iam_endpoint`',
    'the hosts of another `universe_domain`',
    '`token_url` and other URLs of a `credentials_file`',
  ],
};
