// The Azure part of the configuration: which tenants are read, in which cloud and as whom.
import { z } from 'zod';
import { type CloudName, cloudNames } from './clouds.ts';

const guidSchema = z.guid('a GUID: 00000000-0000-0000-0000-000000000000').transform((text) => text.toLowerCase());

// The SDK refuses to send tokens over plain http anyway; here it says so before anything is asked.
const originSchema = z
  .url({ protocol: /^https$/, error: 'an https URL' })
  .refine(
    (text) => URL.canParse(text) && `${new URL(text).origin}/` === new URL(text).href,
    'scheme, host and port only',
  )
  .transform((text) => new URL(text).origin);

// Where the webhook of AKS' workload identity mounts a pod's token.
const mountedTokenFile = '/var/run/secrets/azure/tokens/azure-identity-token';

const sourceSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes'),
    tenant_id: guidSchema.meta({
      description: 'guard: credentials of another tenant are an error, nothing is written',
    }),
    client_id: guidSchema.meta({ description: 'the application (client) id' }),
    federated_token_file: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'workload identity; the file that AKS mounts, when neither it nor a secret is named' }),
    client_secret_file: z.string().min(1).optional(),
    cloud: z.enum(cloudNames).default('public'),
    authority_host: originSchema.optional(),
    arm_endpoint: originSchema.optional(),
    audience: z
      .url()
      .transform((text) => text.replace(/\/+$/, ''))
      .optional()
      .meta({ description: 'what tokens are asked for; the Resource Manager endpoint when absent' }),
    disable_instance_discovery: z
      .boolean()
      .default(false)
      .meta({ description: 'do not ask login.microsoftonline.com about authority_host: Azure Stack, air gaps' }),
    tags: z.boolean().default(true),
    region_residency: z
      .union([z.string().min(1), z.record(z.string().toLowerCase(), z.string().min(1))])
      .optional()
      .meta({ description: 'one value, or values by subscription id or management group name; the nearest wins' }),
  })
  .superRefine((source, issues) => {
    if (source.federated_token_file !== undefined && source.client_secret_file !== undefined) {
      const message = 'name a federated_token_file or a client_secret_file, not both';
      issues.addIssue({ code: 'custom', path: ['federated_token_file'], message });
    }
    if (source.cloud !== 'custom') return;
    for (const key of ['authority_host', 'arm_endpoint'] as const) {
      if (source[key] === undefined) {
        issues.addIssue({ code: 'custom', path: [key], message: 'a custom cloud has no endpoint of its own: name it' });
      }
    }
  })
  .transform((source) =>
    source.federated_token_file === undefined && source.client_secret_file === undefined
      ? { ...source, federated_token_file: mountedTokenFile }
      : source,
  );

const examples = [
  {
    sources: [
      {
        name: 'main',
        tenant_id: '11111111-aaaa-4bbb-8ccc-0123456789ab',
        client_id: '22222222-aaaa-4bbb-8ccc-0123456789ab',
        federated_token_file: '/var/run/secrets/azure/tokens/azure-identity-token',
      },
    ],
  },
];

const needsSource = 'name a source, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE';

/** Schema of `collectors.azure`. */
export const azureConfigSchema = z
  .strictObject({ sources: z.array(sourceSchema, needsSource).min(1, needsSource) })
  .refine((config) => new Set(config.sources.map((source) => source.name)).size === config.sources.length, {
    path: ['sources'],
    message: 'two sources have the same name',
  })
  .meta({ examples });

export type AzureConfig = z.output<typeof azureConfigSchema>;
export type AzureSourceConfig = AzureConfig['sources'][number];

// What AKS sets, as the SDKs of Azure read it.
const cloudsByAuthority: Readonly<Record<string, CloudName>> = {
  'https://login.microsoftonline.us': 'usgov',
  'https://login.chinacloudapi.cn': 'china',
};

/** One source `main` from the variables that AKS' workload identity sets, or with `AZURE_CLIENT_SECRET_FILE`; undefined when they name no credentials. */
export function azureConfigFromEnvironment(variables: Readonly<Record<string, string | undefined>>): unknown {
  const {
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_FEDERATED_TOKEN_FILE: tokenFile,
    AZURE_CLIENT_SECRET_FILE: secretFile,
    AZURE_AUTHORITY_HOST: authority,
  } = variables;
  if (!tenantId || !clientId || (!tokenFile && !secretFile)) return undefined;
  const cloud = cloudsByAuthority[authority?.replace(/\/+$/, '') ?? ''];
  const credential = tokenFile ? { federated_token_file: tokenFile } : { client_secret_file: secretFile };
  return {
    sources: [{ name: 'main', tenant_id: tenantId, client_id: clientId, ...credential, ...(cloud && { cloud }) }],
  };
}

/** The source that a scope's name stands for. */
export function findSource(config: AzureConfig, scope: string): AzureSourceConfig {
  const source = config.sources.find((candidate) => toScope(candidate) === scope);
  if (source === undefined) throw new RangeError(`no source for the scope ${scope}`);
  return source;
}

/** The scope's name of a source. */
export function toScope(source: { readonly name: string }): string {
  return `azure:${source.name}`;
}
