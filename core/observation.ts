// What collectors yield: one provider record as it was read, and the requests that delivered it.
import { z } from 'zod';
import { jsonObjectSchema, jsonSchema, textsSchema } from './json.ts';
import { monitoringEndpointSchema, relationKey, relationSchema } from './monitoring.ts';
import { evidenceSchema, timestampSchema } from './provenance.ts';

export const providerSchema = z.enum(['aws', 'gcp', 'azure']).meta({ id: 'Provider' });
export type Provider = z.output<typeof providerSchema>;

/** The provider's own word is kept in `status`; this is the one scale that all providers share. */
export const lifecycleSchema = z
  .enum(['pending', 'active', 'suspended', 'closing', 'closed', 'unknown'])
  .meta({ id: 'Lifecycle' });
export type Lifecycle = z.output<typeof lifecycleSchema>;

// Tags or labels; read and found empty is `{}`.
const tagsSchema = textsSchema;

// PostgreSQL refuses what is longer than an index takes, some 2700 bytes for id and name together, and the whole batch with it.
const maxIndexed = 256;
const idSchema = z.string().min(1).max(maxIndexed);
const nameSchema = z.string().max(maxIndexed).nullable().optional();

// Parent chain from the root down, as ids of org_nodes, as names, and as the names joined by "/".
const pathFields = {
  org_path: z.string().nullable().optional(),
  org_path_ids: z.array(z.string()).nullable().optional(),
  org_path_names: z.array(z.string()).nullable().optional(),
};

/** An AWS account, GCP project or Azure subscription. A field left out could not be read; null was read and is not set. */
export const accountSchema = z.strictObject({
  provider: providerSchema,
  id: idSchema,
  partition: z.string().min(1).meta({ description: 'AWS partition, Azure cloud, GCP universe' }),
  org_id: z.string().min(1).nullable().optional(),
  project_id: nameSchema,
  name: nameSchema,
  status: z.string().nullable().optional(),
  lifecycle: lifecycleSchema.nullable().optional(),
  status_changed_at: timestampSchema.nullable().optional(),
  parent_id: z.string().nullable().optional(),
  ...pathFields,
  tags: tagsSchema.nullable().optional(),
  region_residency: z.string().nullable().optional(),
  details: jsonObjectSchema.nullable().optional(),
});
export type Account = z.output<typeof accountSchema>;

/** A node above accounts. Its id carries the organization's (`o-…/ou-…`), for a bare id is unique only inside one; its path includes itself. */
export const orgNodeSchema = z.strictObject({
  provider: providerSchema,
  org_id: z.string().min(1),
  id: idSchema,
  kind: z.enum(['organization', 'root', 'ou', 'folder', 'management_group', 'tenant']),
  name: nameSchema,
  parent_id: z.string().nullable().optional(),
  depth: z.int().min(0).nullable().optional(),
  status: z.string().nullable().optional(),
  lifecycle: lifecycleSchema.nullable().optional(),
  ...pathFields,
  tags: tagsSchema.nullable().optional(),
});
export type OrgNode = z.output<typeof orgNodeSchema>;

const observed = {
  key: z.string().min(1),
  raw: jsonSchema,
  evidence: evidenceSchema,
  provider_updated_at: timestampSchema
    .optional()
    .meta({ description: "the provider's time of last change, if it tells one" }),
};

const accountObservationSchema = z
  .strictObject({ kind: z.literal('account'), attributes: accountSchema, ...observed })
  .refine((o) => o.key === accountKey(o.attributes), { message: 'key is not provider/id', path: ['key'] });

const orgNodeObservationSchema = z
  .strictObject({ kind: z.literal('org_node'), attributes: orgNodeSchema, ...observed })
  .refine((o) => o.key === o.attributes.id, { message: 'key is not the id', path: ['key'] });

export const monitoringEndpointObservationSchema = z
  .strictObject({ kind: z.literal('monitoring_endpoint'), attributes: monitoringEndpointSchema, ...observed })
  .refine((o) => o.key === o.attributes.id, { message: 'key is not the id', path: ['key'] });

/** One claim of a link; `toRelation` makes its attributes. Yielded beside records, enumerated and missed like them. */
const relationObservationSchema = z
  .strictObject({ kind: z.literal('relation'), attributes: relationSchema, ...observed })
  .refine((o) => o.key === o.attributes.id, { message: 'key is not the id', path: ['key'] })
  .refine((o) => o.key === relationKey(o.attributes), {
    message: 'key does not follow from its fields',
    path: ['key'],
  });

/** What a collector yields, a union by kind. */
export const observationSchema = z.discriminatedUnion('kind', [
  accountObservationSchema,
  orgNodeObservationSchema,
  monitoringEndpointObservationSchema,
  relationObservationSchema,
]);
export type Observation = z.output<typeof observationSchema>;
export type ObservationKind = Observation['kind'];
export type Attributes = Observation['attributes'];

export const observationKinds = [
  'account',
  'org_node',
  'monitoring_endpoint',
  'relation',
] as const satisfies readonly ObservationKind[];
export const observationKindSchema = z.enum(observationKinds);

/** A value for each kind. */
export function forEachKind<Value>(toValue: (kind: ObservationKind) => Value): Record<ObservationKind, Value> {
  return {
    account: toValue('account'),
    org_node: toValue('org_node'),
    monitoring_endpoint: toValue('monitoring_endpoint'),
    relation: toValue('relation'),
  };
}

/** An account's key: with the id alone, a GCP project number could overwrite an AWS account of the same twelve digits. */
export function accountKey(account: Pick<Account, 'provider' | 'id'>): string {
  return `${account.provider}/${account.id}`;
}
