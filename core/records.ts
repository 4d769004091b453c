// The stored rows as they are read back and sent: an observation's attributes and what the store knows of them.
import { z } from 'zod';
import { jsonSchema } from './json.ts';
import { monitoringEndpointSchema, relationSchema } from './monitoring.ts';
import { accountSchema, orgNodeSchema } from './observation.ts';
import { provenanceSchema, runIdSchema, timestampSchema } from './provenance.ts';
import { measuresSchema } from './run.ts';

/** Why a record is no longer there: it was closing or closed when last seen, its URL is another record's now, or nothing tells. */
export const vanishedReasonSchema = z.enum(['closed', 'taken_over', 'unknown']);
export type VanishedReason = z.output<typeof vanishedReasonSchema>;

const common = {
  source: z.string().meta({ description: 'collector and its version', example: 'aws/0.1.0' }),
  scope: z.string().meta({ description: 'the configured source that owns the record', example: 'aws:main' }),
  run_id: runIdSchema.meta({ description: 'the run that wrote the present content' }),
  discovered_at: timestampSchema,
  valid_from: timestampSchema.meta({ description: 'since when the content is what it is' }),
  missed_runs: z.int().min(0),
  vanished_at: timestampSchema.nullable(),
  vanished_reason: vanishedReasonSchema.nullable(),
};

const detail = {
  last_seen_at: timestampSchema.nullable(),
  provider_updated_at: timestampSchema.nullable(),
  known_fields: z
    .array(z.string())
    .meta({ description: 'the attributes that were ever read; the others are null because nobody could' }),
  content_hash: z.string(),
  raw: jsonSchema,
  provenance: provenanceSchema,
};

/** An account as lists show it. Fields never read are null. */
export const accountListItemSchema = requireAll(accountSchema).extend(common);

// What a claim says of an endpoint that watches the account.
const monitorSchema = z
  .strictObject({
    id: monitoringEndpointSchema.shape.id,
    kind: monitoringEndpointSchema.shape.kind,
    url: monitoringEndpointSchema.shape.url,
    status: monitoringEndpointSchema.shape.status,
    relation: relationSchema.shape.relation,
    basis: relationSchema.shape.basis,
    confidence: relationSchema.shape.confidence,
  })
  .meta({ id: 'Monitor' });

/** An account with everything that is known of it. */
export const accountRecordSchema = accountListItemSchema
  .extend(detail)
  .extend({
    monitored_by: z
      .array(monitorSchema)
      .nullable()
      .meta({ description: 'endpoints that relations lead from to it, the most confident first; null of a past time' }),
  })
  .meta({ id: 'AccountDetail' });

/** An organization's node as lists show it. */
export const orgNodeListItemSchema = requireAll(orgNodeSchema).extend(common);

/** A node with everything that is known of it. */
export const orgNodeRecordSchema = orgNodeListItemSchema.extend(detail).meta({ id: 'OrgNodeDetail' });

/** A monitoring endpoint as lists show it. */
export const monitoringEndpointListItemSchema = requireAll(monitoringEndpointSchema).extend(common);

/** An endpoint with everything that is known of it. */
export const monitoringEndpointRecordSchema = monitoringEndpointListItemSchema
  .extend(detail)
  .extend({
    measures: measuresSchema.nullable().meta({ description: 'what its scope measured last; of no past time' }),
  })
  .meta({ id: 'MonitoringEndpointDetail' });

/** A relation as lists show it. */
export const relationListItemSchema = requireAll(relationSchema)
  .extend({
    to_key: z
      .string()
      .nullable()
      .meta({ description: 'the key of the record that `to_ref` names now; null while there is none' }),
  })
  .extend(common);

/** A relation with everything that is known of it. */
export const relationRecordSchema = relationListItemSchema.extend(detail).meta({ id: 'RelationDetail' });

// What an observation may leave out is null in a stored row.
function requireAll<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape, z.core.$strict>) {
  return schema.required();
}
