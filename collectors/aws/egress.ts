// Where requests to AWS go: three services in the regions of a partition, and the agent that hands out Pod Identities.
import type { Egress, Peer } from '#core/egress.ts';

// https://docs.aws.amazon.com/general/latest/gr/ao.html; one region of Organizations where the partition has only one.
const partitions: Readonly<Record<string, { suffix: string; organizations: string }>> = {
  aws: { suffix: 'amazonaws.com', organizations: 'us-east-1' },
  'aws-cn': { suffix: 'amazonaws.com.cn', organizations: 'cn-northwest-1' },
  'aws-us-gov': { suffix: 'amazonaws.com', organizations: 'us-gov-west-1' },
  'aws-iso': { suffix: 'c2s.ic.gov', organizations: 'us-iso-east-1' },
  'aws-iso-b': { suffix: 'sc2s.sgov.gov', organizations: 'us-isob-east-1' },
  'aws-iso-e': { suffix: 'cloud.adc-e.uk', organizations: '*' },
  'aws-iso-f': { suffix: 'csp.hci.ic.gov', organizations: 'us-isof-south-1' },
  'aws-eusc': { suffix: 'amazonaws.eu', organizations: '*' },
};

/** The egress contract of `inventory collect aws`. */
export const egress: Egress = {
  clouds: Object.fromEntries(Object.entries(partitions).map(([name, partition]) => [name, toPeers(partition)])),
  identities: {
    // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
    eksPodIdentity: [{ cidr: '169.254.170.23/32', ports: [80], purpose: 'the EKS Pod Identity agent' }],
  },
  configured: ['a `region` of another partition than the one that is named'],
};

function toPeers({ suffix, organizations }: { suffix: string; organizations: string }): Peer[] {
  return [
    { host: `organizations.${organizations}.${suffix}`, port: 443, purpose: 'accounts, units, delegation, tags' },
    { host: `tagging.${organizations}.${suffix}`, port: 443, purpose: 'tags by the hundred' },
    { host: `sts.*.${suffix}`, port: 443, purpose: 'roles are assumed in the region of the source' },
  ];
}
