// Monitoring endpoints and relations as they are observed: what watches the accounts, and what leads to what.
import { z } from 'zod';
import { hashJson, jsonObjectSchema, textsSchema } from './json.ts';
import { timestampSchema } from './provenance.ts';

/** The longest URL of a record. PostgreSQL refuses what is longer than an index takes, some 2700 bytes, and the whole batch with it. */
export const maxUrlLength = 2048;

/** How one is let in: what was configured, once the endpoint has shown that it asks for it. */
export const authModeSchema = z.enum(['none', 'token', 'basic', 'oauth']);

/** What was found of an endpoint; `unknown` is one that was named and never asked. A dead endpoint is a finding, not a failure. */
export const endpointStatusSchema = z
  .enum(['up', 'starting', 'degraded', 'auth_required', 'unreachable', 'not_prometheus', 'not_grafana', 'unknown'])
  .meta({ id: 'EndpointStatus' });

/**
 * A server that is asked about other things. Its id is the configured key, else a hash of its normalised URL. Numbers that
 * move from run to run (latency, series, targets) are measures of its scope and no part of it.
 */
export const monitoringEndpointSchema = z.strictObject({
  id: z.string().min(1),
  kind: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/)
    .meta({ description: 'prometheus, grafana, or another one that was named', examples: ['prometheus'] }),
  url: z
    .string()
    .max(maxUrlLength)
    .regex(/^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/, 'must be http or https, without user, query and fragment')
    .meta({ description: 'without user, query, fragment and closing slash' }),
  auth_mode: authModeSchema.nullable().optional(),
  status: endpointStatusSchema,
  version: z.string().nullable().optional(),
  flavour: z
    .string()
    .nullable()
    .optional()
    .meta({ description: 'whose software it is', examples: ['mimir'] }),
  tls_not_after: timestampSchema.nullable().optional().meta({ description: 'when its certificate ends' }),
  labels: textsSchema.nullable().optional(),
  details: jsonObjectSchema.nullable().optional(),
});
export type MonitoringEndpoint = z.output<typeof monitoringEndpointSchema>;

// Per cent. Explicit beats every inference, and one inference another, by these numbers alone.
const confidences = {
  configured: 100,
  datasource_account: 90,
  peer_url: 80,
  label: 70,
  service_discovery: 60,
  external_label: 40,
} as const;

/** What a relation is concluded from; `configured` is explicit: somebody has said so. */
const basisSchema = z
  .enum(['configured', 'datasource_account', 'peer_url', 'label', 'service_discovery', 'external_label'])
  .meta({ id: 'Basis' });

const relationFields = {
  from_kind: z.enum(['monitoring_endpoint']),
  from_key: z.string().min(1).meta({ description: 'the id of the record it leads from' }),
  relation: z.enum(['queries', 'monitors', 'writes_to', 'reads_from', 'alerts_to']),
  to_kind: z.enum(['account', 'monitoring_endpoint']),
  to_ref: z
    .string()
    .min(1)
    .max(maxUrlLength)
    .meta({
      description:
        'what is known of where it leads: an account as provider/id or provider/project_id, an endpoint by its URL or id',
      examples: ['aws/111122223333'],
    }),
  basis: basisSchema,
};

/**
 * One claim that a record leads to another. Who claims what from what is its identity: an explicit and an inferred claim of
 * the same link are two records side by side, so that neither overwrites the other, each vanishes when its own basis does,
 * and a reader takes the one with the highest confidence. Where it leads need not be in the inventory, and is looked up
 * whenever the relation is read: whatever comes first, endpoint or relation, they find each other.
 */
export const relationSchema = z.strictObject({
  id: z.string().min(1).meta({ description: 'a hash of the six fields that follow' }),
  ...relationFields,
  confidence: z.int().min(1).max(100).meta({ description: 'per cent; explicit is 100' }),
  evidence: jsonObjectSchema.meta({ description: 'where it is said, such as the data source' }),
});
export type Relation = z.output<typeof relationSchema>;

/** What a collector says of a relation; the rest follows from it. */
export type Claim = Omit<Relation, 'id' | 'confidence'>;

/** The relation's id and key. */
export function relationKey(claim: Pick<Claim, keyof typeof relationFields>): string {
  const { from_kind, from_key, relation, to_kind, to_ref, basis } = claim;
  return hashJson([from_kind, from_key, relation, to_kind, to_ref, basis]).slice(0, 32);
}

/** The attributes of a `relation` observation, whose key is their id. */
export function toRelation(claim: Claim): Relation {
  return { id: relationKey(claim), ...claim, confidence: confidences[claim.basis] };
}
