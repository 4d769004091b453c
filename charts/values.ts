// Every value of the chart with its type, its default and what it is for: the one source of values.yaml, values.schema.json and the README.
import { z } from 'zod';
import { type CollectorFacts, collectorValues, cron, cronFields } from './values-collectors.ts';
import { digest, image } from './values-image.ts';
import { monitoring } from './values-monitoring.ts';
import {
  auth,
  cidr,
  labels,
  optionalHost,
  optionalName,
  optionalPodPeer,
  optionalText,
  pod,
  podPeer,
  port,
  resources,
  secretKey,
  serviceAccount,
  told,
} from './values-parts.ts';

// As the product reads them; the finer points are its own.
const allowedHost = z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f.:]+)(\/\d{1,3})?$/);

// No user and no password: manifests are read by many.
const address = z
  .string()
  .regex(/^[^\s@]*$/)
  .default('');

// A name or an address alone: port, user and database are values of their own.
const databaseHost = z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/);

const postgres = told(
  z.strictObject({
    host: told(databaseHost, 'Of the primary; must be said. An address of IPv6 in brackets.').default(''),
    port: port.default(5432),
    // Part of a URL, of which it must not be the end.
    database: z
      .string()
      .regex(/^[^/?#%]+$/)
      .default('inventory'),
    sslMode: z.enum(['verify-full', 'verify-ca', 'require', 'disable']).default('verify-full'),
    caSecret: told(
      z.strictObject({ name: optionalName, key: z.string().min(1).default('ca.crt') }),
      'Who vouches for the server; the public authorities when empty.',
    ).prefault({}),
    roles: told(
      z.strictObject({
        api: secretKey('asset-inventory-postgres-api', 'password'),
        ingest: secretKey('asset-inventory-postgres-ingest', 'password'),
        collector: secretKey('asset-inventory-postgres-collector', 'password'),
        prune: secretKey('asset-inventory-postgres-prune', 'password'),
        migrate: secretKey('asset-inventory-postgres-migrate', 'password'),
      }),
      'Passwords of inventory_api and the others; each pod is given its own and no other.',
    ).prefault({}),
    network: told(
      z.strictObject({
        mode: told(z.enum(['cidr', 'pod']), 'cidr: a managed database; pod: one in the cluster.').default('cidr'),
        cidrs: z.array(cidr).default([]),
        namespace: optionalName,
        podLabels: labels,
      }),
      'Where it is, for NetworkPolicies.',
    ).prefault({}),
  }),
  'The database; the chart brings none.',
).prefault({});

const authProxy = told(
  z.strictObject({
    mode: told(
      z.enum(['sidecar', 'external']),
      'sidecar: oauth2-proxy beside the API, which listens on loopback only; external: the named proxy is the only one who reaches it.',
    ).default('sidecar'),
    issuerUrl: told(z.string().regex(/^(https:\/\/[^\s?#]+)?$/), 'The OpenID Connect issuer.').default(''),
    caSecret: told(
      z.strictObject({ name: optionalName, key: z.string().min(1).default('ca.crt') }),
      'Who vouches for the issuer; the public authorities when empty.',
    ).prefault({}),
    clientId: z.string().min(1).default('asset-inventory'),
    clientSecret: secretKey('asset-inventory-oidc', 'client_secret'),
    cookieSecret: secretKey('asset-inventory-oidc', 'cookie_secret'),
    allowedGroups: told(z.array(z.string().min(1)), 'Who may enter; everybody with an account when empty.').default([]),
    scopes: z.string().min(1).default('openid email profile'),
    cookieRefresh: told(
      z.string().regex(/^\d+(s|m|h)$/),
      'Shorter than an ID token lives, or the API sees ended ones.',
    ).default('5m'),
    image: z
      .strictObject({ repository: z.string().min(1).default('quay.io/oauth2-proxy/oauth2-proxy'), digest })
      .prefault({}),
    egress: told(
      z.strictObject({
        cidrs: z.array(cidr).default([]),
        inCluster: z.array(podPeer.extend({ port })).default([]),
        fqdns: told(
          z.array(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)),
          'Flavour cilium: other hosts that its discovery document names for keys and tokens, on 443, such as www.googleapis.com.',
        ).default([]),
      }),
      'Where the issuer is, at the port of issuerUrl: never a wildcard. The flavour cilium knows it by its name.',
    ).prefault({}),
    external: optionalPodPeer.prefault({}),
    resources: resources('20m', '32Mi', '128Mi'),
  }),
  'How people reach the API.',
).prefault({});

function service(name: string, own: { readonly memory: string; readonly limit: string }) {
  return {
    replicas: told(z.int().min(1).max(20), 'Without autoscaling.').default(2),
    autoscaling: z
      .strictObject({
        enabled: z.boolean().default(true),
        minReplicas: z.int().min(1).max(50).default(2),
        maxReplicas: z.int().min(1).max(50).default(5),
        targetCpuPercent: z.int().min(10).max(95).default(70),
      })
      .prefault({}),
    minAvailable: told(z.int().min(1), 'Of the PodDisruptionBudget.').default(1),
    spread: told(
      z.enum(['ScheduleAnyway', 'DoNotSchedule']),
      'Over nodes and zones, when there are several replicas.',
    ).default('ScheduleAnyway'),
    host: told(optionalHost, `The name under which the ${name} is reached from outside.`),
    tlsSecret: told(optionalName, 'For the Ingress.'),
    resources: resources('50m', own.memory, own.limit),
    serviceAccount,
    pod,
  };
}

// Helm would put labels that are named beside those of a default, and nobody has both: so the usual ones are in the template.
function knownPeer(namespace: string, usual: string, description: string) {
  return told(
    z.strictObject({
      namespace: z.string().min(1).default(namespace),
      podLabels: told(labels, `app.kubernetes.io/name: ${usual} when empty.`),
    }),
    description,
  ).prefault({});
}

const networkPolicy = told(
  z.strictObject({
    enabled: z.boolean().default(true),
    flavor: told(
      z.enum(['kubernetes', 'cilium']),
      'kubernetes cannot name hosts: there, providers are every public address on 443. cilium allows the declared names only.',
    ).default('kubernetes'),
    dns: z
      .strictObject({
        namespace: z.string().min(1).default('kube-system'),
        podLabels: told(labels, 'k8s-app: kube-dns when empty.'),
        port: port.default(53),
      })
      .prefault({}),
    scrapers: knownPeer('monitoring', 'prometheus', 'Who reads metrics.'),
    gateway: knownPeer('ingress-nginx', 'ingress-nginx', 'Whom requests come through.'),
  }),
  'Default-deny both ways, then only what each component needs.',
).prefault({});

const externalSecrets = told(
  z.strictObject({
    enabled: z.boolean().default(false),
    refreshInterval: z
      .string()
      .regex(/^\d+(s|m|h)$/)
      .default('1h'),
    storeRef: z
      .strictObject({
        kind: z.enum(['SecretStore', 'ClusterSecretStore']).default('SecretStore'),
        name: optionalName,
      })
      .prefault({}),
    items: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          data: z.array(
            z.strictObject({ key: z.string().min(1), remoteKey: z.string().min(1), property: optionalText }),
          ),
        }),
      )
      .default([]),
  }),
  'Secrets that the External Secrets Operator makes. The chart itself renders none.',
).prefault({});

const migrate = told(
  z.strictObject({
    enabled: z.boolean().default(true),
    activeDeadlineSeconds: z.int().min(60).default(900),
    backoffLimit: z.int().min(0).max(6).default(3),
    resources: resources('100m', '96Mi', '256Mi'),
    pod,
  }),
  'The Job that brings the database to the release, before anything else of it starts.',
).prefault({});

const api = told(
  z.strictObject({ auth: auth('Of the API.'), ...service('API', { memory: '192Mi', limit: '512Mi' }) }),
  'The read-only API.',
).prefault({});

const ingest = told(
  z.strictObject({
    enabled: z.boolean().default(false),
    auth: auth('Of what is written.'),
    allowedFrom: told(z.array(z.strictObject({ cidr })), 'Agents that come past the gateway.').default([]),
    requestsPerMinute: told(z.int().min(1).max(60_000), 'Of each caller, at each replica.').default(60),
    allowHosts: told(
      z.array(allowedHost),
      'Hosts that may be named though they are this machine’s own: addresses, ranges or names.',
    ).default([]),
    ...service('ingest', { memory: '128Mi', limit: '256Mi' }),
  }),
  'Everything that writes over HTTP.',
).prefault({});

const prune = told(
  z.strictObject({
    enabled: z.boolean().default(true),
    ...cronFields('30 3 * * *', { default: 1800, max: 7200 }, 180_000),
    schedule: cron.default('30 3 * * *'),
    retention: told(
      z.record(z.enum(['pages', 'runs', 'versions', 'events']), z.string().regex(/^\d+(s|m|h|d)$/)),
      'How long each kind of history is kept.',
    ).default({ pages: '30d', runs: '400d', versions: '400d', events: '400d' }),
    resources: resources('50m', '96Mi', '256Mi'),
    serviceAccount,
    pod,
  }),
  'Deletes history past its keep time, daily.',
).prefault({});

const ingress = z
  .strictObject({ enabled: z.boolean().default(false), className: optionalName, annotations: labels })
  .prefault({});

const httpRoute = z
  .strictObject({
    enabled: z.boolean().default(false),
    parentRefs: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          namespace: z.string().optional(),
          sectionName: z.string().optional(),
        }),
      )
      .default([]),
  })
  .prefault({});

