// The AWS part of the configuration: which organizations are read, as whom, and how much of them.
import { z } from 'zod';
import { durationSchema } from '#core/config.ts';
import { partitionNames, partitionOfArn } from './partitions.ts';

const roleArnSchema = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
    'write the ARN of a role: arn:aws:iam::111122223333:role/name',
  );

// The limits are those of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const hopSchema = z.strictObject({
  role_arn: roleArnSchema,
  external_id: z.string().min(2).max(1224).optional(),
  source_identity: z
    .string()
    .regex(/^[\w+=,.@-]{2,64}$/)
    .optional(),
  session_name: z
    .string()
    .regex(/^[\w+=,.@-]{1,27}$/, 'at most 27 of A-Z a-z 0-9 _ + = , . @ -, for the run id follows it')
    .optional(),
  duration_seconds: z.int().min(900).max(43_200).optional(),
});

const sourceSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes'),
    organization_id: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, 'an organization id: o-abc123def4')
      .optional()
      .meta({ description: 'guard: another organization is an error and nothing is written' }),
    profile: z.string().min(1).optional(),
    web_identity: z.strictObject({ role_arn: roleArnSchema, token_file: z.string().min(1) }).optional(),
    role_chain: z.array(hopSchema).max(10).default([]),
    region: z
      .string()
      .regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/)
      .optional()
      .meta({ description: 'where STS is called' }),
    partition: z.enum(partitionNames).optional(),
    tags: z.boolean().default(true),
    tree_every: durationSchema
      .prefault('6h')
      .meta({ description: 'how often OUs are walked when accounts carry paths' }),
    personal_data: z.boolean().default(false),
    region_residency: z
      .union([z.string().min(1), z.record(z.string(), z.string().min(1))])
      .optional()
      .meta({ description: 'one value, or values by account, OU or root id; the nearest wins' }),
  })
  .superRefine((source, issues) => {
    if (source.profile !== undefined && source.web_identity !== undefined) {
      issues.addIssue({ code: 'custom', path: ['profile'], message: 'name a profile or a web identity, not both' });
    }
    const arns = [source.web_identity?.role_arn, ...source.role_chain.map((hop) => hop.role_arn)];
    const named = new Set(arns.flatMap((arn) => (arn === undefined ? [] : [partitionOfArn(arn)])));
    if (source.partition !== undefined) named.add(source.partition);
    if (named.size > 1) {
      issues.addIssue({
        code: 'custom',
        path: ['role_chain'],
        message: 'every role must be of the same partition as the source',
      });
    }
  });

/** Schema of `collectors.aws`. With nothing configured there is one source, `main`, with the SDK's default credentials. */
export const awsConfigSchema = z
  .strictObject({
    sources: z
      .array(sourceSchema)
      .min(1)
      .prefault([{ name: 'main' }]),
  })
  .prefault({})
  .refine((config) => new Set(config.sources.map((source) => source.name)).size === config.sources.length, {
    path: ['sources'],
    message: 'two sources have the same name',
  });

export type AwsConfig = z.output<typeof awsConfigSchema>;
export type AwsSourceConfig = AwsConfig['sources'][number];
export type RoleHop = AwsSourceConfig['role_chain'][number];

// Each of them alone makes the SDK's default chain find credentials.
const credentialVariables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
];

/** One source `main` from the plain variables, through `AWS_ORG_AUDIT_ROLE_ARN` if it is set; undefined when no variable names credentials. */
export function awsConfigFromEnvironment(variables: Readonly<Record<string, string | undefined>>): unknown {
  const roleArn = variables['AWS_ORG_AUDIT_ROLE_ARN'];
  if (roleArn) return { sources: [{ name: 'main', role_chain: [{ role_arn: roleArn }] }] };
  return credentialVariables.some((name) => variables[name]) ? { sources: [{ name: 'main' }] } : undefined;
}

/** The source that a scope's name stands for. */
export function findSource(config: AwsConfig, scope: string): AwsSourceConfig {
  const source = config.sources.find((candidate) => toScope(candidate) === scope);
  if (source === undefined) throw new RangeError(`no source for the scope ${scope}`);
  return source;
}

/** The scope's name of a source. */
export function toScope(source: { readonly name: string }): string {
  return `aws:${source.name}`;
}
