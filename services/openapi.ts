// The OpenAPI 3.1 document of a service, made from the schemas that validate.
import type { App } from './app.ts';

/** What the routes do not tell of their service. */
export interface ServiceDescription {
  readonly title: string;
  readonly description: string;
  /** Groups of routes, in this order. */
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  /** The right that a token must have. */
  readonly scope: string;
}

/** The text of the document for everything registered on the app so far; to be made once. */
export function createOpenApiText(app: App, { title, description, tags, scope }: ServiceDescription): string {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: `A token with the scope ${scope}: a JSON Web Token of the configured OpenID Connect issuer (\`auth.mode: oidc\`) or a static one (\`token\`). Not asked for where the service runs with \`auth.mode: none\`.`,
  });
  // The version is that of the interface, not of the release.
  const info = { title, version: '1', description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } };
  const servers = [{ url: '/', description: 'the host that serves this document' }];
  const rest = { servers, security: [{ token: [] }], tags: [...tags] };
  const document = app.getOpenAPI31Document({ openapi: '3.1.0', info, ...rest });
  return `${JSON.stringify(document, null, 2)}\n`;
}
