// What the OpenAPI document of ingest says beside its routes; served, and checked in as docs/openapi-ingest.json.
import { seedScope } from '#services/auth.ts';
import type { ServiceDescription } from '#services/openapi.ts';

const description = `Everything that is written over HTTP. What is read is served by the read API, on a port of its own.

Every request that changes something is one transaction and an entry of the audit log under the request's trace id, which is
the \`run_id\` of what it wrote. Bodies are strict: unknown fields are errors. Errors are \`application/problem+json\`.`;

const tags = [
  { name: 'monitoring', description: 'monitoring endpoints that somebody names' },
  { name: 'operations', description: 'for probes and Prometheus' },
];

/** Describes ingest. */
export function describeIngest(): ServiceDescription {
  return { title: 'asset-inventory ingest', description, tags, scope: seedScope };
}
