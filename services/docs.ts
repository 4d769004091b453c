// /openapi.json, and /docs: the same document as a page without a script. Both tell nothing of any tenant and need no token.
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { z } from 'zod';
import type { App } from './app.ts';
import { createOpenApiText, type ServiceDescription } from './openapi.ts';
import { sendJson } from './send.ts';

/** Adds /openapi.json and /docs for the routes registered before. */
export function addDocs(app: App, service: ServiceDescription): void {
  const text = createOpenApiText(app, service);
  const page = String(toPage(documentSchema.parse(JSON.parse(text))));
  app.get('/openapi.json', (c) => sendJson(c, text));
  app.get('/docs', (c) => {
    return c.html(page, 200, {
      'Content-Security-Policy': `default-src 'none'; style-src '${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'Cache-Control': 'no-cache',
    });
  });
}

const style = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
code,pre{font:14px/1.5 ui-monospace,monospace}h2{margin-top:2.5rem}h3{border-top:1px solid;padding-top:1rem}pre{white-space:pre-wrap}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}th{font-weight:600}`;

const styleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`;

// The parts of the document that the page shows.
const textOf = z.string().default('');
const schemaSchema = z.looseObject({ type: z.unknown().optional(), enum: z.array(z.unknown()).optional() });
const operationSchema = z.object({
  summary: textOf,
  description: textOf,
  tags: z.array(z.string()).default([]),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        description: textOf,
        schema: schemaSchema.default({}),
      }),
    )
    .default([]),
  responses: z.record(
    z.string(),
    z.object({ description: textOf, content: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
type Operation = z.output<typeof operationSchema>;
const documentSchema = z.object({
  info: z.object({ title: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

function toPage({ info, tags, paths, components }: z.output<typeof documentSchema>) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const schemas = Object.entries(components.schemas);
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${info.title}</title><style>${raw(style)}</style></head>
<body>
<h1>${info.title}</h1>
${info.description.split('\n\n').map((paragraph) => html`<p>${paragraph}</p>`)}
<p>For programs: <a href="openapi.json">openapi.json</a></p>
${tags.map(
  (tag) => html`<h2 id="${tag.name}">${tag.name}</h2><p>${tag.description}</p>
${operations
  .filter(({ operation }) => operation.tags.includes(tag.name))
  .map(({ path, method, operation }) => toOperation(path, method, operation))}`,
)}
<h2 id="schemas">Schemas</h2>
${schemas.map(([name, schema]) => html`<h3 id="${name}">${name}</h3><pre>${JSON.stringify(schema, null, 2)}</pre>`)}
</body>
</html>`;
}

function toOperation(path: string, method: string, operation: Operation) {
  return html`<h3><code>${method.toUpperCase()} ${path}</code></h3>
<p>${operation.summary}. ${operation.description}</p>
${operation.parameters.length === 0 ? '' : toParameters(operation)}
<table><tr><th>Status</th><th>Answer</th></tr>
${Object.entries(operation.responses).map(
  ([status, { description, content }]) =>
    html`<tr><td><code>${status}</code></td><td>${description} <code>${Object.keys(content).join(' ')}</code></td></tr>`,
)}</table>`;
}

function toParameters({ parameters }: Operation) {
  return html`<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>
${parameters.map(
  (parameter) => html`<tr><td><code>${parameter.name}</code></td><td>${parameter.in}</td>
<td><code>${toTypeName(parameter.schema)}</code></td><td>${parameter.description}</td></tr>`,
)}</table>`;
}

function toTypeName(schema: z.output<typeof schemaSchema>): string {
  if (schema.enum) return schema.enum.map(String).join(' ');
  return typeof schema.type === 'string' ? schema.type : '';
}
