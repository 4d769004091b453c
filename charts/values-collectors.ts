// The values of the CronJobs: one for each collector, with its own identity, egress and part of the configuration.
import { z } from 'zod';
import type { Egress } from '#core/egress.ts';
import { cidr, optionalText, pod, podPeer, port, resources, serviceAccount, told } from './values-parts.ts';

/** What is known of a collector without running it. */
export interface CollectorFacts {
  readonly name: string;
  readonly egress: Egress;
  /** JSON Schema of its part of the configuration. */
  readonly config: Readonly<Record<string, unknown>>;
}

// Minutes are handed out by hand: Kubernetes has no jitter, and a hash of the name makes some of them meet.
const defaults: Readonly<Record<string, { schedule: string; memory: string; limit: string }>> = {
  aws: { schedule: '*/15 * * * *', memory: '128Mi', limit: '256Mi' },
  gcp: { schedule: '3-59/15 * * * *', memory: '144Mi', limit: '256Mi' },
  azure: { schedule: '6-59/15 * * * *', memory: '160Mi', limit: '256Mi' },
  prometheus: { schedule: '9-59/15 * * * *', memory: '128Mi', limit: '256Mi' },
  grafana: { schedule: '12-59/15 * * * *', memory: '128Mi', limit: '256Mi' },
};

export const cron = z.string().regex(/^([\d*/,-]+\s+){4}[\d*/,A-Za-z-]+$/);

/** What every CronJob has; `seconds` is how long its Job may take, all retries included. */
export function cronFields(schedule: string, seconds: { default: number; max: number }, freshness: number) {
  return {
    suspend: z.boolean().default(false),
    schedule: cron.default(schedule),
    timeZone: z.string().min(1).default('Etc/UTC'),
    activeDeadlineSeconds: told(
      z.int().min(60).max(seconds.max),
      'All retries included; the program itself stops 30 s before, so that what it has read is recorded.',
    ).default(seconds.default),
    startingDeadlineSeconds: told(z.int().min(60).max(840), 'How late a run may start.').default(540),
    backoffLimit: z.int().min(0).max(2).default(1),
    freshnessBudgetSeconds: told(z.int().min(60), 'Older than this is late: for alerts.').default(freshness),
  };
}

const identity = told(
  z.strictObject({
    provider: told(
      z.enum(['none', 'irsa', 'eksPodIdentity', 'gke', 'azure', 'token']),
      'token: a projected token of the cluster, for federation with any cloud.',
    ).default('none'),
    roleArn: told(z.string().regex(/^(arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+)?$/), 'irsa').default(''),
    gcpServiceAccount: told(z.string().regex(/^([^\s@]+@[^\s@]+)?$/), 'gke; empty for direct federation').default(''),
    clientId: told(optionalText, 'azure'),
    tenantId: told(optionalText, 'azure'),
    audience: told(optionalText, 'token; mounted as /var/run/secrets/inventory/token'),
  }),
  'Whose rights it has in the cloud. No other component shares them.',
).prefault({});

const secretFile = z.strictObject({
  existingSecret: z.string().min(1),
  key: z.string().min(1),
  path: told(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/), 'The file below /etc/inventory/secrets.'),
});
const secretVariable = z.strictObject({
  name: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
  existingSecret: z.string().min(1),
  key: z.string().min(1),
  optional: z.boolean().default(false),
});

// The kit's secret: the role to assume, and Grafana's token.
const kitSecret = 'asset-inventory';
const variables: Readonly<Record<string, z.input<typeof secretVariable>[]>> = {
  aws: [{ name: 'AWS_ORG_AUDIT_ROLE_ARN', existingSecret: kitSecret, key: 'aws_org_audit_role_arn', optional: true }],
};
const files: Readonly<Record<string, z.input<typeof secretFile>[]>> = {
  grafana: [{ existingSecret: kitSecret, key: 'grafana_token', path: 'grafana_token' }],
};

function egressValues({ clouds }: Egress) {
  const names = Object.keys(clouds);
  const [usual] = names;
  const cloud = usual === undefined ? z.never() : z.enum(names);
  return z
    .strictObject({
      clouds: told(z.array(cloud), 'Whose declared servers may be reached: docs/egress.md.').default(
        usual === undefined ? [] : [usual],
      ),
      fqdns: told(
        z.array(z.string().regex(/^([a-z0-9-]+|\*)?(\.([a-z0-9-]+|\*))*\.[a-z0-9-]+\.[a-z0-9-]+$/)),
        'More of them, for the flavour cilium.',
      ).default([]),
      internet: told(
        z.boolean(),
        'Flavour kubernetes: every public address on 443. This is NO list of hosts: name cidrs or a proxy instead where you can.',
      ).default(usual !== undefined),
      cidrs: told(
        z.array(z.strictObject({ cidr, ports: z.array(port).min(1) })),
        'Addresses outside the cluster.',
      ).default([]),
      inCluster: told(z.array(podPeer.extend({ port })), 'Pods: a target, or an egress proxy.').default([]),
    })
    .prefault({});
}

/** The values of one collector. Throws for one that has no place in the schedule yet. */
export function collectorValues({ name, egress, config }: CollectorFacts) {
  const own = defaults[name];
  if (own === undefined) throw new Error(`give ${name} a schedule and memory in charts/values-collectors.ts`);
  return z
    .strictObject({
      enabled: z.boolean().default(false),
      ...cronFields(own.schedule, { default: 300, max: 840 }, 1200),
      jitterSeconds: told(
        z.int().min(0).max(30),
        'Up to so long a run waits first, by chance, within its time: schedules that meet do not ask all at once.',
      ).default(20),
      // The product's own schema, so that a mistake is told before anything is deployed.
      config: told(z.looseObject({}), `\`collectors.${name}\` of the configuration; empty: from variables.`)
        .default({})
        .meta({ 'x-schema': config }),
      identity,
      egress: egressValues(egress),
      secretVariables: told(z.array(secretVariable), 'Keys of Secrets as variables, for `env:NAME`.').prefault(
        variables[name] ?? [],
      ),
      secretFiles: told(z.array(secretFile), 'Keys of Secrets as files, for `…_file`.').default(files[name] ?? []),
      resources: resources('100m', own.memory, own.limit),
      serviceAccount,
      pod,
    })
    .prefault({});
}
