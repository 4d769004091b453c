// What the events of a record say: the same five happenings for every kind of record.
import { z } from 'zod';
import { jsonSchema } from '#core/json.ts';
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
export const accountPayloads = payloadsOf(accountSchema, z.string().min(1).nullable());

/** Payloads of `org_node.*`. */
export const orgNodePayloads = payloadsOf(orgNodeSchema, z.string().min(1));

/** One payload per happening, for records with these attributes. What could not be read is left out of the attributes. */
function payloadsOf<Attributes extends z.ZodType, OrgId extends z.ZodType>(attributes: Attributes, orgId: OrgId) {
  const subject = z.strictObject({
    provider: providerSchema,
    id: z.string().min(1),
    org_id: orgId.meta({ description: 'the organization it belongs to now' }),
    scope: z
      .string()
      .min(1)
      .meta({ description: 'the configured source that saw it', examples: ['aws:main'] }),
  });
  const placeSchema = z.strictObject({
    org_id: orgId,
    parent_id: z.string().nullable(),
    org_path: z.string().nullable(),
  });
  return {
    discovered: subject.extend({ attributes }),
    updated: subject.extend({ changed: z.array(changeSchema).min(1) }),
    moved: subject.extend({ from: placeSchema, to: placeSchema, changed: z.array(changeSchema).min(1) }),
    vanished: subject.extend({
      reason: vanishedReasonSchema,
      last_seen_at: timestampSchema.nullable().meta({ description: 'null when no complete listing ever ended before' }),
    }),
    returned: subject.extend({ vanished_at: timestampSchema, changed: z.array(changeSchema) }),
  };
}
