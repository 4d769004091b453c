// What the database tells of collectors and scopes, for /metrics and `inventory status`.
import { z } from 'zod';
import { timestampSchema } from '#core/provenance.ts';
import { measuresSchema, outcomeSchema } from '#core/run.ts';
import { pruneOutcomes } from './prune.ts';

const itemsOfRun = {
  seen: z.int().nullable(),
  missing: z.int().nullable(),
  vanished: z.int().nullable(),
  rejected: z.int().nullable(),
};

/** How the run of a collector ended that ended last, but for those that found their scopes held by another. */
export const collectorRunsSchema = z.strictObject({
  tenant_id: z.string(),
  collector: z.string(),
  configured_scopes: z
    .array(z.string())
    .nullable()
    .meta({ description: 'as the latest run knew them; null when no run has said so' }),
  last_attempt_at: timestampSchema.nullable().meta({ description: 'when the latest run began, ended or not' }),
  last_run_status: outcomeSchema.nullable(),
  last_duration_seconds: z.number().nullable(),
  ...itemsOfRun,
});
export type CollectorRuns = Readonly<z.output<typeof collectorRunsSchema>>;

/** Freshness of a scope, and how the run ended that ended with it last, but for those that found it held by another. */
export const scopeStatusSchema = z.strictObject({
  tenant_id: z.string(),
  collector: z.string(),
  scope: z.string(),
  last_attempt_at: timestampSchema.nullable(),
  last_complete_at: timestampSchema.nullable(),
  held_kinds: z.int(),
  measures: measuresSchema.meta({ description: 'of the last run that did not fail' }),
  outcome: outcomeSchema.nullable(),
  duration_seconds: z.number().nullable(),
  ...itemsOfRun,
});
export type ScopeStatus = Readonly<z.output<typeof scopeStatusSchema>>;

/** How the pruning of a tenant goes; what is told of an end is of the last one that ended. */
export const pruneStatusSchema = z.strictObject({
  tenant_id: z.string(),
  last_attempt_at: timestampSchema.meta({ description: 'when the latest one began, ended or not' }),
  last_success_at: timestampSchema.nullable(),
  last_run_status: z.enum(pruneOutcomes).nullable(),
  last_duration_seconds: z.number().nullable(),
  versions: z.int().nullable(),
  events: z.int().nullable(),
  pages: z.int().nullable(),
  runs: z.int().nullable(),
  keys: z.int().nullable(),
});
export type PruneStatus = Readonly<z.output<typeof pruneStatusSchema>>;
