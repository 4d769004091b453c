// The query parameters of the read API: strict, so that a misspelt filter is an error and not the whole list.
import { z } from 'zod';
import { lifecycleSchema, providerSchema } from '#core/observation.ts';
import { type SortField, sortFields, unnamedSortFields } from '#store/store.ts';

/** Rows of a page when the caller names no number. */
export const defaultLimit = 100;
/** Most rows of a page. */
export const maxLimit = 1000;
const maxTags = 20;

/** A text to compare with. */
export const textSchema = z.string().min(1).max(512);

/** A time in ISO 8601 with its offset, as UTC with milliseconds. */
export const asOfSchema = z.iso
  .datetime({ offset: true, error: 'must be a time with its offset, for example 2026-01-31T12:00:00Z' })
  .transform((text) => new Date(text).toISOString())
  // What the offset moves out of four digits, and the year 0, is no time to PostgreSQL.
  .refine((text) => /^(?!0000)\d{4}-/.test(text), 'must be in the years 1 to 9999')
  .meta({
    description: 'the content as it had been recorded at that time; a 400 names the earliest time when that was pruned',
    example: '2026-01-31T12:00:00Z',
  });

/** Where in a list, and how much of it. */
export const pageParameters = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `must be a number from 1 to ${maxLimit}`)
    .transform(Number)
    .refine((limit) => limit <= maxLimit, `must be a number from 1 to ${maxLimit}`)
    .optional()
    .meta({ description: 'rows of a page', type: 'integer', minimum: 1, maximum: maxLimit, default: defaultLimit }),
  cursor: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .meta({ description: 'from the `Link` header of the page before; belongs to its sort and filters' }),
};

function sortSchemaOf<Field extends SortField>(sorted: readonly (Field | 'id')[]) {
  const directions = sorted.flatMap((field) => [field, `-${field}`]);
  return z
    .enum(directions, `must be one of ${directions.join(', ')}`)
    .default('id')
    .transform((text): { field: Field | 'id'; descending: boolean } => {
      const field = sorted.find((name) => text.endsWith(name)) ?? 'id';
      return { field, descending: text.startsWith('-') };
    })
    .meta({ description: '`-` reverses; rows without a value come last either way' });
}

// Not taken apart: which colon ends the key cannot be seen, and the store compares both as one text.
const tagSchema = z.string().regex(/^[^:]+:/, 'must be key:value');

const tagsSchema = z
  .union([tagSchema.transform((tag) => [tag]), z.array(tagSchema).max(maxTags, `at most ${maxTags} tags`)], {
    error: `each must be key:value, at most ${maxTags} of them`,
  })
  .default([])
  .meta({
    description:
      '`key:value`, compared whole, whatever colons either holds; repeat it for more, all of them must match',
    type: 'array',
    items: { type: 'string', pattern: '^[^:]+:' },
    maxItems: maxTags,
  });

const vanishedSchema = z.enum(['exclude', 'include', 'only']).default('exclude');

/** The parameters of lists whose records have no name. */
export const unnamedParameters = {
  vanished: vanishedSchema,
  sort: sortSchemaOf(unnamedSortFields),
  as_of: asOfSchema.optional(),
};

/** The filters that accounts and nodes share. */
export const recordParameters = {
  provider: providerSchema.optional(),
  lifecycle: lifecycleSchema.optional(),
  status: textSchema.optional().meta({ description: "the provider's own word", example: 'ACTIVE' }),
  under: textSchema
    .optional()
    .meta({ description: 'a node above it: `org_nodes.id`, a bare node id, or an organization' }),
  tag: tagsSchema,
  q: textSchema.optional().meta({ description: 'a part of name, id or project id, in any case' }),
  vanished: vanishedSchema,
  sort: sortSchemaOf(sortFields),
  as_of: asOfSchema.optional(),
};

/** Which of a record's fields to send, in the order of its schema; the key's always come. */
export function fieldsSchema(names: readonly string[], key: readonly string[]) {
  return z
    .string()
    .transform((text, context) => {
      const chosen = text.split(',').map((name) => name.trim());
      if (chosen.some((name) => !names.includes(name))) {
        context.addIssue({ code: 'custom', message: `must be of ${names.join(', ')}` });
        return z.NEVER;
      }
      return names.filter((name) => key.includes(name) || chosen.includes(name));
    })
    .optional()
    .meta({
      description: 'only these, separated by commas; the key always comes',
      type: 'array',
      items: { type: 'string', enum: [...names] },
      minItems: 1,
      example: names.filter((name) => !key.includes(name)).slice(0, 2),
      param: { style: 'form', explode: false },
    });
}
