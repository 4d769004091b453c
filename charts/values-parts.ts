// The parts that several values of the chart are made of: names, selectors, resources, pods, identities.
import { z } from 'zod';

/** A schema and what its values are for. */
export function told<Schema extends z.ZodType>(schema: Schema, description: string): Schema {
  return schema.meta({ ...schema.meta(), description });
}

/** A text that may be empty, which means that it is not used. */
export const optionalText = z.string().default('');

/** A name of an object of Kubernetes, or empty. */
export const optionalName = z
  .string()
  .regex(/^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$/)
  .default('');

const labelsSchema = z.record(z.string().regex(/^[A-Za-z0-9./_-]{1,253}$/), z.string());
export const labels = labelsSchema.default({});

const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';

/** CIDRs wide enough for a subnet and no wider: a wildcard is no list. */
export const cidr = z
  .string()
  .regex(
    new RegExp(`^(${octet}(\\.${octet}){3}\\/(1[6-9]|2\\d|3[0-2])|[0-9a-f:]+\\/(4[89]|[5-9]\\d|1[01]\\d|12[0-8]))$`),
  );
export const port = z.int().min(1).max(65_535);

/** Pods of a namespace. */
export const podPeer = z.strictObject({
  namespace: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  podLabels: labelsSchema.refine((value) => Object.keys(value).length > 0).meta({ minProperties: 1 }),
});

/** Pods of a namespace that nothing is said about yet. */
export const optionalPodPeer = z.strictObject({ namespace: optionalName, podLabels: labels });

const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi)?$/);

/** What a container asks for; there is a limit on memory always, on the processor never: a throttled probe looks like a dead one. */
export function resources(cpu: string, memory: string, limit: string) {
  return z
    .strictObject({
      requests: z.strictObject({ cpu: quantity.default(cpu), memory: quantity.default(memory) }).prefault({}),
      limits: z.strictObject({ memory: quantity.default(limit) }).prefault({}),
    })
    .prefault({});
}

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().optional(),
});

/** Where pods run and what is written on them. Not how they are secured: that is the same everywhere. */
export const pod = z
  .strictObject({
    nodeSelector: labels,
    tolerations: z.array(toleration).default([]),
    affinity: told(
      z.strictObject({
        nodeAffinity: z.looseObject({}).optional(),
        podAffinity: z.looseObject({}).optional(),
        podAntiAffinity: z.looseObject({}).optional(),
      }),
      'As Kubernetes has it.',
    ).prefault({}),
    priorityClassName: optionalName,
    labels,
    annotations: labels,
  })
  .prefault({});

/** The ServiceAccount of a component. */
export const serviceAccount = z
  .strictObject({
    create: z.boolean().default(true),
    name: told(optionalName, 'Made from the release’s name when empty.'),
    annotations: labels,
  })
  .prefault({});

/** One key of a Secret that exists already. */
export function secretKey(name: string, key: string) {
  return z
    .strictObject({
      existingSecret: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
        .default(name),
      key: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,253}$/)
        .default(key),
    })
    .prefault({});
}

/** Where a request comes in from outside the cluster. */
export const optionalHost = z
  .string()
  .regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)?$/)
  .default('');

const staticToken = z.strictObject({
  name: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  tenant: z.string().default('default'),
  scopes: z.array(z.string()).min(1),
});

/** How callers prove who they are. */
export function auth(description: string) {
  return told(
    z.strictObject({
      mode: told(
        z.enum(['oidc', 'token']),
        'oidc: ID tokens of authProxy.issuerUrl; token: the static ones below.',
      ).default('oidc'),
      audience: told(optionalText, 'The audience of the tokens; authProxy.clientId when empty.'),
      tenantClaim: told(z.string().min(1), 'The claim that names the tenant.').default('tenant'),
      tenants: told(
        z.record(z.string(), z.string()),
        'The tenant that a value of that claim stands for; the value itself when empty.',
      ).default({}),
      scopesClaims: told(z.array(z.string().min(1)).min(1), 'The claims whose values allow something.').default([
        'scope',
      ]),
      scopes: told(
        z.record(z.string(), z.array(z.string().min(1)).min(1)),
        'What a value of those claims allows, such as a group `[inventory:read]`; the value itself when empty.',
      ).default({}),
      tokens: told(z.array(staticToken), 'As `inventory token new` prints them: no secret, only its SHA-256.').default(
        [],
      ),
    }),
    description,
  ).prefault({});
}
