// The events of the product, a union by event_type, and the one way to make one.
import { z } from 'zod';
import { compileOnUse } from '#core/compiled.ts';
import { envelopeSchema } from './envelope.ts';
import { accountPayloads, monitoringEndpointPayloads, orgNodePayloads, relationPayloads } from './payloads.ts';

/** Of every type so far. A minor version only adds optional fields; a major one is a schema of its own. */
const schema_version = '1.0';

/** Every event type with its payload. A type that is not here does not exist. */
export const eventSchema = z.discriminatedUnion('event_type', [
  event('account.discovered', accountPayloads.discovered),
  event('account.updated', accountPayloads.updated),
  event('account.moved', accountPayloads.moved),
  event('account.vanished', accountPayloads.vanished),
  event('account.returned', accountPayloads.returned),
  event('org_node.discovered', orgNodePayloads.discovered),
  event('org_node.updated', orgNodePayloads.updated),
  event('org_node.moved', orgNodePayloads.moved),
  event('org_node.vanished', orgNodePayloads.vanished),
  event('org_node.returned', orgNodePayloads.returned),
  event('monitoring_endpoint.discovered', monitoringEndpointPayloads.discovered),
  event('monitoring_endpoint.updated', monitoringEndpointPayloads.updated),
  event('monitoring_endpoint.moved', monitoringEndpointPayloads.moved),
  event('monitoring_endpoint.vanished', monitoringEndpointPayloads.vanished),
  event('monitoring_endpoint.returned', monitoringEndpointPayloads.returned),
  event('relation.discovered', relationPayloads.discovered),
  event('relation.updated', relationPayloads.updated),
  event('relation.vanished', relationPayloads.vanished),
  event('relation.returned', relationPayloads.returned),
]);
export type Event = z.output<typeof eventSchema>;
export type EventType = Event['event_type'];

// Each type for itself: a run sees few of them.
const compiledSchemas = new Map<string, () => z.ZodType<Event>>(
  eventSchema.options.map((schema) => [schema.shape.event_type.value, compileOnUse<z.ZodType<Event>>(schema)]),
);

/** An event before it is validated. Its type and payload are checked against each other when it is made. */
export interface NewEvent extends Omit<Event, 'event_type' | 'schema_version' | 'causation_id' | 'payload'> {
  readonly event_type: string;
  readonly payload: unknown;
}

/**
 * The valid event that nothing but its correlation caused: it is its own cause. Throws when it does not fit its schema,
 * naming fields but no values, so that a bug of ours rolls the transaction back instead of reaching a consumer.
 */
export function createEvent(event: NewEvent): Event {
  const made = { ...event, schema_version, causation_id: event.event_id };
  // A boundary cast: it was just found to be one. No schema changes what it checks, so nothing is gained from a parsed copy.
  if (compiledSchemas.get(event.event_type)?.().validate(made)) return made as Event;
  const parsed = eventSchema.safeParse(made);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new Error(`event ${event.event_type} does not fit its schema: ${problems}`);
}

function event<Type extends string, Payload extends z.ZodType>(event_type: Type, payload: Payload) {
  return envelopeSchema.extend({
    event_type: z.literal(event_type),
    schema_version: z.literal(schema_version),
    payload,
  });
}
