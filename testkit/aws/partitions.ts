// The AWS partitions: which region belongs to which, and where each one keeps its Organizations endpoint.

/** The partition names that ARNs carry. */
export type Partition =
  | 'aws'
  | 'aws-cn'
  | 'aws-us-gov'
  | 'aws-iso'
  | 'aws-iso-b'
  | 'aws-iso-e'
  | 'aws-iso-f'
  | 'aws-eusc';

const partitions: readonly { name: Partition; regions: RegExp; organizations_region: string }[] = [
  { name: 'aws-cn', regions: /^cn-/, organizations_region: 'cn-northwest-1' },
  { name: 'aws-us-gov', regions: /^us-gov-/, organizations_region: 'us-gov-west-1' },
  { name: 'aws-iso-b', regions: /^us-isob-/, organizations_region: 'us-isob-east-1' },
  { name: 'aws-iso-f', regions: /^(us|eu)-isof-/, organizations_region: 'us-isof-south-1' },
  { name: 'aws-iso-e', regions: /^eu-isoe-/, organizations_region: 'eu-isoe-west-1' },
  { name: 'aws-iso', regions: /^us-iso-/, organizations_region: 'us-iso-east-1' },
  { name: 'aws-eusc', regions: /^eusc-/, organizations_region: 'eusc-de-east-1' },
  { name: 'aws', regions: /^[a-z]{2}-[a-z]+-\d$/, organizations_region: 'us-east-1' },
];

/** The partition of a region, or undefined for a word that is no region. */
export function toPartition(region: string): Partition | undefined {
  return partitions.find((partition) => partition.regions.test(region))?.name;
}

/** The only region in which the partition's Organizations endpoint accepts a signature. */
export function organizationsRegion(name: Partition): string {
  const partition = partitions.find((candidate) => candidate.name === name);
  if (partition === undefined) throw new RangeError(`unknown partition ${name}`);
  return partition.organizations_region;
}

/** The partition of this name, or undefined for a word that is none. */
export function parsePartition(word: string | undefined): Partition | undefined {
  return partitions.find((partition) => partition.name === word)?.name;
}
