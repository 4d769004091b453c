// The GCP part of the configuration: which organizations and folders are read, as whom, and how often in full.
import { z } from 'zod';
import { durationSchema } from '#core/config.ts';

/** The universe of the public cloud; national clouds have domains of their own. */
export const defaultUniverse = 'googleapis.com';

// Plain http would show tokens to the network; on loopback there is none.
const endpointSchema = z.url({ protocol: /^https?$/, hostname: /^[^\s]+$/ }).superRefine((text, issues) => {
  const { protocol, hostname, origin, href } = new URL(text);
  if (protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) {
    issues.addIssue({ code: 'custom', message: 'must be https: tokens are sent to it' });
  }
  if (href !== `${origin}/`) issues.addIssue({ code: 'custom', message: 'write scheme, host and port only' });
});

const sourceSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes'),
  root: z
    .string()
    .regex(/^(organizations|folders)\/[1-9]\d{0,18}$/, 'write organizations/123456789012 or folders/123456789012')
    .meta({ description: 'everything below it is read; another answer is an error and nothing is written' }),
  credentials_file: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'a federation or key file; without it the default credentials, in GKE the pod’s own' }),
  impersonate: z
    .string()
    .regex(/^[^\s@/]+@[^\s@/]+$/, 'write the e-mail address of a service account')
    .optional(),
  quota_project: z
    .string()
    .regex(/^[a-z][a-z0-9:.-]{4,61}[a-z0-9]$/, 'write a project id')
    .optional()
    .meta({ description: 'the project whose quota is used and in which the API is enabled' }),
  universe_domain: z
    .string()
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'write a domain: googleapis.com')
    .optional()
    .meta({ description: 'of a national cloud; the credentials’ own when absent' }),
  endpoint: endpointSchema
    .optional()
    .meta({ description: 'where Resource Manager is reached, for Private Service Connect' }),
  iam_endpoint: endpointSchema
    .optional()
    .meta({ description: 'where IAM Credentials is reached, for `impersonate` through Private Service Connect' }),
  tree_every: durationSchema
    .prefault('6h')
    .meta({ description: 'how often everything is listed, which alone proves that something is gone' }),
  region_residency: z
    .union([z.string().min(1), z.record(z.string(), z.string().min(1))])
    .optional()
    .meta({
      description: 'one value, or values by project number, project id, folders/N or organizations/N; the nearest wins',
    }),
});

const needsSource = 'name a source, or set GCP_ROOT';

/** Schema of `collectors.gcp`. */
export const gcpConfigSchema = z
  .strictObject({ sources: z.array(sourceSchema, needsSource).min(1, needsSource) })
  .refine((config) => new Set(config.sources.map((source) => source.name)).size === config.sources.length, {
    path: ['sources'],
    message: 'two sources have the same name',
  })
  .meta({ examples: [{ sources: [{ name: 'corp', root: 'organizations/123456789012' }] }] });

export type GcpConfig = z.output<typeof gcpConfigSchema>;
export type GcpSourceConfig = GcpConfig['sources'][number];

/**
 * One source `main` from the plain variables: its root from `GCP_ROOT`, or from `GCP_ORGANIZATION` with or without
 * `organizations/`. Undefined when neither names one, for no credentials say what to read.
 */
export function gcpConfigFromEnvironment(variables: Readonly<Record<string, string | undefined>>): unknown {
  const organization = variables['GCP_ORGANIZATION'];
  const root =
    variables['GCP_ROOT'] || (organization && `organizations/${organization.replace(/^organizations\//, '')}`);
  if (!root) return undefined;
  return {
    sources: [
      {
        name: 'main',
        root,
        ...named('credentials_file', variables['GOOGLE_APPLICATION_CREDENTIALS']),
        ...named('impersonate', variables['GOOGLE_IMPERSONATE_SERVICE_ACCOUNT']),
        ...named('quota_project', variables['GOOGLE_CLOUD_QUOTA_PROJECT']),
        ...named('universe_domain', variables['GOOGLE_CLOUD_UNIVERSE_DOMAIN']),
      },
    ],
  };
}

function named(name: keyof GcpSourceConfig, value: string | undefined) {
  return value ? { [name]: value } : {};
}

/** The source that a scope's name stands for. */
export function findSource(config: GcpConfig, scope: string): GcpSourceConfig {
  const source = config.sources.find((candidate) => toScope(candidate) === scope);
  if (source === undefined) throw new RangeError(`no source for the scope ${scope}`);
  return source;
}

/** The scope's name of a source. */
export function toScope(source: { readonly name: string }): string {
  return `gcp:${source.name}`;
}
