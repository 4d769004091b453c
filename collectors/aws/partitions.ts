// The AWS partitions: separate clouds with their own organizations, credentials, endpoints and residency.

interface Partition {
  readonly regions: RegExp;
  /** The only region of the partition's Organizations endpoint; undefined where it is whichever region one is in. */
  readonly organizations_region: string | undefined;
  /** Where the law of the partition keeps its data, as far as the partition alone tells. */
  readonly residency: string;
}

// https://docs.aws.amazon.com/general/latest/gr/ao.html
const partitions: Readonly<Record<string, Partition>> = {
  aws: {
    regions: /^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d+$/,
    organizations_region: 'us-east-1',
    residency: 'global',
  },
  'aws-cn': { regions: /^cn-/, organizations_region: 'cn-northwest-1', residency: 'cn' },
  'aws-us-gov': { regions: /^us-gov-/, organizations_region: 'us-gov-west-1', residency: 'us-gov' },
  'aws-iso': { regions: /^us-iso-/, organizations_region: 'us-iso-east-1', residency: 'us-iso' },
  'aws-iso-b': { regions: /^us-isob-/, organizations_region: 'us-isob-east-1', residency: 'us-isob' },
  'aws-iso-e': { regions: /^eu-isoe-/, organizations_region: undefined, residency: 'eu-isoe' },
  'aws-iso-f': { regions: /^(us|eu)-isof-/, organizations_region: 'us-isof-south-1', residency: 'us-isof' },
  'aws-eusc': { regions: /^eusc-/, organizations_region: undefined, residency: 'eusc' },
};

/** The partitions this collector knows. */
export const partitionNames: readonly string[] = Object.keys(partitions);

/** The partition of a region; one that is not known yet is taken for commercial, where new regions appear. */
export function toPartition(region: string): string {
  const found = Object.entries(partitions).find(
    ([name, partition]) => name !== 'aws' && partition.regions.test(region),
  );
  return found?.[0] ?? 'aws';
}

/** The partition that an ARN names, or undefined for something else than an ARN. */
export function partitionOfArn(arn: string): string | undefined {
  return /^arn:(aws[a-z-]*):/.exec(arn)?.[1];
}

/** Where the partition's Organizations, and with it the tags of its accounts, are asked for; `home` where AWS names no single region. */
export function toOrganizationsRegion(partition: string, home: string): string {
  return partitions[partition]?.organizations_region ?? home;
}

/** A region of the partition in which to call STS when nobody has named one. */
export function toDefaultRegion(partition: string): string | undefined {
  return partitions[partition]?.organizations_region;
}

/** What the partition alone says about where its accounts' data stays. */
export function toResidency(partition: string): string {
  return partitions[partition]?.residency ?? partition;
}
