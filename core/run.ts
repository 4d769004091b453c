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

const count = (description: string) => z.int().meta({ description });

/** What a scope counted, or a run over its scopes. Each record counts once, however often it was delivered. */
export const countsSchema = z.strictObject({
  pages: count('requests'),
  seen: count(
    'records that are there: those inserted, changed and unchanged, and those that were kept without being read, rejected, refused or not written',
  ),
  inserted: count('records of those seen that were not stored before'),
  changed: count('records of those seen whose content differed, those that came back included'),
  unchanged: count(
    'records of those seen whose content did not differ, was completed in place or is left to its owner',
  ),
  resurrected: count('records of those changed that had vanished'),
  missing: count(
    'records not seen though their kind was listed to its end: for the first time, or held back from vanishing',
  ),
  vanished: count('records that were not seen for the second time and vanished'),
  rejected: count('observations, not records, that were not valid or that the store refused'),
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
  .meta({ id: 'Run', description: 'counts are 0 until it has ended, and stay so if it died' });
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
