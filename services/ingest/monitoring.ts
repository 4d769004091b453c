// POST /api/v1/monitoring: an endpoint is named, and becomes a record that nobody has asked.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import { hashJson, hashText } from '#core/json.ts';
import { toTold } from '#core/redact.ts';
import { createSeedSchema } from '#core/seed.ts';
import { toRunId } from '#core/trace.ts';
import type { App } from '#services/app.ts';
import { seedScope } from '#services/auth.ts';
import { authResponses, commonResponses, problem } from '#services/responses.ts';
import { idempotencyKeepHours, type Seeder, type SeedRefusal } from '#store/seed.ts';
import { toSeedRequest } from '#store/seed-request.ts';
import { maxBodyBytes, requireJson } from './json-body.ts';

export interface MonitoringOptions {
  readonly seeder: Seeder;
  /** The release, for provenance. */
  readonly version: string;
  readonly image_digest: string | null;
  /** Scheme, host and port that the service listens on, for provenance: what a Host header says may be anything. */
  readonly origin: string;
  /** Hosts of URLs that are taken though they are this machine's own. */
  readonly allowedHosts: readonly string[];
}

const operation = 'ingest:PostMonitoring';

const headers = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters without spaces')
    .optional()
    .meta({
      description: `the same key with the same request writes nothing twice and is answered alike, for ${idempotencyKeepHours} hours`,
      example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
    }),
});

function createSeedRoute(allowedHosts: readonly string[]) {
  return createRoute({
    method: 'post',
    path: '/api/v1/monitoring',
    tags: ['monitoring'],
    summary: 'Name a monitoring endpoint',
    description: `Its status is \`unknown\`: nothing is ever asked of a URL that was named here. Naming it again changes what is different.
An endpoint that a configured scope observes belongs to that scope; what is named here of it is refused. When a scope
observes it later, by id or by URL, it takes the record over.`,
    request: {
      query: z.strictObject({}),
      headers,
      body: { required: true, content: { 'application/json': { schema: createSeedSchema(allowedHosts) } } },
    },
    responses: {
      200: {
        description: 'it is in the inventory, and was not changed if it was there like that',
        content: { 'application/json': { schema: z.strictObject({ ok: z.literal(true) }) } },
      },
      ...commonResponses,
      ...authResponses(seedScope),
      400: {
        description: 'a parameter or header is unknown or malformed, or the body is not whole or not JSON',
        content: problem,
      },
      409: { description: 'a configured scope observes it, as the answer says', content: problem },
      413: { description: `the body is larger than ${maxBodyBytes} bytes`, content: problem },
      415: { description: 'the body is not said to be JSON, or is compressed', content: problem },
      422: { description: 'fields are wrong, each named; or the key came with another request', content: problem },
      429: {
        description: 'too many requests of this caller',
        headers: { 'Retry-After': { description: 'seconds to wait', schema: { type: 'integer' } } },
        content: problem,
      },
      503: { description: 'the database does not answer', content: problem },
    },
    middleware: requireJson,
  });
}

/** Adds the route. */
export function addMonitoring(
  app: App,
  { seeder, version, image_digest, origin, allowedHosts }: MonitoringOptions,
): void {
  app.openapi(
    createSeedRoute(allowedHosts),
    async (c) => {
      const { tenant_id, name } = c.var.identity;
      const seed = c.req.valid('json');
      const key = c.req.valid('header')['idempotency-key'];
      const { refused } = await seeder.seed(
        toSeedRequest({
          ...{ tenant_id, actor: name, run_id: toRunId(c.var.traceId), version, image_digest, operation },
          ...{ seeds: [seed], endpoint: origin, sha256: hashText(await c.req.text()) },
          idempotent: key === undefined ? undefined : { key, request_hash: hashJson([operation, { ...seed }]) },
        }),
      );
      const [refusal] = refused;
      if (refusal !== undefined) throw new RequestError(409, 'endpoint_observed', toDetail(refusal));
      return c.json({ ok: true as const }, 200, { 'Cache-Control': 'no-store' });
    },
    (result) => {
      if (result.success) return;
      const isBody = result.target === 'json';
      throw new RequestError(isBody ? 422 : 400, isBody ? 'invalid_body' : 'invalid_request', describe(result.error));
    },
  );
}

function toDetail({ scope, observed }: SeedRefusal): string {
  return `${scope} observes it as ${observed}, and what is observed is not overwritten: change that scope's configuration`;
}

// Every problem at once, each with its field and never its value; names of fields that there are not may be anything.
function describe(error: z.core.$ZodError): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') return `unknown: ${toTold(issue.keys.join(', ')).slice(0, 200)}`;
      return [...issue.path.map(String), issue.message].join(': ');
    })
    .join('; ');
}
