// Values as JSON Schema, for Helm: from the zod schema of the values and those of the collectors' configuration.
import { z } from 'zod';

/** A JSON Schema, as far as it is looked into here. */
export interface JsonSchema {
  readonly [key: string]: unknown;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
}

// Draft 7 is what every Helm 3 and every editor reads.
const options = { io: 'input', target: 'draft-7', unrepresentable: 'any' } as const;

const schemaSchema: z.ZodType<JsonSchema> = z.looseObject({
  description: z.string().optional(),
  default: z.unknown().optional(),
  get properties() {
    return z.record(z.string(), schemaSchema).optional();
  },
});

/** The JSON Schema of a part of the configuration, in which any text may also be taken from a variable. */
export function toConfigSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, examples: _examples, ...rest } = z.toJSONSchema(schema, options);
  return schemaSchema.parse(allowReferences(rest));
}

/** The JSON Schema of the values. */
export function toValuesSchema(schema: z.ZodType): JsonSchema {
  return schemaSchema.parse(insertConfigSchemas(z.toJSONSchema(schema, options)));
}

function mapMembers(value: unknown, change: (member: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member)]));
}

// `env:NAME` is replaced before the product looks at patterns, words and formats.
function allowReferences(value: unknown): unknown {
  const mapped = mapMembers(value, allowReferences);
  const text = z.looseObject({ type: z.literal('string') }).safeParse(mapped);
  if (!text.success || !('pattern' in text.data || 'enum' in text.data || 'format' in text.data)) return mapped;
  const { description, default: usual, format: _format, ...rest } = text.data;
  const kept = { ...(description !== undefined && { description }), ...(usual !== undefined && { default: usual }) };
  return { ...kept, anyOf: [rest, { type: 'string', pattern: '^env:[A-Za-z_][A-Za-z0-9_]*$' }] };
}

// An empty part means that variables say it all; anything else must be right.
function insertConfigSchemas(value: unknown): unknown {
  const mapped = mapMembers(value, insertConfigSchemas);
  const marked = z.looseObject({ 'x-schema': z.record(z.string(), z.unknown()) }).safeParse(mapped);
  if (!marked.success) return mapped;
  const { 'x-schema': config, ...rest } = marked.data;
  // Not as one literal: an object with a `then` could be taken for a promise.
  return Object.fromEntries([...Object.entries(rest), ['if', { minProperties: 1 }], ['then', config]]);
}
