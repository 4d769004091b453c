// Where a row comes from: the requests that delivered it, and the run that made them.
import { z } from 'zod';

/** A UTC time with milliseconds, the one form in which times are stored, compared and sent. */
export const timestampSchema = z.iso.datetime({ precision: 3, offset: false });

/**
 * A run's UUID, or a request's; its 32 hex digits are the W3C trace id of everything that is done there. A caller's trace id
 * is any 128 bits, so neither version nor variant is asked for.
 */
export const runIdSchema = z.guid();

/** One request a collector made, as the provider's answer tells it; never a secret, a body or a query string. */
export const requestSchema = z
  .strictObject({
    operation: z.string().min(1).meta({ description: 'service:Operation', example: 'organizations:ListAccounts' }),
    endpoint: z.string().min(1).meta({ description: 'scheme, host and port only' }),
    page: z.int().min(1).meta({ description: 'which page of its listing, from 1' }),
    request_ids: z.array(z.string()).meta({ description: "the provider's own request ids, as far as it gives any" }),
    attempts: z.int().min(1),
    retry_delay_ms: z.int().min(0),
    http_status: z.int().nullable().meta({ description: 'null when no answer came' }),
    items: z.int().min(0),
    sha256: z.string().nullable().meta({ description: 'of the payload as received' }),
    sdk: z.string().min(1).meta({ example: '@aws-sdk/client-organizations@3.1175.0' }),
    principal: z.string().nullable().meta({ description: 'who asked, as the provider names the caller' }),
  })
  .meta({ id: 'Request' });
export type Request = z.output<typeof requestSchema>;

/** The requests that delivered one record's content. */
export const evidenceSchema = z.array(requestSchema).min(1);
export type Evidence = z.output<typeof evidenceSchema>;

/** What the runner knows of itself and stamps on everything it writes; a collector cannot state it. */
const stampSchema = z.strictObject({
  tenant_id: z.string().min(1),
  collector: z.string().min(1),
  collector_version: z.string().min(1),
  image_digest: z.string().nullable(),
  run_id: runIdSchema,
  scope: z.string().min(1),
});
export type Stamp = z.output<typeof stampSchema>;

/** The origin of a record's present content. */
export const provenanceSchema = stampSchema
  .extend({ observed_at: timestampSchema, requests: evidenceSchema })
  .meta({ id: 'Provenance' });
export type Provenance = z.output<typeof provenanceSchema>;
