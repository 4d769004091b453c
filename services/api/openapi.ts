// What the OpenAPI document of the read API says beside its routes; served, and checked in as docs/openapi.json.
import { z } from 'zod';
import { lifecycleSchema } from '#core/observation.ts';
import { outcomeSchema } from '#core/run.ts';
import { readScope } from '#services/auth.ts';
import type { ServiceDescription } from '#services/openapi.ts';

const description = `Which cloud accounts there are, and where each row comes from. Read-only.

Lists are bare JSON arrays of at most 1000 rows; the \`Link\` header leads to the next page. With \`Accept: text/csv\` or
\`application/x-ndjson\` the whole list is streamed. Unknown parameters are errors. Errors are \`application/problem+json\`.

Answers carry an \`ETag\`: send it back in \`If-None-Match\` and an unchanged one costs no body.`;

const tags = [
  { name: 'accounts', description: 'AWS accounts, GCP projects, Azure subscriptions' },
  { name: 'org-nodes', description: 'organizations, roots, OUs, folders, management groups' },
  { name: 'monitoring', description: 'monitoring endpoints: Prometheus, Grafana and their like' },
  { name: 'relations', description: 'what leads to what, by whom it is claimed and how sure it is' },
  { name: 'history', description: 'what changed between two times' },
  { name: 'events', description: 'the log of what happened to records' },
  { name: 'runs', description: 'what collectors did' },
  { name: 'operations', description: 'for probes and Prometheus' },
];

/** Describes the API. To be called before its document is made. */
export function describeApi(): ServiceDescription {
  // What the generator cannot read off the schemas itself: it writes a nullable reference as "this and null at once", which nothing can be; without a name these are written out.
  z.globalRegistry.add(lifecycleSchema, {});
  z.globalRegistry.add(outcomeSchema, {});
  return { title: 'asset-inventory read API', description, tags, scope: readScope };
}