/** The schema of values.yaml for these collectors. */
export function createValuesSchema(collectors: readonly CollectorFacts[]) {
  const parts = Object.fromEntries(collectors.map((facts) => [facts.name, collectorValues(facts)]));
  return z.strictObject({
    global: told(z.looseObject({}), 'Helm puts this into every subchart.').default({}),
    // A label of every object.
    nameOverride: z
      .string()
      .regex(/^([a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?)?$/)
      .default(''),
    fullnameOverride: optionalName,
    tenant: told(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/), 'Whose inventory collectors write.').default(
      'default',
    ),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    image,
    postgres,
    migrate,
    api,
    authProxy,
    ingest,
    collectors: told(z.strictObject(parts), 'A CronJob each.').prefault({}),
    prune,
    networkPolicy,
    ingress,
    httpRoute,
    externalSecrets,
    monitoring,
    pod: told(pod, 'Of every pod; a component’s own settings come on top.'),
    hostUsers: told(z.boolean(), '`false` gives pods a user namespace where nodes can.').default(true),
    proxy: told(
      z.strictObject({ http: address, https: address, noProxy: optionalText }),
      'Through which collectors reach the providers. With a password in its address it belongs into secretVariables. noProxy: names and addresses, parted by commas, and for endpoints ranges.',
    ).prefault({}),
  });
}
