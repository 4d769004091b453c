// The Prometheus part of the configuration: which endpoints are read, where, and as whom.
import { z } from 'zod';
import { accountReferenceSchema } from '#core/account-reference.ts';
import { durationSchema } from '#core/config.ts';
import { type Auth, authSchema } from '#core/endpoint-auth.ts';
import { baseUrlSchema, joinPath } from '#core/endpoint-url.ts';
import { isSecretName } from '#core/redact.ts';
import { readTargetFiles } from './target-files.ts';

const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes');

// What endpoints named one by one and those of a file have in common.
const accessFields = {
  path_prefix: z
    .string()
    .regex(/^(\/[\w.~-]+)+\/?$/, 'a path such as /prometheus')
    .optional(),
  tenant: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'ASCII characters without spaces: it is sent in a header')
    .optional()
    .meta({ description: 'whose data is asked for: Mimir, Cortex, Thanos' }),
  // The tenant is told in the record, so it must be no secret.
  tenant_header: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'the name of a header')
    .refine((name) => !isSecretName(name), 'is a header for secrets: give them in auth')
    .default('X-Scope-OrgID'),
  auth: authSchema.prefault({}),
  ca_file: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'the only authorities trusted, instead of the public ones' }),
  client_certificate_file: z.string().min(1).optional(),
  client_key_file: z.string().min(1).optional(),
  labels: z.record(z.string().min(1), z.string()).default({}),
  accounts: z
    .array(accountReferenceSchema)
    .default([])
    .meta({ description: 'what it monitors, where nothing else tells' }),
};

const endpointSchema = z.strictObject({
  name: nameSchema,
  id: z.string().min(1).optional().meta({ description: 'the key of the record; a hash of the URL when absent' }),
  url: baseUrlSchema,
  ...accessFields,
});

const filesSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .meta({ description: 'a file in the form of file_sd, or a pattern such as /etc/targets/*.yaml' }),
  ...accessFields,
});

/** One endpoint, wherever it was named. */
export interface PrometheusEndpoint {
  readonly name: string;
  readonly id: string | undefined;
  /** Everything is asked for below it; without a slash at its end. */
  readonly url: string;
  readonly tenant: string | undefined;
  readonly tenant_header: string;
  readonly auth: Auth;
  readonly ca_file?: string | undefined;
  readonly client_certificate_file?: string | undefined;
  readonly client_key_file?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Accounts as `provider/id`. */
  readonly accounts: readonly string[];
}

/** The configuration with the endpoints of all files in it. */
export interface PrometheusConfig {
  readonly timeoutMs: number;
  readonly endpoints: readonly PrometheusEndpoint[];
}

const examples = [
  {
    endpoints: [
      { name: 'prod-eu', url: 'https://prometheus.example/', auth: { token_file: '/etc/inventory/prometheus-token' } },
    ],
  },
];

/** Schema of `collectors.prometheus`. The files are read here, so that every endpoint is a scope by its name. */
export const prometheusConfigSchema = z
  .strictObject({
    timeout: durationSchema
      .prefault('5s')
      .refine((ms) => ms > 0, 'must be more than 0')
      .meta({ description: 'how long one request may take' }),
    endpoints: z.array(endpointSchema).default([]),
    files: z.array(filesSchema).default([]),
  })
  .transform((config, issues): PrometheusConfig => {
    const endpoints = [
      ...config.endpoints.map((endpoint) => toEndpoint(endpoint, endpoint)),
      ...config.files.flatMap((entry, index) => {
        const { targets, problems } = readTargetFiles(entry.path);
        for (const message of problems) issues.addIssue({ code: 'custom', path: ['files', index, 'path'], message });
        return targets.map((target) => toEndpoint(target, { ...entry, labels: { ...entry.labels, ...target.labels } }));
      }),
    ];
    for (const message of findProblems(endpoints)) issues.addIssue({ code: 'custom', path: ['endpoints'], message });
    return { timeoutMs: config.timeout, endpoints };
  })
  .meta({ examples });

type Access = Omit<z.output<typeof filesSchema>, 'path'>;

interface Named {
  readonly name: string;
  readonly id?: string | undefined;
  readonly url: string;
}

function toEndpoint(named: Named, access: Access): PrometheusEndpoint {
  const { path_prefix, tenant, tenant_header, auth, labels, accounts } = access;
  const { ca_file, client_certificate_file, client_key_file } = access;
  return {
    name: named.name,
    id: named.id,
    url: joinPath(named.url, path_prefix),
    ...{ tenant, tenant_header, auth, labels, accounts, ca_file, client_certificate_file, client_key_file },
  };
}

function findProblems(endpoints: readonly PrometheusEndpoint[]): string[] {
  const problems: string[] = [];
  if (endpoints.length === 0) problems.push('name an endpoint or a file of endpoints, or set PROM_URL');
  const keys = endpoints.map(({ id, url, tenant }) => id ?? JSON.stringify([url, tenant]));
  if (new Set(endpoints.map(({ name }) => name)).size < endpoints.length) problems.push('two have the same name');
  if (new Set(keys).size < keys.length) problems.push('two have the same id, or the same URL and tenant');
  for (const { name, client_certificate_file: certificate, client_key_file: key } of endpoints) {
    if ((certificate === undefined) === (key === undefined)) continue;
    problems.push(`${name}: name client_certificate_file and client_key_file, both or none`);
  }
  return problems;
}

/** One endpoint `main` from `PROM_URL`; undefined when that is not set. */
export function prometheusConfigFromEnvironment(variables: Readonly<Record<string, string | undefined>>): unknown {
  const { PROM_URL: url } = variables;
  return url ? { endpoints: [{ name: 'main', url }] } : undefined;
}

/** The endpoint that a scope's name stands for. */
export function findEndpoint(config: PrometheusConfig, scope: string): PrometheusEndpoint {
  const endpoint = config.endpoints.find((candidate) => toScope(candidate) === scope);
  if (endpoint === undefined) throw new RangeError(`no endpoint for the scope ${scope}`);
  return endpoint;
}

/** The scope's name of an endpoint. */
export function toScope(endpoint: { readonly name: string }): string {
  return `prometheus:${endpoint.name}`;
}
