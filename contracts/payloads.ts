// What the events of a record say: the same happenings for every kind of record.
import { z } from 'zod';
import { jsonSchema } from '#core/json.ts';
import { monitoringEndpointSchema, relationSchema } from '#core/monitoring.ts';
import { accountSchema, orgNodeSchema, providerSchema } from '#core/observation.ts';
import { timestampSchema } from '#core/provenance.ts';
import { vanishedReasonSchema } from '#core/records.ts';

const pathSchema = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer')
  .meta({ description: 'JSON pointer (RFC 6901) into the attributes', examples: ['/tags/owner'] });

/** One difference. Without `from` there was no such member before, without `to` there is none any more; null is a value. */
export const changeSchema = z.union([
  z.strictObject({ path: pathSchema, from: jsonSchema, to: jsonSchema }),
  z.strictObject({ path: pathSchema, to: jsonSchema }),
  z.strictObject({ path: pathSchema, from: jsonSchema }),
]);

/** Payloads of `account.*`. */
export const accountPayloads = organizationPayloadsOf(accountSchema, z.string().min(1).nullable());

/** Payloads of `org_node.*`. */
export const orgNodePayloads = organizationPayloadsOf(orgNodeSchema, z.string().min(1));

const { id, kind, url } = monitoringEndpointSchema.shape;

/** Payloads of `monitoring_endpoint.*`. It has moved when it is found at another URL. */
export const monitoringEndpointPayloads = {
  ...payloadsOf(monitoringEndpointSchema, { id, kind, url }),
  moved: movedOf({ id, kind, url }, { url }),
};

const { id: _id, basis: _basis, confidence: _confidence, evidence: _evidence, ...link } = relationSchema.shape;

/** Payloads of `relation.*`. One that leads elsewhere is another relation, so none ever moves. */
export const relationPayloads = payloadsOf(relationSchema, { id: z.string().min(1), ...link });

function organizationPayloadsOf<Attributes extends z.ZodType, OrgId extends z.ZodType>(
  attributes: Attributes,
  orgId: OrgId,
) {
  const subject = {
    provider: providerSchema,
    id: z.string().min(1),
    org_id: orgId.meta({ description: 'the organization it belongs to now' }),
  };
  const place = { org_id: orgId, parent_id: z.string().nullable(), org_path: z.string().nullable() };
  return { ...payloadsOf(attributes, subject), moved: movedOf(subject, place) };
}

/** One payload per happening but the move, for records with these attributes. What could not be read is left out of the attributes. */
function payloadsOf<Attributes extends z.ZodType, Subject extends z.ZodRawShape>(
  attributes: Attributes,
  named: Subject,
) {
  const subject = subjectOf(named);
  return {
    discovered: subject.extend({ attributes }),
    updated: subject.extend({ changed: z.array(changeSchema).min(1) }),
    vanished: subject.extend({
      reason: vanishedReasonSchema,
      last_seen_at: timestampSchema.nullable().meta({ description: 'null when no complete listing ever ended before' }),
    }),
    returned: subject.extend({ vanished_at: timestampSchema, changed: z.array(changeSchema) }),
  };
}

function movedOf<Subject extends z.ZodRawShape, Place extends z.ZodRawShape>(named: Subject, place: Place) {
  const placeSchema = z.strictObject(place);
  return subjectOf(named).extend({ from: placeSchema, to: placeSchema, changed: z.array(changeSchema).min(1) });
}

function subjectOf<Subject extends z.ZodRawShape>(named: Subject) {
  const scope = z
    .string()
    .min(1)
    .meta({ description: 'the configured source that saw it', examples: ['aws:main'] });
  return z.strictObject({ ...named, scope });
}
