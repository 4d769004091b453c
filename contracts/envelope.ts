// The envelope of every event: nine fields and no other, so that consumers can route what they do not know.
import { z } from 'zod';
import { jsonObjectSchema } from '#core/json.ts';
import { runIdSchema, timestampSchema } from '#core/provenance.ts';

/** What all events have in common. Unknown keys are refused; when and where an event was stored is no part of it. */
export const envelopeSchema = z.strictObject({
  event_id: z
    .uuidv7()
    .meta({ description: 'sorts by the time the event was made; consumers drop what they have seen' }),
  event_type: z
    .string()
    .regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/)
    .meta({ description: 'what it is about and what happened to it', examples: ['account.discovered'] }),
  schema_version: z
    .string()
    .regex(/^[1-9]\d*\.\d+$/)
    .meta({ description: 'major.minor of this type; a minor only adds optional fields', examples: ['1.0'] }),
  tenant_id: z.string().min(1),
  source: z
    .string()
    .regex(/^[a-z][a-z0-9-]*\/\S+$/)
    .meta({ description: 'component and its version', examples: ['aws/0.1.0'] }),
  timestamp: timestampSchema.meta({ description: 'when it happened, or when it was found out: UTC' }),
  correlation_id: runIdSchema.meta({ description: 'the same in all that one cause led to: the run, or the request' }),
  causation_id: z.uuid().meta({ description: 'the event that caused this one, or its own id' }),
  payload: jsonObjectSchema,
});
export type Envelope = z.output<typeof envelopeSchema>;
