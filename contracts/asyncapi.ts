// The AsyncAPI document: which channel carries which event (https://www.asyncapi.com/docs/reference/specification/v3.0.0).
import { z } from 'zod';
import type { EventType } from './events.ts';
import { examples } from './examples.ts';

/** The file of an event type's JSON Schema. */
export function schemaFile(eventType: EventType): string {
  return `${eventType}.schema.json`;
}

/** One channel and one message per event type. The schemas stay in their own files, where other tools find them too. */
export function toAsyncApi(eventTypes: readonly EventType[]) {
  const entries = <Value>(toValue: (eventType: EventType) => Value) =>
    Object.fromEntries(eventTypes.map((eventType) => [toName(eventType), toValue(eventType)]));
  return asyncApiSchema.parse({
    asyncapi: '3.0.0',
    info: {
      title: 'asset-inventory events',
      version: '1.0.0',
      description:
        'What happened to the records of the inventory. Generated: change contracts/, then npm run generate.',
    },
    defaultContentType: 'application/json',
    channels: entries((eventType) => ({
      address: `inventory.events.${eventType}`,
      messages: { [toName(eventType)]: { $ref: `#/components/messages/${toName(eventType)}` } },
    })),
    operations: entries((eventType) => ({
      action: 'send',
      channel: { $ref: `#/channels/${toName(eventType)}` },
    })),
    components: { messages: entries(toMessage) },
  });
}

function toMessage(eventType: EventType) {
  return {
    name: eventType,
    contentType: 'application/json',
    correlationId: { location: '$message.payload#/correlation_id' },
    payload: {
      schemaFormat: 'application/schema+json;version=draft-2020-12',
      schema: { $ref: `./${schemaFile(eventType)}` },
    },
    examples: examples.filter((example) => example.event_type === eventType).map((payload) => ({ payload })),
  };
}

// Names of components may hold dots, but tools make identifiers of them.
function toName(eventType: EventType): string {
  return eventType.replace('.', '_');
}

const referenceSchema = z.strictObject({ $ref: z.string().regex(/^(#|\.)\//) });
const nameSchema = z.string().regex(/^[A-Za-z0-9_-]+$/);

/** The part of AsyncAPI 3.0 that we use, strictly. */
export const asyncApiSchema = z.strictObject({
  asyncapi: z.literal('3.0.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  defaultContentType: z.literal('application/json'),
  channels: z.record(
    nameSchema,
    z.strictObject({ address: z.string(), messages: z.record(nameSchema, referenceSchema) }),
  ),
  operations: z.record(nameSchema, z.strictObject({ action: z.enum(['send', 'receive']), channel: referenceSchema })),
  components: z.strictObject({
    messages: z.record(
      nameSchema,
      z.strictObject({
        name: z.string(),
        contentType: z.literal('application/json'),
        correlationId: z.strictObject({ location: z.string().startsWith('$message.payload#/') }),
        payload: z.strictObject({ schemaFormat: z.string(), schema: referenceSchema }),
        examples: z.array(z.strictObject({ payload: z.unknown() })).min(1),
      }),
    ),
  }),
});
