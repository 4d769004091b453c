// The Grafana part of the configuration: which endpoints are read, where, and as whom.
import { z } from 'zod';
import { accountReferenceSchema } from '#core/account-reference.ts';
import { durationSchema } from '#core/config.ts';
import { authSchema } from '#core/endpoint-auth.ts';
import { baseUrlSchema, toPlainUrl } from '#core/endpoint-url.ts';

const pathSchema = z.string().min(1).optional();

const endpointSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes'),
    id: z.string().min(1).optional().meta({ description: 'the key of the record; a hash of the URL when absent' }),
    url: baseUrlSchema.meta({ description: 'where its start page is, with the path that it is served from' }),
    auth: authSchema.prefault({}),
    ca_file: pathSchema.meta({ description: 'the only authorities trusted, instead of the public ones' }),
    client_certificate_file: pathSchema,
    client_key_file: pathSchema,
    labels: z.record(z.string().min(1), z.string()).default({}),
    accounts: z
      .array(accountReferenceSchema)
      .default([])
      .meta({ description: 'what it monitors, where nothing else tells' }),
    prometheus: z
      .array(z.string().min(1).transform(toReference))
      .default([])
      .meta({ description: 'what it queries, by URL or id, where its data sources do not tell' }),
  })
  .refine((one) => (one.client_certificate_file === undefined) === (one.client_key_file === undefined), {
    path: ['client_certificate_file'],
    message: 'name client_certificate_file and client_key_file, both or none',
  });

const examples = [
  {
    endpoints: [
      { name: 'main', url: 'https://grafana.example/', auth: { token_file: '/etc/inventory/grafana-token' } },
    ],
  },
];

/** Schema of `collectors.grafana`. */
export const grafanaConfigSchema = z
  .strictObject({
    timeout: durationSchema
      .prefault('5s')
      .refine((ms) => ms > 0, 'must be more than 0')
      .meta({ description: 'how long one request may take' }),
    endpoints: z.array(endpointSchema).default([]),
  })
  .superRefine(({ endpoints }, issues) => {
    const tell = (message: string) => issues.addIssue({ code: 'custom', path: ['endpoints'], message });
    if (endpoints.length === 0) tell('name an endpoint, or set GRAFANA_URL');
    if (new Set(endpoints.map(({ name }) => name)).size < endpoints.length) tell('two have the same name');
    if (new Set(endpoints.map(({ id, url }) => id ?? url)).size < endpoints.length) tell('two have the same id or URL');
  })
  .transform(({ timeout, endpoints }) => ({ timeoutMs: timeout, endpoints }))
  .meta({ examples });

export type GrafanaConfig = z.output<typeof grafanaConfigSchema>;
export type GrafanaEndpoint = GrafanaConfig['endpoints'][number];

/** One endpoint `main` from `GRAFANA_URL` and, unless only its health is wanted, `GRAFANA_TOKEN`; undefined without a URL. */
export function grafanaConfigFromEnvironment(variables: Readonly<Record<string, string | undefined>>): unknown {
  const { GRAFANA_URL: url, GRAFANA_TOKEN: token } = variables;
  return url ? { endpoints: [{ name: 'main', url, ...(token && { auth: { token } }) }] } : undefined;
}

// URLs in the form in which endpoints are stored; ids as they are.
function toReference(text: string): string {
  return toPlainUrl(text) ?? text;
}

/** The endpoint that a scope's name stands for. */
export function findEndpoint(config: GrafanaConfig, scope: string): GrafanaEndpoint {
  const endpoint = config.endpoints.find((candidate) => toScope(candidate) === scope);
  if (endpoint === undefined) throw new RangeError(`no endpoint for the scope ${scope}`);
  return endpoint;
}

/** The scope's name of an endpoint. */
export function toScope(endpoint: { readonly name: string }): string {
  return `grafana:${endpoint.name}`;
}
