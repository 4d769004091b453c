// What all our HTTP services share: trace ids, problem+json, strict URLs and queries, security headers, gzip, a log line per request.
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import type { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { RequestError } from '#core/errors.ts';
import type { Logger } from '#core/log.ts';
import { redactText, toTold } from '#core/redact.ts';
import { parseTraceparent, toTraceId } from '#core/trace.ts';
import type { AppEnv } from './env.ts';
import { sendProblem, toProblem } from './problem.ts';

export type App = OpenAPIHono<AppEnv>;

/** One answer as metrics count it. The route is a pattern, never a URL. */
export interface Answer {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface AppOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when the process begins to end: from then on every answer closes its connection. */
  readonly stopping: AbortSignal;
  /** Told of every answer. */
  readonly observe: (answer: Answer) => void;
}

/** Longest path and query: more than 20 tags of the longest AWS length take percent-encoded. */
export const maxUrlLength = 8192;

/** An app without routes. Every service is built on one, for child apps would not inherit its refusals. */
export function createApp(options: AppOptions): App {
  const app: App = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new RequestError(400, 'invalid_request', describeIssues(result.error));
    },
  });
  app.use(frame(options));
  app.use(securityHeaders());
  app.use(
    compress({
      encoding: 'gzip',
      contentTypeFilter: /^(text\/(?!event-stream)|application\/([a-z-]+\+)?(json|x-ndjson))/,
    }),
  );
  app.use(refuseUnreadableUrl);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const allow = methods.join(', ');
        return sendProblem(c, { status: 405, code: 'method_not_allowed', detail: `use ${allow}` }, { Allow: allow });
      },
    }),
  );
  app.notFound((c) => sendProblem(c, { status: 404, code: 'not_found', detail: 'there is nothing under this path' }));
  app.onError((error, c) => {
    const problem = toProblem(error);
    if (problem.status >= 500) options.log.error({ trace_id: c.var.traceId, err: error }, 'request failed');
    return sendProblem(c, problem, problem.status === 503 ? { 'Retry-After': '5' } : {});
  });
  return app;
}

// Around everything: the trace id before, the log line and the measurement after.
function frame({ clock, log, stopping, observe }: AppOptions): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    c.set('traceId', parseTraceparent(c.req.header('traceparent')) ?? toTraceId(clock.uuid()));
    await next();
    if (stopping.aborted) c.res.headers.set('Connection', 'close');
    const seconds = (performance.now() - startedAt) / 1000;
    const route = toRouteName(routePath(c));
    const { status } = c.res;
    observe({ method: c.req.method, route, status, seconds });
    // The query may hold anything, a token sent to the wrong place included: the pattern and the path are enough to find it.
    const line = {
      trace_id: c.var.traceId,
      method: c.req.method,
      route,
      path: toToldPath(c.req.path),
      status,
      duration_ms: Math.round(seconds * 1000),
      caller: c.var.identity?.name,
      tenant_id: c.var.identity?.tenant_id,
    };
    const tell = () => log[isProbe(route) && status < 400 ? 'debug' : 'info'](line, 'request');
    // A client does not wait for its line to be written: by then the answer has been sent.
    if (c.env?.outgoing) setImmediate(tell);
    else tell();
  };
}

// A secret may hide behind escapes, and cut off it would no longer look like one. Byte by byte: no escape of a secret's letters
// is malformed, whatever stands beside it.
function toToldPath(path: string): string {
  const read = path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const told = redactText(read);
  return (told === read ? path : told).slice(0, 256);
}

// A pattern that ends in a wildcard is a middleware's: no route took the request.
function toRouteName(pattern: string): string {
  return pattern.endsWith('*') ? 'unmatched' : pattern;
}

// Asked every few seconds by machines: not worth a line while they are well.
function isProbe(route: string): boolean {
  return route === '/healthz' || route === '/readyz' || route === '/metrics';
}

// JSON needs nothing loaded, framed or sniffed; a page sets its own policy. TLS, and with it HSTS, ends before us.
function securityHeaders(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    xFrameOptions: 'DENY',
    strictTransportSecurity: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    overwrite: false,
  });
}

// NUL is refused by PostgreSQL and malformed escapes would be guessed at; both are better told to the caller.
const refuseUnreadableUrl: MiddlewareHandler = async (c, next) => {
  if (c.req.url.length > maxUrlLength) {
    throw new RequestError(414, 'url_too_long', `the URL is longer than ${maxUrlLength} characters`);
  }
  if (c.req.url.includes('%') && !isReadable(c.req.url)) {
    throw new RequestError(400, 'invalid_request', 'the URL holds %00 or a malformed percent-encoding');
  }
  await next();
};

function isReadable(url: string): boolean {
  try {
    return !decodeURIComponent(url).includes('\u0000');
  } catch {
    // Not percent-encoded UTF-8: that is the answer.
    return false;
  }
}

// Every problem of the query at once, each with its parameter's name and never its value; names that there are not may be anything.
function describeIssues(error: z.core.$ZodError): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') {
        return `unknown parameter ${toTold(issue.keys.join(', ')).slice(0, 200)}`;
      }
      return `${issue.path.map(String).join('.')}: ${issue.message}`;
    })
    .join('; ');
}
