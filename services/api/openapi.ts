// The OpenAPI 3.1 document, made from the schemas that validate; served, and checked in as docs/openapi.json.
import { z } from 'zod';
import { lifecycleSchema } from '#core/observation.ts';
import { outcomeSchema } from '#core/run.ts';
import type { App } from '#services/app.ts';
import { readScope } from '#services/auth.ts';

const description = `Which cloud accounts there are, and where each row comes from. Read-only.

Lists are bare JSON arrays of at most 1000 rows; the \`Link\` header leads to the next page. With \`Accept: text/csv\` or
\`application/x-ndjson\` the whole list is streamed. Unknown parameters are errors. Errors are \`application/problem+json\`.

Answers carry an \`ETag\`: send it back in \`If-None-Match\` and an unchanged one costs no body.`;

const info = {
  title: 'asset-inventory read API',
  // Of the interface, not of the release.
  version: '1',
  description,
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};

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

/** The text of the document for everything registered on the app so far; to be made once. */
export function createOpenApiText(app: App): string {
  describeForOpenApi();
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: `A token with the scope ${readScope}: a JSON Web Token of the configured OpenID Connect issuer (\`auth.mode: oidc\`) or a static one (\`token\`). Not asked for where the service runs with \`auth.mode: none\`.`,
  });
  const servers = [{ url: '/', description: 'the host that serves this document' }];
  const document = app.getOpenAPI31Document({ openapi: '3.1.0', info, servers, security: [{ token: [] }], tags });
  return `${JSON.stringify(document, null, 2)}\n`;
}

// What the generator cannot read off the schemas itself.
function describeForOpenApi(): void {
  // It writes a nullable reference as "this and null at once", which nothing can be; without a name these are written out.
  z.globalRegistry.add(lifecycleSchema, {});
  z.globalRegistry.add(outcomeSchema, {});
}
