// What policies are told beside the object: by policy, a schema and the values of this release.
import { z } from 'zod';

/** The parameters of one policy. */
export interface PolicyParams {
  readonly schema: z.ZodObject;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Parameters that fit their schema. Throws for others. */
export function params<Schema extends z.ZodObject>(schema: Schema, value: z.input<Schema>): PolicyParams {
  return { schema, value: schema.parse(value) };
}

/** A policy that needs to be told nothing. */
export const noParams: PolicyParams = params(z.object({}), {});

/** The schema as the definition of a kind has it: structural, so without what JSON Schema knows beside. */
export function toStructuralSchema({ schema }: PolicyParams): Readonly<Record<string, unknown>> {
  const { $schema: _, ...structural } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.propertyNames;
    },
  });
  return structural;
}
