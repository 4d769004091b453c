// Runs: what one execution of a collector did, scope by scope and request by request.
import { z } from 'zod';
import { observationKindSchema } from './observation.ts';
import { requestSchema, runIdSchema, timestampSchema } from './provenance.ts';

/** How a scope, or a run as its worst scope, ended. A run that was stopped before it came to a scope has failed, the scope was `skipped`. */
export const outcomeSchema = z.enum(['complete', 'partial', 'failed', 'skipped', 'held']).meta({ id: 'Outcome' });
export type Outcome = z.output<typeof outcomeSchema>;

/** A part, or a group of fields, that could not be read. Without `kinds` it does not hinder the absence of records. */
const skippedSchema = z
  .strictObject({
    what: z.string().min(1),
    kinds: z.array(observationKindSchema),
    cause: z.string(),
  })
  .meta({ id: 'Skipped' });
export type Skipped = z.output<typeof skippedSchema>;

/** Counts of records, of observations and, for `pages`, of requests. */
export const countsSchema = z.strictObject({
  pages: z.int(),
  seen: z.int(),
  inserted: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  resurrected: z.int(),
  missing: z.int(),
  vanished: z.int(),
  rejected: z.int(),
});
export type Counts = z.output<typeof countsSchema>;

/** What a scope measured at its last run that did not fail, by the name and its unit: `latency_ms`. */
export const measuresSchema = z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), z.number());
export type Measures = Readonly<z.output<typeof measuresSchema>>;

/** All counts at zero. */
export function zeroCounts(): Counts {
  return {
    pages: 0,
    seen: 0,
    inserted: 0,
    changed: 0,
    unchanged: 0,
    resurrected: 0,
    missing: 0,
    vanished: 0,
    rejected: 0,
  };
}

/** A row of `collector_runs`. */
export const runSchema = countsSchema
  .extend({
    tenant_id: z.string(),
    id: runIdSchema,
    collector: z.string(),
    version: z.string(),
    image_digest: z.string().nullable(),
    trigger: z.string().meta({ description: 'what started it: cli, cronjob …' }),
    principal: z.string().nullable(),
    sdk: z.string().nullable(),
    started_at: timestampSchema,
    finished_at: timestampSchema
      .nullable()
      .meta({ description: 'of a run that died: when it was last heard of, or its lease lapsed' }),
    outcome: outcomeSchema.nullable().meta({
      description: 'null while it runs; of a run that died until another one begins, which says that it failed',
    }),
    error_code: z.string().nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'Run' });
export type Run = z.output<typeof runSchema>;

/** A row of `run_scopes`. */
export const runScopeSchema = countsSchema
  .extend({
    tenant_id: z.string(),
    run_id: runIdSchema,
    scope: z.string(),
    outcome: outcomeSchema.nullable(),
    reason: z.string().nullable(),
    skipped: z.array(skippedSchema),
    started_at: timestampSchema,
    finished_at: timestampSchema.nullable(),
  })
  .meta({ id: 'RunScope' });

/** A row of `run_pages`: one request of a run. */
export const runPageSchema = requestSchema
  .omit({ endpoint: true, sdk: true, principal: true })
  .extend({
    tenant_id: z.string(),
    run_id: runIdSchema,
    scope: z.string(),
    seq: z.int(),
    fetched_at: timestampSchema,
  })
  .meta({ id: 'RunPage' });
