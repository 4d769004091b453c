// What the policies on secrets and workloads are told: each component's Secrets, the registries, the bounds of CronJobs, the ways in, whose a cloud's marks are.
import { z } from 'zod';
import type { JsonSchema } from '../charts/json-schema.ts';
import { ports } from '../charts/ports.ts';
import { noParams, type PolicyParams, params } from './params.ts';

// As far as they are looked into here; charts/values.ts says it all.
const secretKeySchema = z.object({ existingSecret: z.string() });
const imageSchema = z.object({ repository: z.string() });
const caSchema = z.object({ name: z.string() });
const serviceSchema = z.object({ auth: z.object({ mode: z.enum(['oidc', 'token']) }) });
const valuesSchema = z.object({
  image: imageSchema.extend({ pullSecrets: z.array(z.string()) }),
  postgres: z.object({
    caSecret: caSchema,
    roles: z.object({
      api: secretKeySchema,
      ingest: secretKeySchema,
      collector: secretKeySchema,
      prune: secretKeySchema,
      migrate: secretKeySchema,
    }),
  }),
  authProxy: z.object({
    mode: z.enum(['sidecar', 'external']),
    caSecret: caSchema,
    image: imageSchema,
    clientSecret: secretKeySchema,
    cookieSecret: secretKeySchema,
  }),
  api: serviceSchema,
  ingest: serviceSchema,
  collectors: z.record(
    z.string(),
    z.object({ secretVariables: z.array(secretKeySchema), secretFiles: z.array(secretKeySchema) }),
  ),
});
type Values = z.output<typeof valuesSchema>;

const referencesSchema = z.object({ components: z.record(z.string(), z.array(z.string())) });
const registriesSchema = z.object({ registries: z.array(z.string()) });
const boundSchema = z.object({ min: z.int(), max: z.int() });
const boundsSchema = z.record(z.string(), boundSchema);
const cronjobsSchema = z.object({
  components: z.record(z.string(), z.object({ bounds: boundsSchema, within_seconds: z.int().optional() })),
});
const entrancesSchema = z.object({
  entrances: z.record(z.string(), z.object({ name: z.string(), port: z.int(), targets: z.array(z.int()) })),
});
const cloudsSchema = z.object({ clouds: z.array(z.object({ prefix: z.string(), component: z.string() })) });

// The annotations and labels by which each cloud knows whom it may trust.
const clouds = [
  { prefix: 'eks.amazonaws.com/', component: 'collector-aws' },
  { prefix: 'iam.gke.io/', component: 'collector-gcp' },
  { prefix: 'azure.workload.identity/', component: 'collector-azure' },
];

/** By policy. The values are those of an installation, or the chart's own. */
export function workloadParams(
  schema: JsonSchema,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, PolicyParams>> {
  const known = valuesSchema.parse(values);
  return {
    secret_variables: noParams,
    secret_references: params(referencesSchema, { components: toSecrets(known) }),
    secret_data: noParams,
    secret_volumes: noParams,
    image_reference: params(registriesSchema, { registries: toRegistries(known) }),
    pod_security: noParams,
    pod_isolation: noParams,
    pod_resources: noParams,
    service_account: noParams,
    identity_sharing: params(cloudsSchema, { clouds }),
    cronjob_bounds: params(cronjobsSchema, { components: toCronjobs(schema, known) }),
    probes: noParams,
    replicas: noParams,
    cluster_rights: noParams,
    exposure: params(entrancesSchema, { entrances: toEntrances(known) }),
    entrances: noParams,
  };
}

// Said once more, and not read off the templates: it is what they are held to.
function toSecrets({ image, postgres, authProxy, api, ingest, collectors }: Values): Record<string, string[]> {
  const { roles } = postgres;
  const authority = ({ name }: z.output<typeof caSchema>) => (name === '' ? [] : [{ existingSecret: name }]);
  const issuer = ({ auth }: z.output<typeof serviceSchema>) =>
    auth.mode === 'oidc' ? authority(authProxy.caSecret) : [];
  const session = authProxy.mode === 'sidecar' ? [authProxy.clientSecret, authProxy.cookieSecret] : [];
  const withDatabase = (...keys: z.output<typeof secretKeySchema>[]) => [
    ...image.pullSecrets,
    ...[...authority(postgres.caSecret), ...keys].map(({ existingSecret }) => existingSecret),
  ];
  const own = {
    api: withDatabase(roles.api, ...session, ...issuer(api)),
    ingest: withDatabase(roles.ingest, ...issuer(ingest)),
    prune: withDatabase(roles.prune),
    migrate: withDatabase(roles.migrate),
    smoke: image.pullSecrets,
    ...Object.fromEntries(
      Object.entries(collectors).map(([name, { secretVariables, secretFiles }]) => [
        `collector-${name}`,
        withDatabase(roles.collector, ...secretVariables, ...secretFiles),
      ]),
    ),
  };
  return Object.fromEntries(Object.entries(own).map(([component, names]) => [component, [...new Set(names)]]));
}

// A name without a host is one of a registry that nobody has named.
function toRegistries({ image, authProxy }: Values): string[] {
  const repositories = [image, ...(authProxy.mode === 'sidecar' ? [authProxy.image] : [])];
  const registries = repositories.map(({ repository }) =>
    repository.slice(0, Math.max(0, repository.lastIndexOf('/'))),
  );
  return [...new Set(registries)].filter((registry) => registry !== '');
}

// What the schema of the values lets through, and what no value changes.
function toCronjobs(schema: JsonSchema, { collectors }: Values): z.output<typeof cronjobsSchema>['components'] {
  const settings = ['startingDeadlineSeconds', 'activeDeadlineSeconds', 'backoffLimit'];
  const boundsOf = (part: JsonSchema | undefined) => ({
    ...Object.fromEntries(settings.map((setting) => [setting, toBound(part?.properties?.[setting])])),
    ttlSecondsAfterFinished: { min: 60, max: 3600 },
    successfulJobsHistoryLimit: { min: 0, max: 1 },
    failedJobsHistoryLimit: { min: 1, max: 3 },
  });
  const scheduled = Object.keys(collectors).map((name) => [
    `collector-${name}`,
    // They start every quarter of an hour, and one at a time.
    { bounds: boundsOf(schema.properties?.['collectors']?.properties?.[name]), within_seconds: 900 },
  ]);
  return { ...Object.fromEntries(scheduled), prune: { bounds: boundsOf(schema.properties?.['prune']) } };
}

function toBound(property: JsonSchema | undefined): z.output<typeof boundSchema> {
  const { minimum, maximum } = z.object({ minimum: z.int(), maximum: z.int() }).parse(property);
  return { min: minimum, max: maximum };
}

function toEntrances({ authProxy }: Values): z.output<typeof entrancesSchema>['entrances'] {
  const api = authProxy.mode === 'sidecar' ? ports.authProxy : ports.api;
  const entrance = { name: 'http', port: ports.http };
  return { api: { ...entrance, targets: [api] }, ingest: { ...entrance, targets: [ports.ingest] } };
}
