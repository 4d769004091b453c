// The answers of Prometheus' HTTP API, read leniently: members come and go with versions and flavours.
import { z } from 'zod';
import { parseJson } from '#core/json.ts';

// Longer is none of them, and would be stored.
const textSchema = z.string().min(1).max(200).optional().catch(undefined);
const numberSchema = z.number().optional().catch(undefined);

// Flat, so that nothing is nested deeper than can be walked.
const featureSchema = z
  .union([z.string().max(200), z.boolean(), z.number()])
  .nullable()
  .catch(null);

/** https://prometheus.io/docs/prometheus/latest/querying/api/#build-information; `application` and `features` are Mimir's. */
export const buildInfoSchema = z.object({
  application: textSchema,
  version: textSchema,
  revision: textSchema,
  branch: textSchema,
  buildDate: textSchema,
  goVersion: textSchema,
  features: z.record(z.string().max(100), featureSchema).optional().catch(undefined),
});
export type BuildInfo = z.output<typeof buildInfoSchema>;

/** https://prometheus.io/docs/prometheus/latest/querying/api/#runtime-information */
export const runtimeInfoSchema = z.object({
  startTime: textSchema,
  serverTime: textSchema,
  lastConfigTime: textSchema,
  reloadConfigSuccess: z.boolean().optional().catch(undefined),
  corruptionCount: numberSchema,
  storageRetention: textSchema,
  GOMAXPROCS: numberSchema,
  GOMEMLIMIT: numberSchema,
});
export type RuntimeInfo = z.output<typeof runtimeInfoSchema>;

/** The second form is VictoriaMetrics'. */
export const tsdbSchema = z.union([
  z.object({ headStats: z.object({ numSeries: z.number() }) }).transform(({ headStats }) => headStats.numSeries),
  z.object({ totalSeries: z.number() }).transform(({ totalSeries }) => totalSeries),
]);

export const targetsSchema = z.object({ activeTargets: z.array(z.object({ health: z.string() })).nullable() });

export const alertmanagersSchema = z.object({ activeAlertmanagers: z.array(z.object({ url: z.string() })).nullable() });

export const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ type: z.string() })).nullish() })).nullish(),
});

export const configAnswerSchema = z.object({ yaml: z.string() });

/** The scalar that `query=1` has to be. */
export const querySchema = z.object({ resultType: z.string() });

const envelopeSchema = z.object({ status: z.literal('success'), data: z.unknown() });
const errorSchema = z.object({ status: z.literal('error'), error: z.string() });

/** The data of a good answer; undefined when the body is none, or not of this form. */
export function parseData<Schema extends z.ZodType>(schema: Schema, body: string): z.output<Schema> | undefined {
  const envelope = envelopeSchema.safeParse(parseJson(body));
  return envelope.success ? schema.safeParse(envelope.data.data).data : undefined;
}

/** The message of an answer that is an error in the API's own form. */
export function parseError(body: string): string | undefined {
  return errorSchema.safeParse(parseJson(body)).data?.error;
}
